// An avatar package, opened: whatever its layout, the same questions get answers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "avatar/geometry.h"
#include "base/file.h"
#include "base/file_part.h"
#include "base/json.h"
#include "base/result.h"
#include "image/key_colour.h"
#include "image/place.h"
#include "image/plane.h"
#include "media/frame.h"

namespace lips {

// The layouts of docs/formats.md, told by content.
enum class AvatarLayout : uint8_t { kPackage2, kTest, kFlattenedOnnx, kTrainingTree, kOld };
std::string_view Name(AvatarLayout layout);

struct PackageCheck;  // avatar/package_check.h
class PackFile;       // avatar/pack_file.h
class PackWriter;     // avatar/pack_writer.h

// Where a pack comes from and what was prepared in it.
struct PackOrigin {
  std::string source;   // the folder's name
  std::string version;  // of the lipstream that packed it
  std::string date;     // as it was told
  // Of the templates in it; empty and 0 when there are none.
  std::string template_format;
  int template_level = 0;
  bool template_package_inputs = false;  // of the package's own pictures rather than derived ones
  bool template_smooth_rects = false;    // cut out by Rectangles::kSmooth
  int network_level = 0;                 // of the network packed for the CPU engine; 0 when there is none
};

enum class InputSource : uint8_t {
  kAuto,     // the package's own ROI and masked pictures when it has them
  kPackage,  // ... and an error when it has not
  kDerived,  // always from the full frame
};

// What faces are cut out by and pasted back to.
enum class Rectangles : uint8_t {
  kPackage,  // the package's rectangles: whole pixels, as a detector found them
  kSmooth,   // the same, smoothed over time, between pixels (avatar/steady_rects.h); the network's pictures are derived
};
std::string_view Name(Rectangles rectangles);  // "package", "smooth": the names of --rectangles

// One template frame with everything rendering needs of it.
struct TemplateFace {
  YuvImage frame;     // the full picture
  Plane alpha;        // its opacity; empty unless the avatar's video().alpha
  FaceInputs inputs;  // crop, roi, masked
};

// How much of a TemplateFace is wanted; the rest keeps whatever it held.
enum class FaceParts : uint8_t {
  kAll,
  kFrameAndCrop,  // what compositing needs: the network has seen the face before
};

// Reads template frames in any order in bounded memory. One thread at a time; open several for several threads.
//
// Frames are decoded in chunks (kept decoded when the whole template fits the budget), so that backward play costs
// about as much as forward play and memory is the same for any length and direction.
class TemplateReader {
 public:
  virtual ~TemplateReader() = default;
  // Frame `index` in [0, frames). `out` is filled in place, its memory reused. Errors: kIo, kCorrupted naming file and
  // frame.
  virtual Status Read(int64_t index, FaceParts parts, TemplateFace& out) = 0;
  Status Read(int64_t index, TemplateFace& out) { return Read(index, FaceParts::kAll, out); }
};

struct AvatarOptions {
  InputSource inputs = InputSource::kAuto;
  Rectangles rectangles = Rectangles::kPackage;  // kSmooth: kInvalidInput with InputSource::kPackage
  std::optional<Path> model = {};                // instead of the package's generator
  std::optional<Path> audio_encoder = {};        // instead of the package's encoder
  std::optional<bool> rests = {};                // whether the template's own mouth is at rest, instead of what it says
  int face_px = 0;                               // ROI side, 320 or 160, where the package's pictures do not say; 0: as
                                                 // its generator says, else 320
  size_t decode_budget_bytes = size_t{96} << 20;  // decoded template frames kept at once
  int decode_threads = 1;
};

// Immutable after Open; any number of threads may ask it.
class Avatar {
 public:
  // Opens a folder or a pack, told by content. Errors: kIo; kInvalidInput when no layout matches (says what was looked
  // for); kCorrupted naming the file and entry (a rectangle outside the frame, counts that disagree, ...); those of
  // PackFile.
  static Result<Avatar> Open(const Path& path, const AvatarOptions& options);
  Avatar(Avatar&&) noexcept;
  Avatar& operator=(Avatar&&) noexcept;
  ~Avatar();

  const std::string& name() const;  // the folder's name, or the manifest's dataset_name
  const Path& path() const;         // the folder, or the pack
  AvatarLayout layout() const;
  const VideoInfo& video() const;  // of the full frames; frames = usable template frames
  FaceGeometry face() const;
  const std::optional<KeyColour>& key() const;  // of the screen behind the person, where the manifest names one
  // Whether the mouth is at rest in every template frame, so that silence can show the template as it is: as the
  // options or the manifest ("resting") say; false where nobody says so.
  bool rests() const;
  Rect mask() const;                       // measured, or the default where nothing can be measured
  const std::vector<Rect>& rects() const;  // one per template frame, all inside the frame
  // Where faces are cut out, as the options' rectangles say; empty where rects() is. Smooth ones may leave the frame by
  // some pixels, where its edge pixels go on.
  const std::vector<Place>& places() const;
  Rectangles rectangles() const;
  bool has_package_inputs() const;   // own ROI and masked pictures
  bool uses_package_inputs() const;  // ... and they are what templates give
  // Weights; errors name every place that was looked at. kIo when missing.
  Result<FilePart> generator_model() const;
  Result<FilePart> audio_encoder_model() const;
  // SHA-256 of such a model; of a packed one as its pack states it.
  Result<std::string> HashOf(const FilePart& model) const;
  // aud_ave.npy / .bin; never used unless asked for. kIo when there are none.
  Result<FilePart> packaged_features() const;

  // Null for a folder.
  std::shared_ptr<const PackFile> pack() const;
  const PackOrigin& origin() const;  // empty for a folder
  // The pictures and networks of a folder as a pack without templates, open for more sections. Errors: kInvalidInput
  // for a pack; those of writing.
  Status WriteTo(PackWriter& pack, const PackOrigin& origin) const;

  Result<std::unique_ptr<TemplateReader>> OpenTemplates() const;

  // What the check of a pack starts from.
  void Examine(PackageCheck& check) const;
  // Facts for `avatar info`.
  Json Info() const;
  // SHA-256 over the full-frame source, rectangles and mask: the avatar's identity in reports.
  Result<std::string> ContentHash() const;

 private:
  struct State;
  explicit Avatar(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Goes through the whole package: every count, rectangle, mask, picture, landmark, weight (missing, NaN) and declared
// hash. The report lists each check with what was found; `faults` is empty for a sound package.
struct AvatarCheck {
  struct Item {
    std::string what;  // "rectangles"
    bool ok = true;
    std::string found;  // "523 of 523 inside 1280x720, side 173..189 px"
  };
  std::vector<Item> items;
  bool ok() const;
};
Result<AvatarCheck> CheckAvatar(const Path& path, const AvatarOptions& options);

}  // namespace lips

// The mouth generator: the one interface between the product and every inference backend.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/file_part.h"
#include "base/result.h"
#include "engine/session.h"
#include "image/image.h"
#include "image/view.h"
#include "model/binding.h"
#include "model/template_cut.h"

namespace lips {

// How much of what a template face alone determines is kept per face (Backend::kCpu): kDeep, kSkips or kExpanded. More
// memory, less work per frame.
using TemplateLevel = TemplateCut;

// A face of an avatar with something it says: what precisions are judged and calibrated by.
struct FaceSample {
  Image roi, masked;         // [size_px, size_px]
  std::vector<float> audio;  // audio_floats()
};

// A network made ready for an engine, as named parts: see StoreGenerator.
using NetworkParts = std::map<std::string, std::vector<uint8_t>, std::less<>>;

struct GeneratorOptions {
  SessionOptions session;
  TemplateLevel template_level = TemplateLevel::kExpanded;
  // The pixels of the mouth picture that will be used: [size_px, size_px], row after row, nonzero where used; empty:
  // all. Backend::kCpu leaves others unspecified and saves their work; those used have the same bits as without a mask.
  std::vector<uint8_t> used = {};
  // Frames of the avatar, made when a precision has to be judged and nothing is known from before; `samples_key` names
  // what they are made of (a hash of the avatar). Without them bf16 is judged by made-up pictures and int8 is refused.
  std::function<Result<std::vector<FaceSample>>()> samples = {};
  std::string samples_key = {};
  // Parts of StoreGenerator's result by name, where they were kept; 64-byte aligned. They take the place of the model
  // where they fit the other options, and are used where they lie.
  std::function<Result<OwnedBytes>(std::string_view part)> stored = {};
  // HOST:PORT of a generator service (engine/remote) that runs the network instead; empty: it runs here. For who opens
  // an avatar's networks (talker/networks.h); OpenGenerator refuses it.
  std::string remote = {};
  bool prove = true;  // at open, compare one frame with the reference engine (or a stored fingerprint of that proof)
};

// One loaded network on one device. Prepare and Generate may run on different threads at the same time, but each of
// them on only one thread at a time.
class Generator {
 public:
  // What the network computes from a template face alone, in the backend's own form. Immutable once made, so any number
  // of sessions share it. Must not outlive its Generator.
  class Template {
   public:
    virtual ~Template() = default;
    virtual size_t bytes() const = 0;  // memory held, for budgets
    // Everything it holds as one block, to be stored and given to Adopt; empty when TemplateFormat() is.
    virtual std::span<const uint8_t> blob() const { return {}; }
  };

  struct Job {
    const Template* face = nullptr;  // or null, where takes_pictures(), and the pictures below
    std::span<const float> audio;    // audio_floats(): 16 feature rows, see audio/window.h
    ImageView mouth;                 // out: [size_px, size_px] B, G, R
    ConstImageView roi = {};         // [size_px, size_px]
    ConstImageView masked = {};      // [size_px, size_px]
  };

  virtual ~Generator() = default;

  virtual int size_px() const = 0;           // 320 or 160
  virtual Dims audio_dims() const = 0;       // [32,16,16] for AVE
  virtual int64_t audio_floats() const = 0;  // their product: 8192
  virtual std::string Describe() const = 0;

  // Whether jobs may bring their pictures instead of a template: for faces that do not come again.
  virtual bool takes_pictures() const { return false; }
  // Jobs a Generate that makes the most frames a second, where a single frame's delay does not matter.
  virtual int preferred_jobs() const { return 1; }

  // `roi` and `masked` are [size_px, size_px]. `reuse`, when given, is a template of this generator nobody uses any
  // more; its memory is recycled. Errors: kInvalidInput (size), kResourceLimit.
  virtual Result<std::unique_ptr<Template>> Prepare(ConstImageView roi, ConstImageView masked,
                                                    std::unique_ptr<Template> reuse = nullptr) = 0;

  // Whether PrepareQuietly has means of its own and may run beside Prepare; where it has none it is a Prepare.
  virtual bool prepares_beside() const { return false; }
  // Prepare on the calling thread alone, however many threads the engine has: for filling a cache in idle time. May run
  // beside Generate, and beside Prepare where prepares_beside(); one thread at a time.
  virtual Result<std::unique_ptr<Template>> PrepareQuietly(ConstImageView roi, ConstImageView masked,
                                                           std::unique_ptr<Template> reuse = nullptr) {
    return Prepare(roi, masked, std::move(reuse));
  }

  // Names everything a stored template depends on (weights, precision, level, layout); empty: they cannot be stored.
  virtual std::string TemplateFormat() const { return {}; }
  // A template over a blob of one with this TemplateFormat(), used where it lies and kept alive by `owner`; 64-byte
  // aligned. Errors: kInvalidInput (size, alignment), kUnsupported (templates cannot be stored).
  virtual Result<std::unique_ptr<Template>> Adopt(std::span<const uint8_t> blob, std::shared_ptr<const void> owner);

  // Fills every job's `mouth`. Errors: kCorrupted when the network gave NaN or infinity (names the job); contents of
  // `mouth` are then unspecified and the generator stays usable.
  virtual Status Generate(std::span<const Job> jobs) = 0;
};

// Loads, binds by shape, cuts the template part out, proves itself and warms up. Errors as OpenSession's and
// BindGenerator's; kCorrupted when the proof fails. `model` may be empty for Backend::kNull, which takes size 320 and
// any audio.
Result<std::unique_ptr<Generator>> OpenGenerator(const Path& model, const GeneratorOptions& options);
Result<std::unique_ptr<Generator>> OpenGenerator(const FilePart& model, const GeneratorOptions& options);

// What Backend::kCpu makes of a model before its first frame, to be stored and given back as options.stored: a network
// is then open in milliseconds, and processes share its weights. Errors: as OpenGenerator; kUnsupported for other
// backends, and for networks that would be delegated.
Result<NetworkParts> StoreGenerator(const FilePart& model, const GeneratorOptions& options);

}  // namespace lips

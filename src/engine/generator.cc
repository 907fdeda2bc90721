#include "engine/generator.h"

#include <string>
#include <utility>

#include "engine/cpu/generator.h"
#include "engine/network.h"
#include "image/image.h"
#include "model/onnx.h"

namespace lips {
namespace {

// Rather than run here without a word.
Status RefuseRemote(const GeneratorOptions& options) {
  if (options.remote.empty()) return {};
  return Error(ErrorCode::kUnsupported, "engine remote=" + options.remote + ": this needs the network here");
}

constexpr int kNullSizePx = 320;
constexpr int64_t kNullAudioFloats = 8192;

// Backend::kNull: the mouth is the region of interest, untouched. For measuring and testing everything around it.
class NullGenerator : public Generator {
 public:
  int size_px() const override { return kNullSizePx; }
  Dims audio_dims() const override { return {32, 16, 16}; }
  int64_t audio_floats() const override { return kNullAudioFloats; }
  std::string Describe() const override { return "null: returns the region of interest"; }

  Result<std::unique_ptr<Template>> Prepare(ConstImageView roi, ConstImageView masked,
                                            std::unique_ptr<Template> reuse) override {
    for (const ConstImageView& view : {roi, masked}) {
      if (view.width == kNullSizePx && view.height == kNullSizePx) continue;
      return Error(ErrorCode::kInvalidInput,
                   "face of " + std::to_string(view.width) + "x" + std::to_string(view.height) + ", expected 320x320");
    }
    auto* recycled = dynamic_cast<OwnFace*>(reuse.get());
    auto face = recycled != nullptr ? std::move(reuse) : std::make_unique<OwnFace>();
    CopyPixels(roi, dynamic_cast<OwnFace&>(*face).view());
    return face;
  }

  std::string TemplateFormat() const override { return "null: 320x320 B, G, R"; }
  Result<std::unique_ptr<Template>> Adopt(std::span<const uint8_t> blob, std::shared_ptr<const void> owner) override {
    if (blob.size() != kFaceBytes) {
      return Error(ErrorCode::kInvalidInput, "a stored template of " + std::to_string(blob.size()) +
                                                 " bytes; expected " + std::to_string(kFaceBytes));
    }
    return std::unique_ptr<Template>(std::make_unique<Face>(blob, std::move(owner)));
  }

  Status Generate(std::span<const Job> jobs) override {
    for (size_t i = 0; i < jobs.size(); ++i) {
      const auto* face = dynamic_cast<const Face*>(jobs[i].face);
      if (face == nullptr || jobs[i].mouth.width != kNullSizePx || jobs[i].mouth.height != kNullSizePx) {
        return Error(ErrorCode::kInvalidInput,
                     "job " + std::to_string(i) + " has no template of this generator or no 320x320 mouth");
      }
      CopyPixels({face->pixels.data(), kNullSizePx, kNullSizePx, kRowBytes}, jobs[i].mouth);
    }
    return {};
  }

 private:
  static constexpr int kRowBytes = 3 * kNullSizePx;
  static constexpr size_t kFaceBytes = size_t{kRowBytes} * kNullSizePx;

  struct Face : Template {
    Face(std::span<const uint8_t> bytes, std::shared_ptr<const void> keep) : pixels(bytes), owner(std::move(keep)) {}
    std::span<const uint8_t> pixels;
    std::shared_ptr<const void> owner;
    size_t bytes() const override { return kFaceBytes; }
    std::span<const uint8_t> blob() const override { return pixels; }
  };
  struct OwnFace : Face {
    OwnFace() : Face({}, nullptr), memory(kFaceBytes) { pixels = memory; }
    ImageView view() { return {memory.data(), kNullSizePx, kNullSizePx, kRowBytes}; }
    std::vector<uint8_t> memory;
  };
};

}  // namespace

Result<std::unique_ptr<Generator::Template>> Generator::Adopt(std::span<const uint8_t>, std::shared_ptr<const void>) {
  return Error(ErrorCode::kUnsupported, "templates of engine " + Describe() + " cannot be stored");
}

Result<std::unique_ptr<Generator>> OpenGenerator(const Path& model, const GeneratorOptions& options) {
  RETURN_IF_ERROR(RefuseRemote(options));
  if (options.session.backend == Backend::kNull) {
    return std::unique_ptr<Generator>(std::make_unique<NullGenerator>());
  }
  ASSIGN_OR_RETURN(const FilePart file, FilePart::Open(model));
  return OpenGenerator(file, options);
}

Result<std::unique_ptr<Generator>> OpenGenerator(const FilePart& model, const GeneratorOptions& options) {
  RETURN_IF_ERROR(RefuseRemote(options));
  if (options.session.backend == Backend::kNull) return OpenGenerator(Path(), options);
  if (options.session.backend == Backend::kCpu && options.stored) {
    ASSIGN_OR_RETURN(auto stored, OpenStoredCpuGenerator(options));
    if (stored != nullptr) return stored;
  }
  ASSIGN_OR_RETURN(const Graph graph, ReadOnnx(model));
  auto generator = OpenNetworkGenerator(graph, options);
  if (!generator.ok()) return std::move(generator).TakeError().Within(model.name());
  return generator;
}

Result<NetworkParts> StoreGenerator(const FilePart& model, const GeneratorOptions& options) {
  RETURN_IF_ERROR(RefuseRemote(options));
  if (options.session.backend != Backend::kCpu) {
    return Error(ErrorCode::kUnsupported, "networks of engine " + std::string(Name(options.session.backend)) +
                                              " are not stored; use --engine cpu");
  }
  ASSIGN_OR_RETURN(const Graph graph, ReadOnnx(model));
  auto parts = StoreCpuGenerator(graph, options);
  if (!parts.ok()) return std::move(parts).TakeError().Within(model.name());
  return parts;
}

}  // namespace lips

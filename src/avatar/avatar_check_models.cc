#include <string>

#include "avatar/features_file.h"
#include "avatar/model_files.h"
#include "avatar/package_check.h"
#include "base/sha256.h"
#include "model/binding.h"
#include "model/onnx.h"
#include "model/weights.h"

namespace lips {
namespace {

template <typename Bind>
void CheckModel(const std::string& kind, const Result<FilePart>& file, Bind bind, PackageCheck& check) {
  if (!file.ok()) {
    check.Add(kind, false, file.error().message());
    return;
  }
  const std::string name = Path(file.value().name()).filename().string();
  const auto graph = ReadOnnx(file.value());
  if (!graph.ok()) {
    check.Add(kind, false, graph.error().message());
    return;
  }
  if (const Status weights = CheckWeights(graph.value()); !weights.ok()) {
    check.Add(kind, false, name + ": " + weights.error().message());
    return;
  }
  const auto binding = bind(graph.value());
  check.Add(kind, binding.ok(),
            name + ": " + (binding.ok() ? Describe(graph.value(), binding.value()) : binding.error().message()));
}

void CheckDeclaredHash(const DeclaredFile& declared, PackageCheck& check) {
  const Path path = LocateDeclared(check.files, declared);
  if (path.empty()) {
    check.Add("declared file", false, "onnx_dist_config.json names " + declared.file + ", which is missing");
    return;
  }
  if (declared.sha256.empty()) return;
  const auto hash = Sha256OfFile(path);
  if (!hash.ok()) {
    check.Add("declared hash", false, hash.error().message());
  } else if (hash.value() != declared.sha256) {
    check.Add("declared hash", false,
              declared.file + ": SHA-256 is " + hash.value() + "; onnx_dist_config.json says " + declared.sha256);
  } else {
    check.Add("declared hash", true, declared.file + ": SHA-256 as declared");
  }
}

void CheckFeatures(PackageCheck& check) {
  if (!check.features.ok()) return;
  constexpr int kAveRowFloats = 512;
  const Path name = Path(check.features.value().name()).filename();
  const bool packed = !check.features.value().is_whole_file();
  if (!packed && !name.string().starts_with("aud_ave")) return;  // other rows than this family's
  const auto track = ReadFeatures(check.features.value(), kAveRowFloats);
  check.Add(
      "features", track.ok(),
      track.ok() ? name.string() + ", " + std::to_string(track.value().count()) + " rows" : track.error().message());
}

}  // namespace

void CheckModels(PackageCheck& check) {
  CheckModel("generator", check.generator, BindGenerator, check);
  CheckModel("audio encoder", check.audio_encoder, BindEncoder, check);
  const auto declared = ReadDeclaredModels(check.files);
  if (!declared.ok()) {
    check.Add("declared hash", false, declared.error().message());
  } else {
    for (const DeclaredFile& file : declared.value()) CheckDeclaredHash(file, check);
  }
  CheckFeatures(check);
}

}  // namespace lips

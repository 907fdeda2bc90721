// The JSON files that describe a package; the file names they give must stay inside it.
#include "avatar/manifest.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

namespace {

void MustStayInside(const std::string& name) {
  const std::filesystem::path path(name);
  if (path.is_absolute()) std::abort();
  for (const auto& part : path) {
    if (part == "..") std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  if (const auto metadata = lips::ParseFrameMetadata(json); metadata.ok()) {
    if (metadata.value().processed_frames.value_or(0) < 0) std::abort();
  }
  if (const auto manifest = lips::ParsePackageManifest(json); manifest.ok()) {
    MustStayInside(manifest.value().onnx_file);
    for (const auto& video : manifest.value().videos) MustStayInside(video.file);
  }
  if (const auto declared = lips::ParseOnnxDistConfig(json); declared.ok()) {
    for (const auto& file : declared.value()) MustStayInside(file.file);
  }
  return 0;
}

#include "server/samples.h"

#include <algorithm>
#include <filesystem>

#include "base/places.h"
#include "media/audio_reader.h"
#include "server/target.h"

namespace lips {

namespace fs = std::filesystem;

Result<Samples> Samples::Open(const std::optional<Path>& folder) {
  std::error_code error;
  const auto has_sound = [](const Path& place) {
    std::error_code ignored;
    return fs::is_regular_file(place / "hello.wav", ignored);
  };
  const Path from = folder ? *folder : FindBesideProgram({"assets/demo", "share/lipstream/demo"}, has_sound);
  if (folder && !fs::is_directory(*folder, error)) {
    return Error(ErrorCode::kIo, "'" + folder->string() + "' is no folder of samples");
  }
  Samples samples;
  if (from.empty()) return samples;
  for (const auto& entry : fs::directory_iterator(from, error)) {
    const Path& path = entry.path();
    const std::string id = path.stem().string();
    if (path.extension() != ".wav" || !IsId(id)) continue;
    const auto reader = AudioReader::Open(path);
    if (reader.ok()) samples.samples_.push_back({id, path, reader.value().info().duration_s});
  }
  std::ranges::sort(samples.samples_, {}, &Sample::id);
  return samples;
}

Json Samples::ToJson() const {
  Json list = Json(Json::Array());
  for (const Sample& sample : samples_) {
    list.Append(
        Json::Object({{"id", sample.id}, {"url", "/v1/samples/" + sample.id + ".wav"}, {"seconds", sample.seconds}}));
  }
  return list;
}

std::optional<Path> Samples::Find(std::string_view file_name) const {
  for (const Sample& sample : samples_) {
    if (file_name == sample.id + ".wav") return sample.path;
  }
  return std::nullopt;
}

}  // namespace lips

#include "avatar/model_files.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "model/binding.h"
#include "model/onnx.h"

namespace lips {
namespace {

namespace fs = std::filesystem;
constexpr size_t kMaxModels = 64;  // read one by one to learn their shapes
constexpr size_t kMaxConfigBytes = size_t{16} << 20;
using Names = std::initializer_list<std::string_view>;

bool IsFile(const Path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

void AddFiles(const Path& folder, std::string_view extension, std::vector<Path>& files) {
  std::error_code error;
  std::vector<Path> found;
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    if (entry->path().extension() == extension && IsFile(entry->path())) found.push_back(entry->path());
  }
  std::ranges::sort(found);
  std::ranges::move(found, std::back_inserter(files));
}

std::string Inner(const PackageFiles& package, const Path& path) {
  return path.lexically_relative(package.folder).string();
}

std::string Joined(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : std::string(separator)) + part;
  return text;
}

// Where a network of one kind is looked for, and how it is recognised.
struct Wanted {
  std::string kind;  // "generator"
  std::vector<std::string> names;
  bool (*binds)(const Graph& graph, std::string& why_not);
};

Error NotFound(const PackageFiles& package, const Wanted& wanted, const std::vector<std::string>& rejected) {
  std::string text = "no " + wanted.kind + " model: looked for " + Joined(wanted.names, ", ") +
                     " and any .onnx in the package, models/, checkpoint/ and checkpoint/NAME/";
  if (!rejected.empty()) text += "; found " + Joined(rejected, "; ");
  if (wanted.kind == "generator") {
    if (const auto pth = FilesWithExtension(package, ".pth"); !pth.empty()) {
      text += "; found " + Inner(package, pth.front()) +
              ", a PyTorch checkpoint: it must be converted to ONNX first (lipstream model convert)";
    }
  }
  return Error(ErrorCode::kIo, text);
}

Result<Path> Find(const PackageFiles& package, const Wanted& wanted) {
  for (const std::string& name : wanted.names) {
    if (IsFile(package.folder / name)) return package.folder / name;
  }
  std::vector<std::string> rejected;
  for (const Path& file : FilesWithExtension(package, ".onnx")) {
    if (rejected.size() == kMaxModels) break;
    std::string why_not;
    auto graph = ReadOnnx(file);
    if (!graph.ok()) {
      why_not = graph.error().message();
    } else if (wanted.binds(graph.value(), why_not)) {
      return file;
    }
    rejected.push_back(Inner(package, file) + " (" + why_not + ")");
  }
  return NotFound(package, wanted, rejected);
}

template <typename Binding>
bool Bound(Result<Binding> binding, std::string& why_not) {
  if (!binding.ok()) why_not = binding.error().message();
  return binding.ok();
}

}  // namespace

std::vector<Path> FilesWithExtension(const PackageFiles& package, std::string_view extension) {
  std::vector<Path> files;
  for (const std::string_view folder : {"checkpoint", "models", "."}) {
    AddFiles((package.folder / folder).lexically_normal(), extension, files);
  }
  std::error_code error;
  for (fs::directory_iterator entry(package.folder / "checkpoint", error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_directory(ignored)) AddFiles(entry->path(), extension, files);
  }
  return files;
}

Result<Path> FindGenerator(const PackageFiles& package) {
  Wanted wanted{"generator", {"checkpoint/model_best.onnx", "models/generator.onnx"}, nullptr};
  const std::string& declared = package.manifest.onnx_file;
  if (!declared.empty() && std::ranges::count(wanted.names, declared) == 0) {
    wanted.names.insert(wanted.names.begin(), declared);
  }
  wanted.binds = [](const Graph& graph, std::string& why_not) { return Bound(BindGenerator(graph), why_not); };
  return Find(package, wanted);
}

Result<Path> FindAudioEncoder(const PackageFiles& package) {
  Wanted wanted{
      "audio encoder", {"models/audio_encoder.onnx", "audio_encoder.onnx", "checkpoint/audio_encoder.onnx"}, nullptr};
  wanted.binds = [](const Graph& graph, std::string& why_not) { return Bound(BindEncoder(graph), why_not); };
  return Find(package, wanted);
}

Result<std::vector<DeclaredFile>> ReadDeclaredModels(const PackageFiles& package) {
  const Path config = package.folder / "onnx_dist_config.json";
  if (!IsFile(config)) return std::vector<DeclaredFile>();
  ASSIGN_OR_RETURN(const std::string text, ReadTextFile(config, kMaxConfigBytes));
  auto declared = ParseOnnxDistConfig(text);
  if (!declared.ok()) return std::move(declared).TakeError().Within("onnx_dist_config.json");
  return declared;
}

Path LocateDeclared(const PackageFiles& package, const DeclaredFile& declared) {
  for (const std::string_view folder : {".", "models", "checkpoint"}) {
    Path path = (package.folder / folder / declared.file).lexically_normal();
    if (IsFile(path)) return path;
  }
  return {};
}

}  // namespace lips

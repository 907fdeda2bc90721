#include "engine/ort/library.h"

#include <dlfcn.h>
#include <onnxruntime_c_api.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/log.h"
#include "engine/session.h"

namespace lips {
namespace {

// 1.12 is the first release that knows opset 17.
constexpr uint32_t kOldestApi = 12;

using GetApiBase = const OrtApiBase*(ORT_API_CALL*)();

// Whatever fails also comes back as a status, so ONNX Runtime's own lines are for debugging alone.
void ORT_API_CALL LogLine(void* /*context*/, OrtLoggingLevel /*severity*/, const char* category, const char* /*id*/,
                          const char* location, const char* message) {
  Log(LogLevel::kDebug, "onnxruntime", {{"category", category}, {"where", location}, {"text", message}});
}

std::vector<std::string> Candidates() {
  if (const char* file = std::getenv("LIPSTREAM_ORT_LIBRARY"); file != nullptr && *file != '\0') return {file};
  std::vector<std::string> paths;
  if (const char* root = std::getenv("ONNXRUNTIME_ROOT"); root != nullptr && *root != '\0') {
    for (const char* folder : {"lib", "lib64"}) paths.push_back((Path(root) / folder / "libonnxruntime.so").string());
  }
  const std::string_view built_with = LIPSTREAM_ORT_LIBRARY_FILE;
  if (!built_with.empty()) paths.emplace_back(built_with);
  std::error_code failed;
  const Path program = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (!failed) {
    paths.push_back((program.parent_path() / "libonnxruntime.so.1").string());
    paths.push_back((program.parent_path() / "../lib/libonnxruntime.so.1").string());
  }
  paths.insert(paths.end(), {"libonnxruntime.so.1", "libonnxruntime.so"});
  return paths;
}

// "1.29.0" -> 29, which is also the API version of that release; 0 when it is not of that form.
uint32_t MinorVersion(std::string_view version) {
  uint32_t minor = 0;
  if (version.starts_with("1.")) std::from_chars(version.data() + 2, version.data() + version.size(), minor);
  return minor;
}

Result<OrtLibrary> Open(const std::string& path) {
  // The library's official builds report their use to their maker over the network and keep an identifier in the user's
  // cache folder. A user who wants that can say ORT_DISABLE_TELEMETRY=0.
  ::setenv("ORT_DISABLE_TELEMETRY", "1", /*overwrite=*/0);
  dlerror();
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* why = dlerror();
    return Error(ErrorCode::kUnsupported, why != nullptr ? why : path + ": cannot be loaded");
  }
  const auto get_base = reinterpret_cast<GetApiBase>(dlsym(handle, "OrtGetApiBase"));
  if (get_base == nullptr) return Error(ErrorCode::kUnsupported, path + ": not ONNX Runtime (no OrtGetApiBase)");
  const OrtApiBase* base = get_base();
  OrtLibrary library;
  library.version = base->GetVersionString();
  library.path = path;
  Dl_info found = {};
  if (dladdr(reinterpret_cast<const void*>(get_base), &found) != 0)
    library.folder = Path(found.dli_fname).parent_path();
  // An older library has a shorter table; asking it for a newer one prints to standard error, so we never do.
  const uint32_t api_version = std::min<uint32_t>(ORT_API_VERSION, MinorVersion(library.version));
  if (api_version >= kOldestApi) library.api = base->GetApi(api_version);
  if (library.api == nullptr) {
    return Error(ErrorCode::kUnsupported, path + ": ONNX Runtime " + library.version + ", expected 1." +
                                              std::to_string(kOldestApi) + " or newer");
  }
  RETURN_IF_ERROR(TakeStatus(
      *library.api,
      library.api->CreateEnvWithCustomLogger(LogLine, nullptr, ORT_LOGGING_LEVEL_WARNING, "lipstream", &library.env)));
  return library;
}

Result<OrtLibrary> OpenFirst() {
  std::string tried;
  for (const std::string& path : Candidates()) {
    Result<OrtLibrary> library = Open(path);
    if (library.ok()) return library;
    tried += (tried.empty() ? "" : "; ") + library.error().message();
  }
  return Error(ErrorCode::kUnsupported,
               "ONNX Runtime cannot be loaded (" + tried +
                   "); run ./dev setup, or set LIPSTREAM_ORT_LIBRARY to libonnxruntime.so, or use --engine reference");
}

// The text between `before` and `after`; empty where they are not there.
std::string_view Between(std::string_view text, std::string_view before, std::string_view after) {
  const size_t begin = text.find(before);
  if (begin == std::string_view::npos) return {};
  text.remove_prefix(begin + before.size());
  const size_t end = text.find(after);
  return end == std::string_view::npos ? std::string_view() : text.substr(0, end);
}

// "CUDA failure 2: out of memory, in cudaMalloc(...), at Conv 'up1'" of what fails on a device, of which ONNX Runtime
// tells its own functions' full types, twice, and this machine's name; other messages as they are, up to their text's
// end.
std::string WithoutWrapping(std::string_view message) {
  const size_t end = message.find_last_not_of(" ;\r\n");
  message = message.substr(0, end == std::string_view::npos ? 0 : end + 1);
  for (const std::string_view library : {"CUDA", "CUDNN", "CUDNN_FE", "CUBLAS", "CURAND", "CUFFT"}) {
    const size_t begin = message.rfind(std::string(library) + " failure ");
    if (begin == std::string_view::npos) continue;
    const std::string_view failure = message.substr(begin);
    std::string text(failure.substr(0, failure.find(" ; GPU=")));
    constexpr std::string_view kCall = " ; expr=";
    if (const size_t call = failure.find(kCall); call != std::string_view::npos) {
      text += ", in " + std::string(failure.substr(call + kCall.size()));
    }
    if (const auto node = Between(message, "while running ", " node."); !node.empty()) {
      text += ", at " + std::string(node) + " '" + std::string(Between(message, "Name:'", "'")) + "'";
    }
    return text;
  }
  return std::string(message);
}

}  // namespace

Status TakeStatus(const OrtApi& api, OrtStatus* status) {
  if (status == nullptr) return {};
  const std::string message = WithoutWrapping(api.GetErrorMessage(status));
  ErrorCode code = ErrorCode::kCorrupted;
  switch (api.GetErrorCode(status)) {
    case ORT_NOT_IMPLEMENTED:
    case ORT_EP_FAIL: code = ErrorCode::kUnsupported; break;
    case ORT_INVALID_ARGUMENT: code = ErrorCode::kInvalidInput; break;
    default: break;
  }
  for (const char* full : {"out of memory", "Failed to allocate memory"}) {
    if (message.find(full) != std::string::npos) code = ErrorCode::kResourceLimit;
  }
  Error error(code, message);
  api.ReleaseStatus(status);
  return error;
}

Result<const OrtLibrary*> LoadOrtLibrary() {
  // Never destroyed: sessions may outlive static destruction, and ONNX Runtime's threads certainly do.
  static const auto* const kLibrary = new Result<OrtLibrary>(OpenFirst());
  if (!kLibrary->ok()) return kLibrary->error();
  return &kLibrary->value();
}

Result<std::string> OnnxRuntimeVersion() {
  ASSIGN_OR_RETURN(const OrtLibrary* library, LoadOrtLibrary());
  return library->version + " (" + library->path + ")";
}

}  // namespace lips

#include "engine/ort/provider.h"

#include <dlfcn.h>
#include <onnxruntime_c_api.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/ort/handle.h"
#include "engine/ort/needed.h"

namespace lips {
namespace {

constexpr std::string_view kSetup = "run ./dev setup --gpu and build again, or set ONNXRUNTIME_ROOT to a GPU build";

// What a library belongs to, by how its name begins: whoever misses it has to install that.
struct Origin {
  std::string_view prefix, owner;
};
constexpr std::array kOrigins = {
    Origin{"libcuda.so", "NVIDIA's driver"},
    Origin{"libcudart.", "the CUDA toolkit's runtime"},
    Origin{"libcublas", "the CUDA toolkit's cuBLAS"},
    Origin{"libcurand.", "the CUDA toolkit's cuRAND"},
    Origin{"libcufft.", "the CUDA toolkit's cuFFT"},
    Origin{"libcudnn", "cuDNN"},
    Origin{"libnvinfer", "TensorRT"},
    Origin{"libnvonnxparser", "TensorRT"},
};

std::string_view OwnerOf(std::string_view library) {
  for (const Origin& origin : kOrigins) {
    if (library.starts_with(origin.prefix)) return origin.owner;
  }
  return "this system";
}

std::string_view ProviderFile(Provider provider) {
  return provider == Provider::kTensorRt ? "libonnxruntime_providers_tensorrt.so" : "libonnxruntime_providers_cuda.so";
}

bool Loads(const std::string& library) { return dlopen(library.c_str(), RTLD_LAZY | RTLD_LOCAL) != nullptr; }

// The libraries of `file`, a provider in `folder`. Each is loaded by itself: the provider may be loaded by ONNX Runtime
// alone, which has to introduce itself first.
Status CheckLibrariesOf(const Path& folder, std::string_view file, const std::string& driver) {
  std::error_code failed;
  if (const Path path = folder / file; !std::filesystem::exists(path, failed)) {
    return Error(ErrorCode::kUnsupported,
                 std::string(file) + " is missing in " + folder.string() + ": " + std::string(kSetup));
  }
  ASSIGN_OR_RETURN(std::vector<std::string> needed, NeededLibraries(folder / file));
  // Opened by itself only when the first convolution comes, so the file does not name it.
  if (file == ProviderFile(Provider::kCuda)) needed.emplace_back("libcudnn.so.9");
  for (const std::string& name : needed) {
    if (Loads(name == "libcuda.so.1" ? driver : name)) continue;
    return Error(ErrorCode::kUnsupported, name + " of " + std::string(OwnerOf(name)) + ", which " + std::string(file) +
                                              " needs, cannot be loaded; install it, or name its folder in "
                                              "LD_LIBRARY_PATH");
  }
  return {};
}

Status CheckOffered(const OrtLibrary& library, Provider provider) {
  const std::string_view name = provider == Provider::kTensorRt ? "TensorrtExecutionProvider" : "CUDAExecutionProvider";
  char** names = nullptr;
  int count = 0;
  RETURN_IF_ERROR(TakeStatus(*library.api, library.api->GetAvailableProviders(&names, &count)));
  bool found = false;
  std::string offered;
  for (const char* each : std::span(names, static_cast<size_t>(count))) {
    found = found || name == each;
    offered += (offered.empty() ? "" : ", ") + std::string(each);
  }
  RETURN_IF_ERROR(TakeStatus(*library.api, library.api->ReleaseAvailableProviders(names, count)));
  if (found) return {};
  return Error(ErrorCode::kUnsupported, "ONNX Runtime " + library.version + " in " + library.path + " offers only " +
                                            offered + ": " + std::string(kSetup));
}

// Passes texts on as the arrays of the C interface.
template <typename Update>
OrtStatus* SetOptions(const std::map<std::string, std::string>& options, const Update& update) {
  std::vector<const char*> keys, values;
  for (const auto& [key, value] : options) {
    keys.push_back(key.c_str());
    values.push_back(value.c_str());
  }
  return update(keys.data(), values.data(), keys.size());
}

Status AppendCuda(const OrtApi& api, const ProviderSetup& setup, OrtSessionOptions* options) {
  const char* asked = std::getenv("LIPSTREAM_ORT_CUDA_OPTIONS");
  ASSIGN_OR_RETURN(std::map texts, ParseProviderOptions(asked != nullptr ? asked : ""));
  texts.merge(ProviderOptions(Provider::kCuda, setup));
  OrtHandle<OrtCUDAProviderOptionsV2> cuda(api.ReleaseCUDAProviderOptions);
  RETURN_IF_ERROR(TakeStatus(api, api.CreateCUDAProviderOptions(cuda.out())));
  RETURN_IF_ERROR(
      TakeStatus(api, SetOptions(texts, [&](const char* const* keys, const char* const* values, size_t count) {
                   return api.UpdateCUDAProviderOptions(cuda.get(), keys, values, count);
                 })));
  if (setup.stream != nullptr) {
    RETURN_IF_ERROR(
        TakeStatus(api, api.UpdateCUDAProviderOptionsWithValue(cuda.get(), "user_compute_stream", setup.stream)));
  }
  return TakeStatus(api, api.SessionOptionsAppendExecutionProvider_CUDA_V2(options, cuda.get()));
}

Status AppendTensorRt(const OrtApi& api, const ProviderSetup& setup, OrtSessionOptions* options) {
  OrtHandle<OrtTensorRTProviderOptionsV2> tensorrt(api.ReleaseTensorRTProviderOptions);
  RETURN_IF_ERROR(TakeStatus(api, api.CreateTensorRTProviderOptions(tensorrt.out())));
  RETURN_IF_ERROR(TakeStatus(api, SetOptions(ProviderOptions(Provider::kTensorRt, setup),
                                             [&](const char* const* keys, const char* const* values, size_t count) {
                                               return api.UpdateTensorRTProviderOptions(tensorrt.get(), keys, values,
                                                                                        count);
                                             })));
  if (setup.stream != nullptr) {
    RETURN_IF_ERROR(TakeStatus(
        api, api.UpdateTensorRTProviderOptionsWithValue(tensorrt.get(), "user_compute_stream", setup.stream)));
  }
  return TakeStatus(api, api.SessionOptionsAppendExecutionProvider_TensorRT_V2(options, tensorrt.get()));
}

}  // namespace

std::map<std::string, std::string> ProviderOptions(Provider provider, const ProviderSetup& setup) {
  const auto flag = [](bool on) { return std::string(on ? "1" : "0"); };
  std::map<std::string, std::string> options;
  if (provider == Provider::kCuda) {
    // Tensor cores take channels last; ONNX Runtime then transposes once at the borders, not around each convolution.
    options["prefer_nhwc"] = flag(setup.half);
    options["enable_cuda_graph"] = flag(setup.graphs);
    // Ten bits of mantissa would be f16's accuracy under f32's name; but ONNX Runtime takes "no" as no tensor cores at
    // all, for f16 too.
    options["use_tf32"] = flag(setup.half);
  }
  if (provider == Provider::kTensorRt) {
    options["trt_fp16_enable"] = flag(setup.half);
    options["trt_cuda_graph_enable"] = flag(setup.graphs);
    const bool keeps = !setup.engine_folder.empty();
    options["trt_engine_cache_enable"] = flag(keeps);
    options["trt_timing_cache_enable"] = flag(keeps);
    if (keeps) {
      options["trt_engine_cache_path"] = setup.engine_folder.string();
      options["trt_timing_cache_path"] = setup.engine_folder.string();
    }
  }
  return options;
}

// A convolution with its activation clears its result first where channels come first, but in the device's default
// order of work: neither in that of our stream nor in a CUDA graph.
std::string_view OptimizersLeftOut(const ProviderSetup& setup) {
  const bool channels_first = setup.provider == Provider::kCuda && !setup.half;
  return channels_first ? "ConvActivationFusion;ConvAddActivationFusion" : "";
}

Result<std::map<std::string, std::string>> ParseProviderOptions(std::string_view text) {
  std::map<std::string, std::string> options;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    const size_t equals = part.find('=');
    if (equals == 0 || equals == std::string_view::npos) {
      return Error(ErrorCode::kInvalidInput,
                   "LIPSTREAM_ORT_CUDA_OPTIONS has '" + std::string(part) + "', expected name=value,name=value");
    }
    options[std::string(part.substr(0, equals))] = part.substr(equals + 1);
  }
  return options;
}

Status CheckProviderLibraries(const Path& folder, Provider provider, const std::string& driver) {
  RETURN_IF_ERROR(CheckLibrariesOf(folder, ProviderFile(Provider::kCuda), driver));
  if (provider != Provider::kTensorRt) return {};
  return CheckLibrariesOf(folder, ProviderFile(Provider::kTensorRt), driver);
}

Result<NvidiaDevice> CheckProvider(const OrtLibrary& library, Provider provider) {
  const auto check = [&]() -> Result<NvidiaDevice> {
    RETURN_IF_ERROR(CheckOffered(library, provider));
    // The driver first: who has no device needs to hear that, not which libraries to install.
    ASSIGN_OR_RETURN(NvidiaDevice device, FindNvidiaDevice());
    RETURN_IF_ERROR(CheckProviderLibraries(library.folder, provider));
    return device;
  };
  auto device = check();
  if (!device.ok()) return std::move(device).TakeError().Within("provider " + std::string(Name(provider)));
  return device;
}

Status AppendProvider(const OrtLibrary& library, const ProviderSetup& setup, OrtSessionOptions* options) {
  if (setup.provider == Provider::kCpu) return {};
  RETURN_IF_ERROR(CheckProvider(library, setup.provider));
  const OrtApi& api = *library.api;
  Status appended = setup.provider == Provider::kTensorRt ? AppendTensorRt(api, setup, options) : Status();
  if (appended.ok()) appended = AppendCuda(api, setup, options);
  if (appended.ok()) return {};
  return Error(ErrorCode::kUnsupported,
               "provider " + std::string(Name(setup.provider)) + " does not start: " + appended.error().message());
}

}  // namespace lips

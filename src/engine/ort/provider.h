// ONNX Runtime's providers for NVIDIA's devices: what they need of the machine, and how they are set up.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"
#include "engine/ort/library.h"
#include "engine/ort/nvidia_device.h"
#include "engine/session.h"

struct OrtSessionOptions;

namespace lips {

// What a session asks of its provider.
struct ProviderSetup {
  Provider provider = Provider::kCpu;
  bool half = false;        // the graph computes in f16
  bool graphs = false;      // record each batch size once as a CUDA graph, replay it from then on
  void* stream = nullptr;   // CUDA stream to work on; null: one of its own
  Path engine_folder = {};  // where TensorRT keeps the engines it builds, which takes minutes; empty: nowhere
};

// The texts that the provider's own options are set to; TensorRT's fallback, CUDA, has those of Provider::kCuda.
std::map<std::string, std::string> ProviderOptions(Provider provider, const ProviderSetup& setup);

// Optimizers that ONNX Runtime shall leave out, as its session option lists them; empty: none.
std::string_view OptimizersLeftOut(const ProviderSetup& setup);

// "prefer_nhwc=0,fuse_conv_bias=1" apart, to be set over ProviderOptions: what LIPSTREAM_ORT_CUDA_OPTIONS holds.
// Errors: kInvalidInput for a part without a name or value.
Result<std::map<std::string, std::string>> ParseProviderOptions(std::string_view text);

// Whether every library that `provider` needs can be loaded: its own in `folder`, beside ONNX Runtime, and what those
// name, of which the driver's is `driver`. Errors: kUnsupported naming the first that is missing, and how to get it.
Status CheckProviderLibraries(const Path& folder, Provider provider, const std::string& driver = "libcuda.so.1");

// The device on which `provider` (kCuda, kTensorRt) would start here. Errors: kUnsupported, one sentence: what is
// missing, be it the provider in this ONNX Runtime, its library, the driver, a device, or a library of CUDA's.
Result<NvidiaDevice> CheckProvider(const OrtLibrary& library, Provider provider);

// Adds the provider in front of the CPU, which stays as the fallback for single operators. Errors: CheckProvider's;
// kUnsupported when the provider refuses for a reason of its own.
Status AppendProvider(const OrtLibrary& library, const ProviderSetup& setup, OrtSessionOptions* options);

}  // namespace lips

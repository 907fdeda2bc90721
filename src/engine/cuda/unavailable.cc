// Engine cuda in a build without CUDA's compiler.
#include "engine/cuda/generator.h"

namespace lips {
namespace {

Error Unavailable() {
  return Error(ErrorCode::kUnsupported,
               "this build has no engine cuda; install CUDA's compiler (nvcc 12.4 or later) and configure with "
               "-DLIPSTREAM_CUDA=ON, or use --engine cpu");
}

}  // namespace

Result<std::string> CudaDevice() { return Unavailable(); }

Result<int64_t> FreeCudaBytes() { return Unavailable(); }

Result<std::unique_ptr<Generator>> OpenCudaGenerator(const Graph& /*graph*/, const GeneratorOptions& /*options*/) {
  return Unavailable();
}

Result<std::unique_ptr<Session>> OpenCudaSession(const Graph& /*graph*/, const SessionOptions& /*options*/) {
  return Unavailable();
}

}  // namespace lips

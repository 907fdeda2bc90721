// Stands in for this folder where ONNX Runtime's headers were not found at build time.
#include "engine/ort/session.h"

namespace lips {
namespace {

Error Unavailable() {
  return {ErrorCode::kUnsupported,
          "this build of Lipstream has no ONNX Runtime: its headers were not found when it was configured; run "
          "tools/fetch_onnxruntime.sh third_party/onnxruntime and build again, or use --engine reference"};
}

}  // namespace

Result<std::unique_ptr<Session>> OpenOrtSession(const Graph& /*graph*/, const SessionOptions& /*options*/) {
  return Unavailable();
}

Result<std::string> OnnxRuntimeVersion() { return Unavailable(); }

Result<std::string> ProviderDevice(Provider /*provider*/) { return Unavailable(); }

}  // namespace lips

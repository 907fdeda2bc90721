#include "engine/session.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/log.h"
#include "engine/cpu/session.h"
#include "engine/cuda/generator.h"
#include "engine/cuda/network_plan.h"
#include "engine/ort/session.h"
#include "engine/reference/operator.h"
#include "engine/reference/session.h"
#include "engine/session_input.h"
#include "model/fused.h"
#include "model/half_graph.h"
#include "model/weights.h"

namespace lips {
namespace {

constexpr std::array kBackends = {Backend::kCpu, Backend::kCuda, Backend::kReference, Backend::kOnnxRuntime,
                                  Backend::kNull};
constexpr std::array kProviders = {Provider::kCpu, Provider::kCuda, Provider::kTensorRt};
constexpr std::array kPrecisions = {Precision::kAuto, Precision::kF32, Precision::kBf16, Precision::kInt8,
                                    Precision::kF16};

template <typename T, size_t kCount>
Result<T> Parse(std::string_view kind, std::string_view name, const std::array<T, kCount>& choices) {
  std::string list;
  for (const T choice : choices) {
    if (Name(choice) == name) return choice;
    list += (list.empty() ? "" : ", ") + std::string(Name(choice));
  }
  return Error(ErrorCode::kInvalidInput,
               "unknown " + std::string(kind) + " '" + std::string(name) + "', expected one of " + list);
}

// `graph` without operators of our own, which only our engine runs; nothing when there are none.
std::optional<Graph> Lowered(const Graph& graph) {
  const auto is_ours = [](const Node& node) { return node.op == kFusedConv || node.op == kInvertedResidual; };
  if (std::ranges::none_of(graph.nodes, is_ours)) return std::nullopt;
  return Lower(graph);
}

}  // namespace

std::string_view Name(Backend backend) {
  switch (backend) {
    case Backend::kCpu: return "cpu";
    case Backend::kCuda: return "cuda";
    case Backend::kReference: return "reference";
    case Backend::kOnnxRuntime: return "ort";
    case Backend::kNull: return "null";
  }
  return "?";
}

std::string_view Name(Provider provider) {
  switch (provider) {
    case Provider::kCpu: return "cpu";
    case Provider::kCuda: return "cuda";
    case Provider::kTensorRt: return "tensorrt";
  }
  return "?";
}

std::string_view Name(Precision precision) {
  switch (precision) {
    case Precision::kAuto: return "auto";
    case Precision::kF32: return "f32";
    case Precision::kBf16: return "bf16";
    case Precision::kInt8: return "int8";
    case Precision::kF16: return "f16";
  }
  return "?";
}

Result<Backend> ParseBackend(std::string_view name) { return Parse("engine", name, kBackends); }

Result<Provider> ParseProvider(std::string_view name) { return Parse("provider", name, kProviders); }

Result<Precision> ParsePrecision(std::string_view name) {
  if (name == "fp32") return Precision::kF32;
  if (name == "fp16") return Precision::kF16;
  return Parse("precision", name, kPrecisions);
}

bool Offers(Backend backend, Precision precision) {
  switch (precision) {
    case Precision::kAuto: return true;
    case Precision::kF32: return backend != Backend::kCuda;
    case Precision::kBf16:
    case Precision::kInt8: return backend == Backend::kCpu;
    case Precision::kF16: return backend == Backend::kOnnxRuntime || backend == Backend::kCuda;
  }
  return false;
}

std::string FirstUnsupported(const Graph& graph, Backend backend) {
  if (backend == Backend::kNull) return "engine null runs no network";
  if (backend == Backend::kCpu) return FirstUnsupportedByCpu(graph);
  if (backend == Backend::kCuda) return FirstUnsupportedByCuda(graph);
  if (backend != Backend::kReference) return {};  // ONNX Runtime tells when it opens the graph
  const auto lowered = Lowered(graph);
  const Graph& run = lowered ? *lowered : graph;
  for (size_t i = 0; i < run.nodes.size(); ++i) {
    if (FindOperator(run.nodes[i].op) != nullptr) continue;
    return Describe(run, static_cast<int>(i)) + " is not an operator of engine reference; engine ort may run it";
  }
  return {};
}

std::string_view WhoOffers(Precision precision) { return Offers(Backend::kCpu, precision) ? "cpu" : "cuda or ort"; }

Backend UsualBackend(const SessionOptions& options) {
  const bool on_cpu = options.provider == Provider::kCpu && Offers(Backend::kCpu, options.precision);
  return on_cpu ? Backend::kCpu : Backend::kOnnxRuntime;
}

Status ChooseBackend(std::string_view name, SessionOptions& options) {
  options.chosen = name == "auto";
  if (!options.chosen) {
    ASSIGN_OR_RETURN(options.backend, ParseBackend(name));
    return {};
  }
  const bool may = options.provider == Provider::kCpu && Offers(Backend::kCuda, options.precision);
  options.backend = may && CudaDevice().ok() ? Backend::kCuda : UsualBackend(options);
  return {};
}

Result<SessionOptions> Delegate(const SessionOptions& options, Error why) {
  if (options.backend == Backend::kCuda) {
    const bool elsewhere = why.code() == ErrorCode::kUnsupported || why.code() == ErrorCode::kResourceLimit;
    if (!options.chosen || !elsewhere) return why;
    SessionOptions other = options;
    other.backend = UsualBackend(options);
    Log(LogLevel::kWarning, "network does not go to the CUDA device",
        {{"engine", Name(other.backend)}, {"why", why.message()}});
    return other;
  }
  if (why.code() != ErrorCode::kUnsupported || !options.may_delegate) return why;
  if (const auto version = OnnxRuntimeVersion(); !version.ok()) {
    return Error(why.code(), why.message() + "; ONNX Runtime could run it, but " + version.error().message());
  }
  Log(LogLevel::kWarning, "network goes to ONNX Runtime", {{"why", why.message()}});
  SessionOptions other = options;
  other.backend = Backend::kOnnxRuntime;
  other.precision = Precision::kAuto;
  return other;
}

Result<std::unique_ptr<Session::Kept>> Session::RunToKeep(std::span<const TensorView> /*inputs*/,
                                                          std::unique_ptr<Kept> /*reuse*/) {
  return Error(ErrorCode::kUnsupported, "engine " + Describe() + " keeps nothing");
}

Status Session::RunWith(std::span<const Kept* const> /*kept*/, std::span<const TensorView> /*others*/,
                        std::span<TensorView> /*outputs*/) {
  return Error(ErrorCode::kUnsupported, "engine " + Describe() + " keeps nothing");
}

Result<std::unique_ptr<Session>> OpenSession(const Graph& graph, const SessionOptions& options) {
  RETURN_IF_ERROR(CheckWeights(graph));
  RETURN_IF_ERROR(CheckPrecision(options));
  if (options.backend == Backend::kCpu || options.backend == Backend::kCuda) {
    auto session = options.backend == Backend::kCpu ? OpenCpuSession(graph, options) : OpenCudaSession(graph, options);
    if (session.ok()) return session;
    ASSIGN_OR_RETURN(const SessionOptions other, Delegate(options, std::move(session).TakeError()));
    return OpenSession(graph, other);
  }
  if (std::string unsupported = FirstUnsupported(graph, options.backend); !unsupported.empty()) {
    return Error(ErrorCode::kUnsupported, std::move(unsupported));
  }
  const auto lowered = Lowered(graph);
  const Graph& run = lowered ? *lowered : graph;
  if (options.backend == Backend::kOnnxRuntime && options.precision == Precision::kF16) {
    ASSIGN_OR_RETURN(const Graph half, ComputeInHalf(run));
    return OpenOrtSession(half, options);
  }
  if (options.backend == Backend::kOnnxRuntime) return OpenOrtSession(run, options);
  return OpenReferenceSession(run, ThreadCount(options));
}

}  // namespace lips

// One network ready to run on one backend: the narrow waist between graphs and products.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "model/graph.h"

namespace lips {

// kCpu and kCuda: ours; kNull: no network, gives the ROI.
enum class Backend : uint8_t { kCpu, kCuda, kReference, kOnnxRuntime, kNull };
enum class Provider : uint8_t { kCpu, kCuda, kTensorRt };  // of ONNX Runtime
// What backends compute in. kAuto: of kCpu the fastest of f32 and bf16 that this CPU has instructions for and that
// stays within its gate (docs/numerics.md) on the network at hand; of kCuda f16; of kOnnxRuntime f32. kBf16 and kInt8
// are kCpu's alone, kF16 is kOnnxRuntime's and the only one of kCuda.
enum class Precision : uint8_t { kAuto, kF32, kBf16, kInt8, kF16 };

std::string_view Name(Backend backend);    // "cpu", "cuda", "reference", "ort", "null": the names of --engine
std::string_view Name(Provider provider);  // "cpu", "cuda", "tensorrt"
Result<Backend> ParseBackend(std::string_view name);  // kInvalidInput lists the choices
Result<Provider> ParseProvider(std::string_view name);
std::string_view Name(Precision precision);  // "auto", "f32", "bf16", "int8", "f16": the names of --precision
Result<Precision> ParsePrecision(std::string_view name);  // takes "fp32" and "fp16", too, as others say
// Whether `backend` computes in `precision`.
bool Offers(Backend backend, Precision precision);
// Who computes in `precision` where `backend` does not, in words: "cpu", "cuda or ort".
std::string_view WhoOffers(Precision precision);

struct SessionOptions {
  Backend backend = Backend::kCpu;
  Provider provider = Provider::kCpu;
  int threads = 0;                         // compute threads; 0: one per core
  Precision precision = Precision::kAuto;  // one that the backend Offers
  // Entries of a batch that Backend::kCpu computes together: more of them read the weights less often. The results are
  // the same, and batches may still have any multiple of it.
  int64_t batch = 1;
  // Whether a graph that Backend::kCpu has no steps for goes to ONNX Runtime, where that is present.
  bool may_delegate = true;
  // Whether the backend is one that ChooseBackend found rather than somebody asked for: what kCuda has no kernels or no
  // memory for then runs where it would without a device.
  bool chosen = false;
  // Whether ONNX Runtime's idle workers spin: fastest for a process that does nothing else (a benchmark), ruinous
  // beside a video encoder.
  bool spin = false;
  // Whether what crosses from one network to the next stays where ONNX Runtime computes: see Session::keeps. Always so
  // for providers other than the CPU.
  bool resident = false;
};

// Runs a graph. One Run at a time; move the whole session between threads freely.
class Session {
 public:
  virtual ~Session() = default;
  // `inputs` in the order of Graph::inputs. `outputs` (as many as Graph::outputs) are resized as needed; memory they
  // already have is reused, so a caller that keeps them pays no allocation in the steady state.
  virtual Status Run(std::span<const TensorView> inputs, std::span<Tensor> outputs) = 0;
  virtual std::string Describe() const = 0;  // "ort 1.29.0 cpu, 2 threads"

  // Outputs of a run that stay where the session computes, a device's memory, for runs of another session there.
  // Immutable. Must not outlive its session.
  class Kept {
   public:
    virtual ~Kept() = default;
    virtual size_t bytes() const = 0;  // of that memory
    virtual bool stacks() const = 0;   // every value's first dim is 1, so that values of several can form a batch
  };
  // Whether there is such memory, and so RunToKeep and RunWith, which others answer with kUnsupported.
  virtual bool keeps() const { return false; }
  // Run whose outputs stay. `reuse`, if given, is what an earlier call returned and nobody needs; its memory is
  // recycled.
  virtual Result<std::unique_ptr<Kept>> RunToKeep(std::span<const TensorView> inputs,
                                                  std::unique_ptr<Kept> reuse = nullptr);
  // Run whose first inputs are the values of `kept`, one after the other along the first dim if there are several
  // (they must then stack), and whose others are `others`. `outputs` are set to memory that the next run overwrites.
  virtual Status RunWith(std::span<const Kept* const> kept, std::span<const TensorView> others,
                         std::span<TensorView> outputs);
};

// What --engine auto is without a device of Backend::kCuda: kCpu, or kOnnxRuntime for its other providers and for f16.
Backend UsualBackend(const SessionOptions& options);

// Sets options.backend to what --engine `name` means for the provider and precision that are set already. "auto": kCuda
// where the provider is the CPU's, f16 will do, and this build and machine have it (CudaDevice); else UsualBackend.
// Errors: kInvalidInput lists the choices.
Status ChooseBackend(std::string_view name, SessionOptions& options);

// Errors: kUnsupported (an operator, named with its node and the backend that can run it; a provider this machine or
// build lacks, saying what is missing and how to get it), kCorrupted (weights missing, NaN or infinite, by name).
Result<std::unique_ptr<Session>> OpenSession(const Graph& graph, const SessionOptions& options);

// The first operator of `graph` the backend cannot run, as a sentence; empty when it can run all of them.
std::string FirstUnsupported(const Graph& graph, Backend backend);

// For a graph that Backend::kCpu or kCuda refused for `why`: the options to open it with elsewhere instead, logged.
// From kCpu it goes to ONNX Runtime, from a kCuda that was `chosen` to UsualBackend. Errors: `why` itself when that may
// not be, or ONNX Runtime is not here.
Result<SessionOptions> Delegate(const SessionOptions& options, Error why);

// Whether ONNX Runtime can be loaded here, and from where; else the sentence that says what was tried.
Result<std::string> OnnxRuntimeVersion();

// The device on which ONNX Runtime's `provider` would run here, in words. Errors: kUnsupported, one sentence that says
// what of ONNX Runtime, the driver, the device or CUDA's libraries is missing and how to get it.
Result<std::string> ProviderDevice(Provider provider);

}  // namespace lips

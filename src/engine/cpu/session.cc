#include "engine/cpu/session.h"

#include <utility>

#include "base/thread_pool.h"
#include "engine/cpu/compile.h"
#include "engine/session_input.h"
#include "model/passes.h"
#include "model/shape.h"

namespace lips {
namespace {

class CpuSession : public Session {
 public:
  CpuSession(const Graph& graph, int64_t entries, cpu::Mode mode, std::vector<Dims> output_dims, cpu::Compiled compiled,
             int threads)
      : entries_(entries),
        output_dims_(std::move(output_dims)),
        compiled_(std::move(compiled)),
        pool_(threads),
        space_(compiled_.program, pool_.size()) {
    for (const ValueId input : graph.inputs) declared_.push_back(graph.values[static_cast<size_t>(input)]);
    description_ = std::string("cpu ") + (mode == cpu::Mode::kF32 ? "f32" : "bf16") + ", " + std::to_string(threads) +
                   (threads == 1 ? " thread" : " threads");
  }

  std::string Describe() const override { return description_; }

  Status Run(std::span<const TensorView> inputs, std::span<Tensor> outputs) override {
    RETURN_IF_ERROR(CheckSessionInputs(declared_, inputs));
    RETURN_IF_ERROR(CheckSessionOutputs(output_dims_.size(), outputs.size()));
    ASSIGN_OR_RETURN(const int64_t runs, Runs(inputs));
    for (size_t i = 0; i < outputs.size(); ++i) {
      dims_ = output_dims_[i];
      if (!dims_.empty()) dims_[0] *= runs;
      outputs[i].Resize(DType::kF32, dims_);
    }
    for (int64_t run = 0; run < runs; ++run) {
      for (size_t i = 0; i < inputs.size(); ++i) {
        space_.Bind(compiled_.inputs[i], inputs[i].data + Stride(compiled_.inputs[i]) * static_cast<size_t>(run));
      }
      for (size_t i = 0; i < outputs.size(); ++i) {
        const size_t stride = outputs[i].bytes() / static_cast<size_t>(runs);
        space_.Bind(compiled_.outputs[i], outputs[i].data() + stride * static_cast<size_t>(run));
      }
      pool_.Run([this](const Worker& worker) { compiled_.program.Run({space_, worker}); });
    }
    return {};
  }

 private:
  // Bytes of an f32 tensor seen through a port.
  size_t Stride(cpu::MapId port) const {
    const cpu::Map& map = compiled_.program.maps()[static_cast<size_t>(port)];
    return static_cast<size_t>(map.pixels()) * static_cast<size_t>(map.channels) * sizeof(float);
  }

  // How often the program runs for these inputs.
  Result<int64_t> Runs(std::span<const TensorView> inputs) const {
    int64_t runs = -1;
    for (size_t i = 0; i < inputs.size(); ++i) {
      const Dims& dims = inputs[i].dims;
      const cpu::Map& map = compiled_.program.maps()[static_cast<size_t>(compiled_.inputs[i])];
      const bool fits = dims.size() == 4 && inputs[i].dtype == DType::kF32 && dims[0] > 0 && dims[0] % entries_ == 0 &&
                        dims[1] == map.channels && dims[2] == map.height && dims[3] == map.width;
      if (fits && (runs < 0 || runs == dims[0] / entries_)) {
        runs = dims[0] / entries_;
        continue;
      }
      return Error(ErrorCode::kInvalidInput, "input '" + declared_[i].name + "' is " + ToString(dims) +
                                                 ", expected [n*" + std::to_string(entries_) + "," +
                                                 std::to_string(map.channels) + "," + std::to_string(map.height) + "," +
                                                 std::to_string(map.width) + "] with the same n for all inputs");
    }
    return runs;
  }

  std::vector<Value> declared_;
  int64_t entries_;  // of the batch, in one run of the program
  std::vector<Dims> output_dims_;
  cpu::Compiled compiled_;
  std::string description_;
  ThreadPool pool_;
  cpu::Workspace space_;
  Dims dims_;
};

}  // namespace

namespace {

// The graph for `entries` of a batch; a graph that has its batch built in stays as it is, and `entries` becomes that.
Result<Graph> Shaped(const Graph& graph, int64_t& entries) {
  auto shaped = WithBatch(graph, entries);
  if (shaped.ok() || graph.inputs.empty()) return shaped;
  const Dims& dims = graph.values[static_cast<size_t>(graph.inputs[0])].dims;
  entries = dims.empty() || dims[0] < 1 ? 1 : dims[0];
  ASSIGN_OR_RETURN(const auto input_dims, ConcreteInputDims(graph, entries));
  return InferShapes(graph, input_dims);
}

}  // namespace

Result<std::unique_ptr<Session>> OpenCpuSession(const Graph& graph, const SessionOptions& options) {
  int64_t entries = options.batch;
  ASSIGN_OR_RETURN(const Graph shaped, Shaped(graph, entries));
  ASSIGN_OR_RETURN(const Graph optimised, Optimise(shaped));
  cpu::CompileOptions compile;
  compile.mode = options.precision == Precision::kBf16 ? cpu::Mode::kBf16 : cpu::Mode::kF32;
  ASSIGN_OR_RETURN(cpu::Compiled compiled, cpu::Compile(optimised, compile));
  std::vector<Dims> output_dims;
  for (const ValueId output : optimised.outputs) {
    output_dims.push_back(optimised.values[static_cast<size_t>(output)].dims);
  }
  return std::unique_ptr<Session>(std::make_unique<CpuSession>(graph, entries, compile.mode, std::move(output_dims),
                                                               std::move(compiled), ThreadCount(options)));
}

std::string FirstUnsupportedByCpu(const Graph& graph) {
  int64_t entries = 1;
  const auto shaped = Shaped(graph, entries);
  if (!shaped.ok()) return shaped.error().message();
  const auto optimised = Optimise(shaped.value());
  if (!optimised.ok()) return optimised.error().message();
  const auto compiled = cpu::Compile(optimised.value(), {});
  return compiled.ok() ? "" : compiled.error().message();
}

}  // namespace lips

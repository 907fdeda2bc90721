#include "engine/ort/bound_session.h"

#include <onnxruntime_c_api.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/stats.h"
#include "engine/ort/handle.h"
#include "engine/ort/tensor_value.h"
#include "engine/session_input.h"
#include "model/onnx.h"

namespace lips {
namespace {

using Way = DeviceMemory::Way;

constexpr size_t kMostShapes = 16;  // sets of input shapes that are ready at a time; one more, and all are made anew
constexpr size_t kAlignment = 256;  // of values within one block
constexpr int64_t kNoGraph = -1;    // as ONNX Runtime calls a run that neither records nor replays

size_t BytesOf(const OrtTensorShape& shape) {
  size_t bytes = SizeOf(shape.dtype);
  for (const int64_t dim : shape.dims) bytes *= static_cast<size_t>(dim);
  return bytes;
}

// Values in one block of the device's memory.
class KeptValues : public Session::Kept {
 public:
  struct Part {
    OrtTensorShape shape;
    size_t offset = 0;
    size_t bytes = 0;
  };
  size_t bytes() const override { return block.bytes(); }
  bool stacks() const override {
    return std::ranges::all_of(parts,
                               [](const Part& part) { return !part.shape.dims.empty() && part.shape.dims[0] == 1; });
  }
  DeviceBlock block;
  std::vector<Part> parts;
};

// A value with a place of its own on the device.
struct Place {
  OrtTensorShape shape;
  DeviceBlock block;
  OrtHandle<OrtValue> value;
};

// What runs with one set of input shapes need.
struct Shapes {
  OrtHandle<OrtSession> session;
  std::vector<Dims> dims;  // of the inputs
  std::vector<Place> inputs;
  std::vector<Place> outputs;     // none before the first run, which tells their shapes
  std::vector<DeviceBlock> host;  // where outputs that the caller takes arrive
  OrtHandle<OrtIoBinding> binding;
  OrtHandle<OrtRunOptions> run;
  int64_t graph = kNoGraph;                  // the CUDA graph that runs record or replay
  std::vector<std::thread::id> recorded_by;  // ONNX Runtime records it once for every thread that runs it
};

// Keeps them until the process ends: ONNX Runtime's destructors throw where a device does not answer any more, and that
// would end it at once.
void Abandon(std::vector<std::unique_ptr<Shapes>> shapes) {
  static auto* const kMutex = new std::mutex;
  static auto* const kAbandoned = new std::vector<std::unique_ptr<Shapes>>;
  const std::lock_guard lock(*kMutex);
  for (auto& each : shapes) kAbandoned->push_back(std::move(each));
}

// The same goes for what ONNX Runtime keeps for all sessions, which it destroys when the process exits.
void ExitWithoutDestructors() {
  static const int kRegistered = ::on_exit(
      [](int status, void* /*argument*/) {
        std::fflush(nullptr);
        ::_exit(status);
      },
      nullptr);
  static_cast<void>(kRegistered);
}

class BoundSession : public Session {
 public:
  BoundSession(const OrtLibrary& library, const Graph& graph, OrtHandle<OrtSessionOptions> options,
               BoundSessionSetup setup)
      : library_(library),
        api_(*library.api),
        graph_(graph.Clone()),
        options_(std::move(options)),
        setup_(std::move(setup)),
        spare_(api_.ReleaseSession),
        where_(api_.ReleaseMemoryInfo) {
    for (const ValueId id : graph.inputs) inputs_.push_back(graph.values[static_cast<size_t>(id)]);
    for (const ValueId id : graph.outputs) output_names_.push_back(graph.values[static_cast<size_t>(id)].name);
    views_.resize(inputs_.size());
    taken_.resize(output_names_.size());
  }
  BoundSession(const BoundSession&) = delete;
  BoundSession& operator=(const BoundSession&) = delete;
  ~BoundSession() override {
    if (spare_.get() != nullptr) {
      shapes_.push_back(MakeShapes());
      std::swap(shapes_.back()->session, spare_);
    }
    Release(std::exchange(shapes_, {}));
  }

  Status Load() {
    RETURN_IF_ERROR(
        Take(api_.CreateMemoryInfo(setup_.memory->ort_name(), OrtDeviceAllocator, 0, OrtMemTypeDefault, where_.out())));
    return OpenSpare();
  }

  std::string Describe() const override { return setup_.description; }
  bool keeps() const override { return true; }
  Status Run(std::span<const TensorView> inputs, std::span<Tensor> outputs) override;
  Result<std::unique_ptr<Kept>> RunToKeep(std::span<const TensorView> inputs, std::unique_ptr<Kept> reuse) override;
  Status RunWith(std::span<const Kept* const> kept, std::span<const TensorView> others,
                 std::span<TensorView> outputs) override;

 private:
  Status Take(OrtStatus* status) const { return TakeStatus(api_, status); }
  Status OpenSpare();
  std::unique_ptr<Shapes> MakeShapes() const;
  void Release(std::vector<std::unique_ptr<Shapes>> shapes) const;
  Result<Place> MakePlace(OrtTensorShape shape);
  Status SetUp(Shapes& shapes, std::span<const TensorView> inputs);
  Result<Shapes*> ShapesFor(std::span<const TensorView> inputs);
  Status SetGraph(Shapes& shapes, int64_t graph);
  Status FixOutputs(Shapes& shapes);
  Status RunOnce(const Shapes& shapes, bool records);
  Status Compute(Shapes& shapes);
  Result<Shapes*> RunOnDevice(std::span<const Kept* const> kept, std::span<const TensorView> others);
  Status ViewsOf(std::span<const Kept* const> kept, std::span<const TensorView> others);

  const OrtLibrary& library_;
  const OrtApi& api_;
  Graph graph_;  // for more sessions
  OrtHandle<OrtSessionOptions> options_;
  BoundSessionSetup setup_;
  std::vector<Value> inputs_;
  std::vector<std::string> output_names_;
  OrtHandle<OrtSession> spare_;  // of no shapes yet
  OrtHandle<OrtMemoryInfo> where_;
  std::vector<std::unique_ptr<Shapes>> shapes_;
  bool records_ = setup_.graphs;   // until recording fails
  int64_t graphs_ = 0;             // recorded so far
  std::vector<TensorView> views_;  // of the current run's inputs; without data where they are kept values
  std::vector<TensorView> taken_;
};

Status BoundSession::OpenSpare() {
  ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, SerializeOnnx(graph_));
  const std::shared_lock in_use(DeviceInUse());
  return Take(api_.CreateSessionFromArray(library_.env, bytes.data(), bytes.size(), options_.get(), spare_.out()));
}

std::unique_ptr<Shapes> BoundSession::MakeShapes() const {
  return std::make_unique<Shapes>(Shapes{.session = OrtHandle<OrtSession>(api_.ReleaseSession),
                                         .dims = {},
                                         .inputs = {},
                                         .outputs = {},
                                         .host = {},
                                         .binding = OrtHandle<OrtIoBinding>(api_.ReleaseIoBinding),
                                         .run = OrtHandle<OrtRunOptions>(api_.ReleaseRunOptions),
                                         .recorded_by = {}});
}

void BoundSession::Release(std::vector<std::unique_ptr<Shapes>> shapes) const {
  if (!shapes.empty() && !setup_.memory->Wait().ok()) {
    Log(LogLevel::kError, "the device does not answer any more, what it holds is not released");
    Abandon(std::move(shapes));
    if (setup_.memory->stream() != nullptr) ExitWithoutDestructors();
    return;
  }
  std::vector<OrtHandle<OrtSession>> sessions;
  sessions.reserve(shapes.size());
  for (const auto& each : shapes) sessions.push_back(std::move(each->session));
  shapes.clear();
  const std::shared_lock in_use(DeviceInUse());
  sessions.clear();
}

Result<Place> BoundSession::MakePlace(OrtTensorShape shape) {
  Place place{.shape = std::move(shape), .block = {}, .value = OrtHandle<OrtValue>(api_.ReleaseValue)};
  ASSIGN_OR_RETURN(place.block, DeviceBlock::Make(setup_.memory, BytesOf(place.shape)));
  ASSIGN_OR_RETURN(*place.value.out(),
                   WrapTensor(api_, *where_.get(), place.shape.dtype, place.shape.dims, place.block.data()));
  return place;
}

// ONNX Runtime tells graphs by this number; a run without any would be one of number 0.
Status BoundSession::SetGraph(Shapes& shapes, int64_t graph) {
  if (!setup_.graphs) return {};
  shapes.graph = graph;
  return Take(api_.AddRunConfigEntry(shapes.run.get(), "gpu_graph_id", std::to_string(graph).c_str()));
}

Result<Shapes*> BoundSession::ShapesFor(std::span<const TensorView> inputs) {
  for (const auto& known : shapes_) {
    if (std::ranges::equal(inputs, known->dims, {}, &TensorView::dims)) return known.get();
  }
  if (shapes_.size() >= kMostShapes) Release(std::exchange(shapes_, {}));
  const Stopwatch watch;
  std::vector<std::unique_ptr<Shapes>> made;
  made.push_back(MakeShapes());
  if (Status set_up = SetUp(*made[0], inputs); !set_up.ok()) {
    Release(std::move(made));
    return std::move(set_up).TakeError();
  }
  shapes_.push_back(std::move(made[0]));
  Log(LogLevel::kInfo, "device session",
      {{"input", inputs.empty() ? "none" : ToString(inputs[0].dims)}, {"ms", watch.ElapsedMs()}});
  return shapes_.back().get();
}

Status BoundSession::SetUp(Shapes& shapes, std::span<const TensorView> inputs) {
  if (spare_.get() == nullptr) RETURN_IF_ERROR(OpenSpare());
  std::swap(shapes.session, spare_);
  RETURN_IF_ERROR(Take(api_.CreateIoBinding(shapes.session.get(), shapes.binding.out())));
  RETURN_IF_ERROR(Take(api_.CreateRunOptions(shapes.run.out())));
  for (size_t i = 0; i < inputs.size(); ++i) {
    shapes.dims.push_back(inputs[i].dims);
    ASSIGN_OR_RETURN(Place place, MakePlace({inputs[i].dtype, inputs[i].dims}));
    RETURN_IF_ERROR(Take(api_.BindInput(shapes.binding.get(), inputs_[i].name.c_str(), place.value.get())));
    shapes.inputs.push_back(std::move(place));
  }
  for (const std::string& name : output_names_) {
    RETURN_IF_ERROR(Take(api_.BindOutputToDevice(shapes.binding.get(), name.c_str(), where_.get())));
  }
  return SetGraph(shapes, kNoGraph);
}

// After the first run: gives the outputs places of their own, holding what ONNX Runtime just made.
Status BoundSession::FixOutputs(Shapes& shapes) {
  OrtAllocator* allocator = nullptr;
  RETURN_IF_ERROR(Take(api_.GetAllocatorWithDefaultOptions(&allocator)));
  OrtValue** values = nullptr;
  size_t count = 0;
  RETURN_IF_ERROR(Take(api_.GetBoundOutputValues(shapes.binding.get(), allocator, &values, &count)));
  std::vector<OrtHandle<OrtValue>> made;
  for (size_t i = 0; i < count; ++i) made.emplace_back(api_.ReleaseValue, values[i]);
  RETURN_IF_ERROR(Take(api_.AllocatorFree(allocator, values)));
  std::vector<Place> places;
  for (size_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(OrtTensorShape shape, ShapeOf(api_, *made[i].get()));
    ASSIGN_OR_RETURN(Place place, MakePlace(std::move(shape)));
    void* data = nullptr;
    RETURN_IF_ERROR(Take(api_.GetTensorMutableData(made[i].get(), &data)));
    RETURN_IF_ERROR(setup_.memory->Copy(place.block.data(), data, place.block.bytes(), Way::kWithin));
    places.push_back(std::move(place));
  }
  RETURN_IF_ERROR(setup_.memory->Wait());  // `made` is released now
  api_.ClearBoundOutputs(shapes.binding.get());
  for (size_t i = 0; i < count; ++i) {
    RETURN_IF_ERROR(Take(api_.BindOutput(shapes.binding.get(), output_names_[i].c_str(), places[i].value.get())));
  }
  shapes.outputs = std::move(places);
  return records_ ? SetGraph(shapes, ++graphs_) : Status();
}

Status BoundSession::RunOnce(const Shapes& shapes, bool records) {
  std::unique_lock alone(DeviceInUse(), std::defer_lock);
  std::shared_lock in_use(DeviceInUse(), std::defer_lock);
  records ? alone.lock() : in_use.lock();
  return Take(api_.RunWithBinding(shapes.session.get(), shapes.run.get(), shapes.binding.get()));
}

Status BoundSession::Compute(Shapes& shapes) {
  const bool records = shapes.graph != kNoGraph &&
                       std::ranges::find(shapes.recorded_by, std::this_thread::get_id()) == shapes.recorded_by.end();
  Status ran = RunOnce(shapes, records);
  if (!ran.ok() && records) {
    Log(LogLevel::kWarning, "no CUDA graph, computing without", {{"why", ran.error().message()}});
    records_ = false;
    RETURN_IF_ERROR(SetGraph(shapes, kNoGraph));
    ran = RunOnce(shapes, false);
  }
  RETURN_IF_ERROR(ran);
  if (records && records_) shapes.recorded_by.push_back(std::this_thread::get_id());
  return shapes.outputs.empty() ? FixOutputs(shapes) : Status();
}

// Leaves in views_ what every input shall be.
Status BoundSession::ViewsOf(std::span<const Kept* const> kept, std::span<const TensorView> others) {
  size_t at = 0;
  if (!kept.empty()) {
    const auto* first = dynamic_cast<const KeptValues*>(kept[0]);
    if (first == nullptr) return Error(ErrorCode::kInvalidInput, "kept values of another engine");
    for (const Kept* each : kept) {
      const auto* values = dynamic_cast<const KeptValues*>(each);
      const bool same =
          values != nullptr && std::ranges::equal(values->parts, first->parts, [](const auto& a, const auto& b) {
            return a.shape.dtype == b.shape.dtype && a.shape.dims == b.shape.dims;
          });
      if (!same || (kept.size() > 1 && !values->stacks())) {
        return Error(ErrorCode::kInvalidInput, "kept values that form no batch");
      }
    }
    for (const KeptValues::Part& part : first->parts) {
      if (at == views_.size()) break;
      views_[at].dtype = part.shape.dtype;
      views_[at].dims = part.shape.dims;
      views_[at].data = nullptr;
      if (kept.size() > 1) views_[at].dims[0] = static_cast<int64_t>(kept.size());
      ++at;
    }
  }
  if (at + others.size() != views_.size()) {
    return Error(ErrorCode::kInvalidInput, "the network takes " + std::to_string(views_.size()) + " inputs, not " +
                                               std::to_string(at + others.size()));
  }
  std::ranges::copy(others, views_.begin() + static_cast<std::ptrdiff_t>(at));
  return CheckSessionInputs(inputs_, views_);
}

Result<Shapes*> BoundSession::RunOnDevice(std::span<const Kept* const> kept, std::span<const TensorView> others) {
  RETURN_IF_ERROR(ViewsOf(kept, others));
  ASSIGN_OR_RETURN(Shapes * shapes, ShapesFor(views_));
  const size_t first_other = views_.size() - others.size();
  for (size_t i = 0; i < views_.size(); ++i) {
    const DeviceBlock& place = shapes->inputs[i].block;
    if (i >= first_other) {
      RETURN_IF_ERROR(setup_.memory->Copy(place.data(), views_[i].data, place.bytes(), Way::kIn));
      continue;
    }
    for (size_t k = 0; k < kept.size(); ++k) {
      const auto& values = static_cast<const KeptValues&>(*kept[k]);
      const KeptValues::Part& part = values.parts[i];
      RETURN_IF_ERROR(setup_.memory->Copy(place.data() + k * part.bytes, values.block.data() + part.offset, part.bytes,
                                          Way::kWithin));
    }
  }
  RETURN_IF_ERROR(Compute(*shapes));
  return shapes;
}

Result<std::unique_ptr<Session::Kept>> BoundSession::RunToKeep(std::span<const TensorView> inputs,
                                                               std::unique_ptr<Kept> reuse) {
  ASSIGN_OR_RETURN(Shapes * shapes, RunOnDevice({}, inputs));
  auto* recycled = dynamic_cast<KeptValues*>(reuse.get());
  auto kept = recycled != nullptr ? std::unique_ptr<KeptValues>(recycled) : std::make_unique<KeptValues>();
  if (recycled != nullptr) static_cast<void>(reuse.release());  // `kept` owns it now
  kept->parts.clear();
  size_t bytes = 0;
  for (const Place& output : shapes->outputs) {
    kept->parts.push_back({.shape = output.shape, .offset = bytes, .bytes = output.block.bytes()});
    bytes += (output.block.bytes() + kAlignment - 1) / kAlignment * kAlignment;
  }
  if (kept->block.bytes() != bytes) {
    ASSIGN_OR_RETURN(kept->block, DeviceBlock::Make(setup_.memory, bytes));
  }
  for (size_t i = 0; i < kept->parts.size(); ++i) {
    const KeptValues::Part& part = kept->parts[i];
    RETURN_IF_ERROR(setup_.memory->Copy(kept->block.data() + part.offset, shapes->outputs[i].block.data(), part.bytes,
                                        Way::kWithin));
  }
  RETURN_IF_ERROR(setup_.memory->Wait());  // another session reads it in an order of its own
  return std::unique_ptr<Kept>(std::move(kept));
}

Status BoundSession::RunWith(std::span<const Kept* const> kept, std::span<const TensorView> others,
                             std::span<TensorView> outputs) {
  RETURN_IF_ERROR(CheckSessionOutputs(output_names_.size(), outputs.size()));
  ASSIGN_OR_RETURN(Shapes * shapes, RunOnDevice(kept, others));
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Place& place = shapes->outputs[i];
    if (shapes->host.size() == i) {
      ASSIGN_OR_RETURN(DeviceBlock block, DeviceBlock::Make(setup_.memory, place.block.bytes(), /*host=*/true));
      shapes->host.push_back(std::move(block));
    }
    RETURN_IF_ERROR(setup_.memory->Copy(shapes->host[i].data(), place.block.data(), place.block.bytes(), Way::kOut));
    outputs[i].dtype = place.shape.dtype;
    outputs[i].dims = place.shape.dims;
    outputs[i].data = shapes->host[i].data();
  }
  return setup_.memory->Wait();
}

Status BoundSession::Run(std::span<const TensorView> inputs, std::span<Tensor> outputs) {
  RETURN_IF_ERROR(CheckSessionOutputs(output_names_.size(), outputs.size()));
  RETURN_IF_ERROR(RunWith({}, inputs, taken_));
  for (size_t i = 0; i < outputs.size(); ++i) {
    outputs[i].Resize(taken_[i].dtype, taken_[i].dims);
    if (outputs[i].bytes() > 0) std::memcpy(outputs[i].data(), taken_[i].data, outputs[i].bytes());
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Session>> OpenBoundSession(const OrtLibrary& library, const Graph& graph,
                                                  OrtHandle<OrtSessionOptions> options, BoundSessionSetup setup) {
  auto session = std::make_unique<BoundSession>(library, graph, std::move(options), std::move(setup));
  RETURN_IF_ERROR(session->Load());
  return std::unique_ptr<Session>(std::move(session));
}

}  // namespace lips

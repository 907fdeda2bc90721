// What engine cuda spends where: every kernel of a frame by itself, then whole frames; then compositing.
//   cuda_steps MODEL.onnx [BATCH...]
// `family` instead of a file: the full-width network of the family with made-up weights.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "composite/composite.h"
#include "engine/cuda/batch.h"
#include "engine/cuda/composite_plan.h"
#include "engine/cuda/launch.h"
#include "engine/cuda/network.h"
#include "image/random_picture.h"
#include "model/family_graph.h"
#include "model/onnx.h"
#include "tensor/tensor.h"

namespace lips::cuda {
namespace {

constexpr int kRepeats = 100;
constexpr int kRounds = 7;

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// Microseconds of one of `count` things that `enqueue` puts on the stream, started as one graph.
template <typename Enqueue>
Result<double> Time(const Stream& stream, int count, Enqueue enqueue) {
  ASSIGN_OR_RETURN(const CapturedGraph graph, CapturedGraph::Capture(stream, enqueue));
  RETURN_IF_ERROR(graph.Start(stream));
  RETURN_IF_ERROR(stream.Wait());
  cudaEvent_t begin = nullptr, end = nullptr;
  RETURN_IF_ERROR(Check(cudaEventCreate(&begin), "timing"));
  RETURN_IF_ERROR(Check(cudaEventCreate(&end), "timing"));
  std::vector<double> times;
  for (int round = 0; round < kRounds; ++round) {
    RETURN_IF_ERROR(Check(cudaEventRecord(begin, stream.get()), "timing"));
    RETURN_IF_ERROR(graph.Start(stream));
    RETURN_IF_ERROR(Check(cudaEventRecord(end, stream.get()), "timing"));
    RETURN_IF_ERROR(stream.Wait());
    float ms = 0;
    RETURN_IF_ERROR(Check(cudaEventElapsedTime(&ms, begin, end), "timing"));
    times.push_back(1000.0 * ms / count);
  }
  static_cast<void>(cudaEventDestroy(begin));
  static_cast<void>(cudaEventDestroy(end));
  return Median(times);
}

// Microseconds of a call.
template <typename Call>
Result<double> TimeCalls(int count, Call call) {
  for (int warm = 0; warm < 3; ++warm) RETURN_IF_ERROR(call());
  std::vector<double> calls;
  for (int i = 0; i < count; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    RETURN_IF_ERROR(call());
    calls.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count());
  }
  return Median(calls);
}

std::string Describe(const Launch& launch) {
  char text[160];
  if (const auto* args = std::get_if<ConvolutionArgs>(&launch.args)) {
    std::snprintf(text, sizeof text, "conv %dx%d %4d -> %4d at %3dx%-3d %s", args->kernel_height, args->kernel_width,
                  args->channels, args->out_channels, args->out_height, args->out_width,
                  launch.variant == Variant::kLarge   ? "large"
                  : launch.variant == Variant::kSmall ? "small"
                                                      : "tiny");
  } else if (const auto* residual = std::get_if<ResidualArgs>(&launch.args)) {
    std::snprintf(text, sizeof text, "%s %4d+%-4d -> %4d -> %4d at %3dx%-3d tile %2dx%-2d",
                  launch.variant == Variant::kDepth ? "depth" : "fused", residual->x_channels, residual->low_channels,
                  residual->hidden, residual->out_channels, residual->out_height, residual->out_width,
                  residual->tile_height, residual->tile_width);
  } else {
    std::snprintf(text, sizeof text, "edge");
  }
  return text;
}

// Numbers of the size that keeps activations about as they are.
Tensor MadeUp(const Dims& dims, uint32_t& state, float range) {
  Tensor tensor(DType::kF32, dims);
  for (float& value : tensor.As<float>()) {
    state = state * 1664525u + 1013904223u;
    value = range * (static_cast<float>(state >> 8) / 8388608.0f - 1.0f);
  }
  return tensor;
}

Result<lips::Graph> Load(const std::string& model) {
  if (model != "family") return ReadOnnx(model);
  StateDict state;
  uint32_t random = 1;
  for (const FamilyConv& conv : GeneratorConvs({})) {
    const Dims dims = conv.weight_dims();
    const float range = std::sqrt(6.0f / static_cast<float>(dims[1] * dims[2] * dims[3]));
    state.emplace(conv.conv + ".weight", MadeUp(dims, random, range));
    if (conv.bias) state.emplace(conv.conv + ".bias", MadeUp({conv.out}, random, 0.1f));
    if (conv.norm.empty()) continue;
    for (const char* name : {".weight", ".running_var"}) {
      Tensor ones = MadeUp({conv.out}, random, 0.1f);
      for (float& value : ones.As<float>()) value += 1;
      state.emplace(conv.norm + name, std::move(ones));
    }
    for (const char* name : {".bias", ".running_mean"})
      state.emplace(conv.norm + name, MadeUp({conv.out}, random, 0.1f));
  }
  return GeneratorGraph(state, {});
}

Status Measure(const char* model, const std::vector<size_t>& batches) {
  ASSIGN_OR_RETURN(const Device device, Device::Open());
  ASSIGN_OR_RETURN(const lips::Graph graph, Load(model));
  ASSIGN_OR_RETURN(const Network network, Network::Make(graph, TemplateCut::kExpanded, Port::kPixels, device));
  ASSIGN_OR_RETURN(const Stream stream, Stream::Make());
  std::printf("%s; %.0f MMAC a frame; a template has %.1f MB\n", device.name.c_str(), network.tail.plan().macs / 1e6,
              static_cast<double>(network.layout.bytes) / 1e6);
  std::vector<float> audio(static_cast<size_t>(network.binding.audio_floats()));
  for (size_t i = 0; i < audio.size(); ++i) audio[i] = static_cast<float>((i * 7919) % 2000) / 1000.0f - 1;
  const int side = network.binding.size_px;
  for (const size_t images : batches) {
    ASSIGN_OR_RETURN(const auto batch, Batch::Make(network, images, {}, stream));
    std::vector<std::unique_ptr<FaceTemplate>> faces;
    std::vector<std::vector<uint8_t>> mouths(images, std::vector<uint8_t>(static_cast<size_t>(3 * side * side)));
    std::vector<Generator::Job> jobs;
    for (size_t i = 0; i < images; ++i) {
      ASSIGN_OR_RETURN(Memory memory, Memory::OnDevice(network.layout.bytes));
      RETURN_IF_ERROR(Check(cudaMemset(memory.data(), 0x2c, memory.bytes()), "filling"));  // halves of 0.065
      faces.push_back(std::make_unique<FaceTemplate>(std::move(memory)));
      jobs.push_back({.face = faces.back().get(), .audio = audio, .mouth = {mouths[i].data(), side, side, 3 * side}});
    }
    const auto generate = [&]() -> Status {
      RETURN_IF_ERROR(batch->Start(jobs, stream));
      return batch->Finish(jobs, 0);
    };
    for (int warm = 0; warm < 3; ++warm) RETURN_IF_ERROR(generate());
    double sum = 0;
    std::printf("\nbatch %zu\n", images);
    for (const Launch& launch : batch->run().launches()) {
      ASSIGN_OR_RETURN(const double us, Time(stream, kRepeats, [&]() -> Status {
                         for (int i = 0; i < kRepeats; ++i) {
                           RETURN_IF_ERROR(Check(Start(launch, stream.get()), "starting"));
                         }
                         return {};
                       }));
      sum += us;
      std::printf("  %-62s grid %5d x %-3d shared %6zu  %7.2f us\n", Describe(launch).c_str(), launch.grid_x,
                  launch.grid_y, launch.shared_bytes, us);
    }
    ASSIGN_OR_RETURN(const double kernels, Time(stream, 20, [&]() -> Status {
                       for (int i = 0; i < 20; ++i) RETURN_IF_ERROR(batch->run().Enqueue(stream));
                       return {};
                     }));
    ASSIGN_OR_RETURN(const double call, TimeCalls(200, generate));
    std::printf("batch %zu: kernels alone %.1f us, one after the other %.1f us, whole calls %.1f us; %.0f frames/s\n",
                images, sum, kernels, call, 1e6 * static_cast<double>(images) / call);
  }
  return {};
}

// Faces composited into frames of their own, 1280x720 in I420. Crops and mouths are on the device; patches, the parts
// of frames that change, are packed.
class Compositing {
 public:
  static Result<Compositing> Make(int images) {
    ASSIGN_OR_RETURN(CompositePlan plan, CompositePlan::Make(CompositeMode::kNatural, kMouth, kCrop));
    Compositing made(std::move(plan));
    const auto count = static_cast<size_t>(images);
    ASSIGN_OR_RETURN(made.stream_, Stream::Make());
    for (int i = 0; i < images; ++i) {
      FrameToPaste one = {.place = {400.3 + i, 180.6 + i, 412.4 + i, 411.7 + i},
                          .width = kWidth,
                          .height = kHeight,
                          .format = {YuvMatrix::kBt709, YuvRange::kLimited},
                          .from = {},
                          .to = {}};
      ASSIGN_OR_RETURN(const Rect patch, made.plan_.PatchOf(one.place, kWidth, kHeight));
      made.patches_.push_back(patch);
      made.to_paste_.push_back(one);
      made.patch_bytes_ += PatchBytes(patch);
    }
    ASSIGN_OR_RETURN(made.crops_, made.Random(count * kCropBytes));
    ASSIGN_OR_RETURN(made.mouths_, made.Random(count * kMouthBytes));
    ASSIGN_OR_RETURN(made.frames_, made.Random(count * kFrameBytes));
    ASSIGN_OR_RETURN(made.before_, made.Random(made.patch_bytes_));
    ASSIGN_OR_RETURN(made.after_, made.Random(made.patch_bytes_));
    ASSIGN_OR_RETURN(made.host_, Memory::Pinned(made.patch_bytes_));
    ASSIGN_OR_RETURN(made.mask_, Memory::OnDevice(made.plan_.mask().size()));
    RETURN_IF_ERROR(Check(
        cudaMemcpy(made.mask_.data(), made.plan_.mask().data(), made.mask_.bytes(), cudaMemcpyDefault), "sending"));
    ASSIGN_OR_RETURN(made.scratch_, Memory::OnDevice(made.plan_.scratch_bytes() * count));
    made.UsePatches(false);
    ASSIGN_OR_RETURN(const PasteList list, made.plan_.ListOf(made.to_paste_));
    made.taps_at_ = AlignUp(list.frames.size() * sizeof(PasteFrame));
    const size_t list_bytes = made.taps_at_ + list.taps.size() * sizeof(CubicTaps);
    ASSIGN_OR_RETURN(made.list_host_, Memory::Pinned(list_bytes));
    ASSIGN_OR_RETURN(made.list_, Memory::OnDevice(list_bytes));
    made.launches_ = made.plan_.LaunchesOf({
        .crops = {.base = made.crops_.data(), .image_bytes = kCropBytes},
        .mouths = {.base = made.mouths_.data(), .image_bytes = kMouthBytes},
        .mask = made.mask_.data(),
        .scratch = made.scratch_.data(),
        .frames = reinterpret_cast<const PasteFrame*>(made.list_.data()),
        .taps = reinterpret_cast<const CubicTaps*>(made.list_.data() + made.taps_at_),
        .images = images,
    });
    RETURN_IF_ERROR(made.SendList());
    RETURN_IF_ERROR(made.stream_.Wait());
    return made;
  }

  const std::vector<CompositeLaunch>& launches() const { return launches_; }
  const Stream& stream() const { return stream_; }
  size_t patch_bytes() const { return patch_bytes_; }

  // Frames come from patches that were sent, or else lie whole on the device.
  void UsePatches(bool sent) {
    size_t at = 0;
    for (size_t i = 0; i < patches_.size(); ++i) {
      const Rect& patch = patches_[i];
      const auto packed = [&](const Memory& memory) {
        return Planes(memory.data() + at, (patch.width + 1) / 2 * 2, (patch.height + 1) / 2 * 2, {});
      };
      to_paste_[i].from = sent ? packed(before_) : Planes(frames_.data() + i * kFrameBytes, kWidth, kHeight, patch);
      to_paste_[i].to = packed(after_);
      at += PatchBytes(patch);
    }
    sends_ = sent;
  }

  Status Enqueue() const {
    for (const CompositeLaunch& launch : launches_) {
      RETURN_IF_ERROR(Check(Start(launch, stream_.get()), "starting"));
    }
    return {};
  }

  // The list made and sent, patches sent if they are to be, the kernels, patches received.
  Status Call() const {
    RETURN_IF_ERROR(SendList());
    if (sends_) RETURN_IF_ERROR(Copy(before_, host_));
    RETURN_IF_ERROR(Enqueue());
    RETURN_IF_ERROR(Copy(host_, after_));
    return stream_.Wait();
  }

 private:
  static constexpr int kMouth = 320, kCrop = 328, kWidth = 1280, kHeight = 720;
  static constexpr size_t kMouthBytes = size_t{3} * kMouth * kMouth, kCropBytes = size_t{3} * kCrop * kCrop;
  static constexpr size_t kFrameBytes = size_t{kWidth} * kHeight * 3 / 2;

  explicit Compositing(CompositePlan plan) : plan_(std::move(plan)) {}

  static size_t PatchBytes(const Rect& patch) {
    const auto across = static_cast<size_t>(patch.width + 1) / 2, down = static_cast<size_t>(patch.height + 1) / 2;
    return across * down * 6;
  }
  // I420 of even size, from the patch on.
  static FramePlanes Planes(uint8_t* base, int width, int height, const Rect& patch) {
    const int chroma = patch.y / 2 * (width / 2) + patch.x / 2;
    return {base + patch.y * width + patch.x,
            base + width * height + chroma,
            base + width * height * 5 / 4 + chroma,
            width,
            width / 2,
            1};
  }
  Result<Memory> Random(size_t bytes) {
    std::vector<uint8_t> made(bytes);
    FillRandom(random_, made.data(), bytes);
    ASSIGN_OR_RETURN(Memory memory, Memory::OnDevice(bytes));
    RETURN_IF_ERROR(Check(cudaMemcpy(memory.data(), made.data(), bytes, cudaMemcpyDefault), "sending"));
    return memory;
  }
  Status Copy(const Memory& to, const Memory& from) const {
    return Check(cudaMemcpyAsync(to.data(), from.data(), from.bytes(), cudaMemcpyDefault, stream_.get()), "copying");
  }
  Status SendList() const {
    ASSIGN_OR_RETURN(const PasteList list, plan_.ListOf(to_paste_));
    std::ranges::copy(list.frames, reinterpret_cast<PasteFrame*>(list_host_.data()));
    std::ranges::copy(list.taps, reinterpret_cast<CubicTaps*>(list_host_.data() + taps_at_));
    return Copy(list_, list_host_);
  }

  CompositePlan plan_;
  std::mt19937 random_{1};
  std::vector<Rect> patches_;
  std::vector<FrameToPaste> to_paste_;
  std::vector<CompositeLaunch> launches_;
  size_t patch_bytes_ = 0, taps_at_ = 0;
  bool sends_ = false;
  Memory crops_, mouths_, frames_, before_, after_, host_, mask_, scratch_, list_host_, list_;
  Stream stream_;
};

// The CPU's way with the same sizes, one frame on one core.
Result<double> TimeOnCpu() {
  const auto composite = MakeComposite(CompositeMode::kNatural);
  std::mt19937 random{1};
  const Image crop = RandomPicture(random, 328, 328), mouth = RandomPicture(random, 320, 320);
  YuvImage frame = RandomYuv(random, 1280, 720, {YuvMatrix::kBt709, YuvRange::kLimited});
  return TimeCalls(50, [&]() -> Status {
    composite->Paste(crop.view(), mouth.view(), {400.3, 180.6, 412.4, 411.7}, frame.view());
    return {};
  });
}

Status MeasureCompositing() {
  ASSIGN_OR_RETURN(const double cpu, TimeOnCpu());
  std::printf("\ncompositing in 1280x720 I420, mouths and crops on the device; a frame on a core %.1f us\n", cpu);
  for (const int images : {1, 16}) {
    ASSIGN_OR_RETURN(Compositing work, Compositing::Make(images));
    const char* const names[] = {"match", "blend", "paste"};
    for (size_t kernel = 0; kernel < work.launches().size(); ++kernel) {
      const CompositeLaunch& launch = work.launches()[kernel];
      ASSIGN_OR_RETURN(const double us, Time(work.stream(), kRepeats, [&]() -> Status {
                         for (int i = 0; i < kRepeats; ++i) {
                           RETURN_IF_ERROR(Check(Start(launch, work.stream().get()), "starting"));
                         }
                         return {};
                       }));
      std::printf("  %s grid %5d x %-3d shared %6zu  %7.2f us\n", names[kernel], launch.grid_x, launch.grid_y,
                  launch.shared_bytes, us);
    }
    ASSIGN_OR_RETURN(const double kernels, Time(work.stream(), 20, [&]() -> Status {
                       for (int i = 0; i < 20; ++i) RETURN_IF_ERROR(work.Enqueue());
                       return {};
                     }));
    ASSIGN_OR_RETURN(const double resident, TimeCalls(200, [&] { return work.Call(); }));
    work.UsePatches(true);
    ASSIGN_OR_RETURN(const double sent, TimeCalls(200, [&] { return work.Call(); }));
    std::printf(
        "composite %d: %.1f us, whole calls %.1f us with frames on the device, %.1f us with %zu KB of patches "
        "sent; as many come back\n",
        images, kernels, resident, sent, work.patch_bytes() / 1000);
  }
  return {};
}

}  // namespace
}  // namespace lips::cuda

int main(int argc, char** argv) {
  std::vector<size_t> batches;
  for (int i = 2; i < argc; ++i) batches.push_back(static_cast<size_t>(std::strtoul(argv[i], nullptr, 10)));
  if (argc < 2) {
    std::fprintf(stderr, "usage: cuda_steps MODEL.onnx [BATCH...]\n");
    return 2;
  }
  if (batches.empty()) batches = {1, 4, 8, 16, 32};
  lips::Status status = lips::cuda::Measure(argv[1], batches);
  if (status.ok()) status = lips::cuda::MeasureCompositing();
  if (!status.ok()) std::fprintf(stderr, "cuda_steps: %s\n", status.error().message().c_str());
  return status.ok() ? 0 : 1;
}

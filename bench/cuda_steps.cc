// What engine cuda spends where: every kernel of a frame by itself, then whole frames.
//   cuda_steps MODEL.onnx [BATCH...]
// `family` instead of a file: the full-width network of the family with made-up weights.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "engine/cuda/batch.h"
#include "engine/cuda/launch.h"
#include "engine/cuda/network.h"
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
    std::vector<double> calls;
    for (int i = 0; i < 200; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      RETURN_IF_ERROR(generate());
      calls.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count());
    }
    std::printf("batch %zu: kernels alone %.1f us, one after the other %.1f us, whole calls %.1f us; %.0f frames/s\n",
                images, sum, kernels, Median(calls), 1e6 * static_cast<double>(images) / Median(calls));
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
  const lips::Status status = lips::cuda::Measure(argv[1], batches);
  if (!status.ok()) std::fprintf(stderr, "cuda_steps: %s\n", status.error().message().c_str());
  return status.ok() ? 0 : 1;
}

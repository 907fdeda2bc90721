// What engine cuda makes of an optimised graph (model/passes.h): steps over maps of Half, constants as the kernels want
// them. Knows no device: launch.cu runs it on one, the simulator of the tests on none.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "base/result.h"
#include "engine/cuda/variants.h"
#include "model/graph.h"

namespace lips::cuda {

using MapId = int;
inline constexpr MapId kNoMap = -1;

// How what goes in and out of a plan lies in memory.
enum class Port : uint8_t {
  kPlanes,  // f32 [N,C,H,W], as ONNX has it
  kFaces,   // input only: [2,H,W,3] bytes, which become six channels
  kMap,     // a map of Half, as another plan made it or will read it
  kPixels,  // output only: bytes [H,W,3], of a network that ends in a 1x1 convolution to three channels and a sigmoid
  kUnit,    // likewise as f32 [3,H,W]
};

struct Map {
  int height = 1, width = 1;
  int channels = 16;      // padded
  int used_channels = 0;  // the others are zeros
  int external = -1;      // into Plan::ports; -1: in the arena
  size_t offset = 0;      // into the arena of one image

  size_t bytes() const;  // of one image
};

// Steps name maps and offsets into the constants where their arguments have pointers.
struct ConvolutionStep {
  MapId x = kNoMap, addend = kNoMap, out = kNoMap;
  size_t weights = 0, bias = 0;
  ConvolutionArgs args;
};
struct ResidualStep {
  MapId x = kNoMap, low = kNoMap, addend = kNoMap, residual = kNoMap, out = kNoMap;
  // For what is not kept in shared memory: the depth map, and `low` enlarged.
  MapId depth = kNoMap, enlarged = kNoMap;
  size_t chunks = 0, project = 0, project_bias = 0;  // `project` again as a convolution has it
  ResidualArgs args;
  int enlarged_shift = -1;  // args.x_shift where `enlarged` takes the place of x
  int stride = 1;
};
struct PixelsStep {
  MapId x = kNoMap, out = kNoMap;
  size_t weights = 0, bias = 0;
  PixelsArgs args;
};
struct FacesStep {
  MapId x = kNoMap, out = kNoMap;
  FacesArgs args;
};
struct PlanesStep {
  MapId planes = kNoMap, map = kNoMap;
  PlanesArgs args;
};
using Step = std::variant<FacesStep, PlanesStep, ConvolutionStep, ResidualStep, PixelsStep>;

struct PlanOptions {
  std::vector<Port> inputs = {}, outputs = {};  // one per graph input and output; missing ones: kPlanes
  std::vector<Map> output_maps = {};            // of kMap outputs, by output: whose padding they shall have
};

struct Plan {
  std::vector<Map> maps;
  std::vector<Step> steps;
  std::vector<uint8_t> constants;  // of a device, once
  std::vector<MapId> inputs, outputs;
  size_t arena_bytes = 0;  // per image, a multiple of 256
  double macs = 0;         // multiply-adds per image

  // `graph` has inferred shapes and batch 1. Errors: kUnsupported naming the node no kernel runs, or weights beyond the
  // range of f16.
  static Result<Plan> Make(const Graph& graph, const PlanOptions& options);
};

// What a plan is run with. `inputs` and `outputs` are by graph input and output, constants and arena as Plan wants them
// (the arena times `images`).
struct Bindings {
  const uint8_t* constants = nullptr;
  uint8_t* arena = nullptr;
  std::vector<Place> inputs, outputs;
  int* broken = nullptr;  // [images], of kPixels and kUnit
  int images = 1;
  int multiprocessors = 132;        // of the device
  int most_shared = 99 * 1024;      // bytes of shared memory a block may have there
  bool same_for_any_batch = false;  // convolutions give an image the same bits whatever the number of images
  // Pixels of the first output that will be used, [height, width] nonzero where so; empty: all. Others are unspecified.
  std::span<const uint8_t> used = {};
};

// A plan's launches in order. What they list (tiles, used pixels) is in `lists` until PlaceLists says where the device
// has it.
struct Bound {
  std::vector<Launch> launches;
  std::vector<uint32_t> lists;
  std::vector<size_t> lists_at;  // by launch, into `lists`
  bool has_used = false;

  void PlaceLists(const uint32_t* lists_on_device);
};

// Chooses kernels and tiles for that many images. Errors: kUnsupported where a step fits no kernel.
Result<Bound> Bind(const Plan& plan, const Bindings& bindings);

}  // namespace lips::cuda

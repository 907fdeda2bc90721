// Inverted residuals as steps: expand 1x1, depthwise 3x3, project 1x1 in one pass, without the expanded map in memory.
#pragma once

#include <memory>
#include <vector>

#include "engine/cpu/output.h"
#include "engine/cpu/packed_matrix.h"
#include "engine/cpu/program.h"
#include "kernels/depthwise.h"

namespace lips::cpu {

// Where one axis of a bilinear upsampling reads: positions low[i] and min(low[i] + 1, last), the second with
// `fraction`.
struct UpsampleAxis {
  std::vector<int32_t> low;
  std::vector<int32_t> high;
  std::vector<float> fraction;

  static UpsampleAxis Make(int in, int out, bool align_corners);
};

// What fused.h calls InvertedResidual, with weights packed. Maps are padded; `hidden` is too.
struct ResidualSpec {
  int key = 0;  // of the step, for observers
  Mode mode = Mode::kF32;
  int stride = 1;
  int hidden = 0;
  MapId x = kNoMap, low = kNoMap, addend = kNoMap, residual = kNoMap, out = kNoMap;
  PackedMatrix expand;                                      // of x; empty without x
  PackedMatrix expand_low;                                  // of low; empty without low
  std::vector<float> bias;                                  // [hidden], when neither matrix brings it
  std::vector<float> depth_weights;                         // [9][hidden]
  std::vector<float> depth_bias;                            // [hidden]
  std::vector<double> wide_depth_weights, wide_depth_bias;  // where the block makes its sums in double, else empty
  QuantisationTable depth_quantisation;
  PackedMatrix project;
  UpsampleAxis up_rows, up_columns;        // with low
  std::shared_ptr<const OutputHead> head;  // what follows at once, instead of a map: then `out` is its output
  MapId depth = kNoMap;                    // scratch map [pixels, hidden], for small maps only
  double macs = 0;
};

// What both ways of running a ResidualSpec have in common: its maps and how they are read.
class ResidualStep : public Step {
 public:
  ResidualStep(ResidualSpec spec, std::span<const Map> maps);

  int key() const override { return spec_.key; }
  double macs() const override { return spec_.macs; }
  std::vector<MapId> reads() const override;

 protected:
  static size_t size(int n) { return static_cast<size_t>(n); }
  // `count` pixels of a map as the matrix kernel wants them: in place, or converted into `converted`.
  const void* Pixels(const RunContext& context, MapId id, const Map& map, size_t pixel, int count,
                     uint8_t* converted) const;
  // Expands columns [first, last): all but where the rows are (x, line, slope, at, fraction, y) and how many.
  kernels::MatrixArgs ExpandArgs(int first, int last) const;
  // The depthwise convolution's weights of channels from `first` on, and their bias.
  void SetDepthWeights(int first, kernels::DepthwiseRowArgs& args) const;
  // Where `args`, of columns from `first` on, find what is added to pixels from `pixel` on of the expanded map.
  void SetAddend(const RunContext& context, size_t pixel, int first, kernels::MatrixArgs& args) const;
  void Expand(const kernels::MatrixArgs& args) const;
  // Projects `rows` pixels at `depth` to columns [first, last) of those from `pixel` on of the output.
  kernels::MatrixArgs ProjectArgs(const RunContext& context, const void* depth, int rows, size_t pixel, int first,
                                  int last) const;

  ResidualSpec spec_;
  Map x_, low_, addend_, residual_, out_;
  kernels::NumberType type_;  // of what the matrices take
  int in_height_ = 0;         // of the expanded map
  int in_width_ = 0;
};

// Whether a map of that size is done by columns of channels rather than by bands of rows: when its weights are larger
// than what a row's pixels are worth reading them for.
bool IsSmall(int out_height, int out_width, int hidden);

// In bands of rows: a ring of the last expanded rows, as wide as a strip of the picture, stays in the second-level
// cache.
std::unique_ptr<Step> MakeRingResidual(ResidualSpec spec, std::span<const Map> maps);

// By panels of expanded channels, each over the whole map; then the projection. Needs spec.depth.
std::unique_ptr<Step> MakePanelResidual(ResidualSpec spec, std::span<const Map> maps);

}  // namespace lips::cpu

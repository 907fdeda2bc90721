#include "engine/cpu/boundary.h"

#include <array>

#include "engine/cpu/compile.h"
#include "kernels/table.h"

namespace lips::cpu {
namespace {

size_t Size(int n) { return static_cast<size_t>(n); }

// Rows of pixels, shared among workers; what a row is, subclasses say.
class RowStep : public Step {
 public:
  RowStep(MapId from, MapId to, const Map& map) : from_(from), to_(to), map_(map) {}
  std::vector<MapId> reads() const override { return {from_}; }
  std::vector<MapId> writes() const override { return {to_}; }
  void Run(const RunContext& context) const override {
    const auto [first, last] = context.worker.Share(map_.images * map_.height);
    for (int row = first; row < last; ++row) RunRow(context, row / map_.height, row % map_.height);
  }

 protected:
  virtual void RunRow(const RunContext& context, int image, int row) const = 0;
  // The first number of a row of the program's own map.
  uint8_t* Pixels(const RunContext& context, MapId id, int image, int row) const {
    const size_t pixel = Size(image * map_.height + row) * Size(map_.width);
    return context.workspace.Data<uint8_t>(id) + pixel * Size(map_.padded()) * kernels::SizeOf(map_.type);
  }
  // The first plane's row in a tensor [N,C,H,W].
  float* Planes(const RunContext& context, MapId id, int image, int row) const {
    return context.workspace.Data<float>(id) +
           (Size(image) * Size(map_.channels) * Size(map_.height) + Size(row)) * Size(map_.width);
  }
  size_t plane_floats() const { return Size(map_.height) * Size(map_.width); }

  MapId from_, to_;
  Map map_;  // the program's own
};

class FromPlanes : public RowStep {
 public:
  using RowStep::RowStep;
  const char* kind() const override { return "from planes"; }
  void RunRow(const RunContext& context, int image, int row) const override {
    kernels::Active().row_from_planes({.planes = Planes(context, from_, image, row),
                                       .plane_stride = plane_floats(),
                                       .out = Pixels(context, to_, image, row),
                                       .out_stride = Size(map_.padded()),
                                       .out_type = map_.type,
                                       .quantisation = map_.quantisation.view(),
                                       .pixels = map_.width,
                                       .channels = map_.channels});
  }
};

class FromFaces : public RowStep {
 public:
  using RowStep::RowStep;
  const char* kind() const override { return "from pictures"; }
  void RunRow(const RunContext& context, int /*image*/, int row) const override {
    const auto& faces = *context.workspace.Data<const FacePair>(from_);
    kernels::Active().bgr_pixels_row({.roi = faces.roi + row * faces.roi_stride,
                                      .masked = faces.masked + row * faces.masked_stride,
                                      .out = Pixels(context, to_, 0, row),
                                      .out_stride = Size(map_.padded()),
                                      .out_type = map_.type,
                                      .quantisation = map_.quantisation.view(),
                                      .pixels = map_.width});
  }
};

class ToPlanes : public RowStep {
 public:
  using RowStep::RowStep;
  const char* kind() const override { return "to planes"; }
  void RunRow(const RunContext& context, int image, int row) const override {
    kernels::Active().planes_from_row({.in = Pixels(context, from_, image, row),
                                       .in_stride = Size(map_.padded()),
                                       .in_type = map_.type,
                                       .quantisation = map_.quantisation.view(),
                                       .planes = Planes(context, to_, image, row),
                                       .plane_stride = plane_floats(),
                                       .pixels = map_.width,
                                       .channels = map_.channels});
  }
};

}  // namespace

std::unique_ptr<Step> MakeFromPlanes(MapId planes, MapId out, std::span<const Map> maps) {
  return std::make_unique<FromPlanes>(planes, out, maps[Size(out)]);
}

std::unique_ptr<Step> MakeFromFaces(MapId faces, MapId out, std::span<const Map> maps) {
  return std::make_unique<FromFaces>(faces, out, maps[Size(out)]);
}

std::unique_ptr<Step> MakeToPlanes(MapId x, MapId planes, std::span<const Map> maps) {
  return std::make_unique<ToPlanes>(x, planes, maps[Size(x)]);
}

}  // namespace lips::cpu

#include "engine/cpu/arrange.h"

#include <algorithm>

#include "engine/cpu/float_row.h"

namespace lips::cpu {
namespace {

class Pad : public FloatRowStep {
 public:
  Pad(const PadSpec& spec, std::span<const Map> maps) : FloatRowStep({spec.x}, spec.out, maps), spec_(spec) {}
  const char* kind() const override { return "pad"; }

 protected:
  void MakeRow(Rows& rows, int image, int row, float* to, float* /*extra*/) const override {
    std::fill_n(to, out_row_floats(), spec_.value);
    const int y = row - spec_.before[1];
    if (y < 0 || y >= in(0).height) return;
    const float* from = rows.Of(0, image, y);
    to += size(spec_.before[2]) * size(out().padded()) + size(spec_.before[0]);
    for (int x = 0; x < in(0).width; ++x, from += in(0).padded(), to += out().padded()) {
      std::copy_n(from, in(0).channels, to);
    }
  }

 private:
  PadSpec spec_;
};

class Concat : public FloatRowStep {
 public:
  Concat(std::vector<MapId> inputs, MapId out, std::span<const Map> maps)
      : FloatRowStep(std::move(inputs), out, maps), count_(reads().size()) {}
  const char* kind() const override { return "concat"; }

 protected:
  void MakeRow(Rows& rows, int image, int row, float* to, float* /*extra*/) const override {
    for (size_t k = 0; k < count_; ++k) {
      const float* from = rows.Of(k, image, row);
      for (int x = 0; x < out().width; ++x) {
        std::copy_n(from + size(x) * size(in(k).padded()), in(k).channels, to + size(x) * size(out().padded()));
      }
      to += in(k).channels;
    }
  }

 private:
  size_t count_;
};

// Of one row, which is the flat map; so one worker does it all.
class Flat : public FloatRowStep {
 public:
  Flat(MapId x, MapId out, std::span<const Map> maps) : FloatRowStep({x}, out, maps) {}
  const char* kind() const override { return "flat"; }

 protected:
  int most_rows() const override { return in(0).images * in(0).height; }
  void MakeRow(Rows& rows, int /*image*/, int /*row*/, float* to, float* /*extra*/) const override {
    for (int y = 0; y < in(0).images * in(0).height; ++y) {
      const float* from = rows.Of(0, y / in(0).height, y % in(0).height);
      for (int x = 0; x < in(0).width; ++x, from += in(0).padded()) to = std::copy_n(from, in(0).channels, to);
    }
  }
};

class FlatConcat : public FloatRowStep {
 public:
  FlatConcat(std::vector<MapId> inputs, MapId out, int64_t outer, std::vector<int64_t> chunks,
             std::span<const Map> maps)
      : FloatRowStep(std::move(inputs), out, maps), outer_(outer), chunks_(std::move(chunks)) {}
  const char* kind() const override { return "concat"; }

 protected:
  void MakeRow(Rows& rows, int /*image*/, int /*row*/, float* to, float* /*extra*/) const override {
    int64_t period = 0;
    for (const int64_t chunk : chunks_) period += chunk;
    for (size_t k = 0; k < chunks_.size(); ++k) {
      const float* from = rows.Of(k, 0, 0);
      for (int64_t i = 0; i < outer_; ++i, from += chunks_[k]) std::copy_n(from, chunks_[k], to + i * period);
      to += chunks_[k];
    }
  }

 private:
  int64_t outer_;
  std::vector<int64_t> chunks_;
};

// Not by FloatRowStep, which would write the padding, too.
class ToElements : public Step {
 public:
  ToElements(MapId x, MapId elements, const Map& map) : x_(x), elements_(elements), map_(map) {}
  const char* kind() const override { return "to elements"; }
  std::vector<MapId> reads() const override { return {x_}; }
  std::vector<MapId> writes() const override { return {elements_}; }
  size_t scratch_bytes() const override { return static_cast<size_t>(map_.padded()) * sizeof(float); }
  void Run(const RunContext& context) const override {
    if (context.worker.index() != 0) return;
    const auto* from = context.workspace.Data<uint8_t>(x_);
    uint8_t* converted = context.workspace.Scratch(context.worker);
    if (map_.type != kernels::NumberType::kF32) {
      ConvertPixels(from, map_, 1, kernels::NumberType::kF32, converted);
      from = converted;
    }
    std::copy_n(reinterpret_cast<const float*>(from), map_.channels, context.workspace.Data<float>(elements_));
  }

 private:
  MapId x_, elements_;
  Map map_;
};

}  // namespace

std::unique_ptr<Step> MakePad(const PadSpec& spec, std::span<const Map> maps) {
  return std::make_unique<Pad>(spec, maps);
}

std::unique_ptr<Step> MakeConcat(std::vector<MapId> inputs, MapId out, std::span<const Map> maps) {
  return std::make_unique<Concat>(std::move(inputs), out, maps);
}

std::unique_ptr<Step> MakeFlat(MapId x, MapId out, std::span<const Map> maps) {
  return std::make_unique<Flat>(x, out, maps);
}

std::unique_ptr<Step> MakeFlatConcat(std::vector<MapId> inputs, MapId out, int64_t outer, std::vector<int64_t> chunks,
                                     std::span<const Map> maps) {
  return std::make_unique<FlatConcat>(std::move(inputs), out, outer, std::move(chunks), maps);
}

std::unique_ptr<Step> MakeToElements(MapId x, MapId elements, std::span<const Map> maps) {
  return std::make_unique<ToElements>(x, elements, maps[static_cast<size_t>(x)]);
}

}  // namespace lips::cpu

// What steps have in common that make their output row by row, in f32 whatever the maps around them are stored as.
#pragma once

#include <vector>

#include "engine/cpu/program.h"

namespace lips::cpu {

class FloatRowStep : public Step {
 public:
  FloatRowStep(std::vector<MapId> inputs, MapId out, std::span<const Map> maps);

  std::vector<MapId> reads() const override { return inputs_; }
  std::vector<MapId> writes() const override { return {out_id_}; }
  size_t scratch_bytes() const override;
  void Run(const RunContext& context) const override;

 protected:
  // Gives out rows of the inputs as f32: where they lie, or converted into memory that is free again after MakeRow.
  class Rows {
   public:
    Rows(const RunContext& context, const FloatRowStep& step, float* converted)
        : context_(context), step_(step), converted_(converted) {}
    const float* Of(size_t input, int image, int row);
    const RunContext& context() const { return context_; }

   private:
    const RunContext& context_;
    const FloatRowStep& step_;
    float* converted_;
  };

  // Row `row` of `image` to `to`, [width][padded] floats; those of the padding may be anything. `extra` are
  // extra_floats() of the worker's own.
  virtual void MakeRow(Rows& rows, int image, int row, float* to, float* extra) const = 0;
  virtual int most_rows() const { return 1; }  // of each input that one MakeRow asks for
  virtual size_t extra_floats() const { return 0; }

  static size_t size(int n) { return static_cast<size_t>(n); }
  const Map& in(size_t k) const { return in_[k]; }
  const Map& out() const { return out_; }
  size_t out_row_floats() const { return RowFloats(out_); }

 private:
  static size_t RowFloats(const Map& map) { return size(map.width) * size(map.padded()); }
  size_t converted_floats() const;

  std::vector<MapId> inputs_;
  MapId out_id_;
  std::vector<Map> in_;
  Map out_;
};

}  // namespace lips::cpu

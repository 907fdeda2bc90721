#include "engine/cpu/float_row.h"

#include <algorithm>

#include "kernels/table.h"

namespace lips::cpu {

FloatRowStep::FloatRowStep(std::vector<MapId> inputs, MapId out, std::span<const Map> maps)
    : inputs_(std::move(inputs)), out_id_(out), out_(maps[static_cast<size_t>(out)]) {
  for (const MapId input : inputs_) in_.push_back(maps[static_cast<size_t>(input)]);
}

const float* FloatRowStep::Rows::Of(size_t input, int image, int row) {
  const Map& map = step_.in_[input];
  const size_t first = (size(image) * size(map.height) + size(row)) * RowFloats(map);
  const auto* from = context_.workspace.Data<uint8_t>(step_.inputs_[input]) + first * kernels::SizeOf(map.type);
  if (map.type == kernels::NumberType::kF32) return reinterpret_cast<const float*>(from);
  float* to = converted_;
  converted_ += RowFloats(map);
  ConvertPixels(from, map, map.width, kernels::NumberType::kF32, reinterpret_cast<uint8_t*>(to));
  return to;
}

size_t FloatRowStep::converted_floats() const {
  size_t floats = 0;
  for (const Map& map : in_) {
    if (map.type != kernels::NumberType::kF32) floats += size(most_rows()) * RowFloats(map);
  }
  return floats;
}

size_t FloatRowStep::scratch_bytes() const {
  return AlignUp(out_row_floats() * sizeof(float)) + AlignUp(converted_floats() * sizeof(float)) +
         extra_floats() * sizeof(float);
}

void FloatRowStep::Run(const RunContext& context) const {
  uint8_t* scratch = context.workspace.Scratch(context.worker);
  auto* made = reinterpret_cast<float*>(scratch);
  auto* converted = reinterpret_cast<float*>(scratch + AlignUp(out_row_floats() * sizeof(float)));
  auto* extra =
      reinterpret_cast<float*>(reinterpret_cast<uint8_t*>(converted) + AlignUp(converted_floats() * sizeof(float)));
  const auto channels = size(out_.channels);
  const auto padded = size(out_.padded());
  const auto [first, last] = context.worker.Share(out_.images * out_.height);
  for (int at = first; at < last; ++at) {
    uint8_t* to = context.workspace.Data<uint8_t>(out_id_) + size(at) * out_row_floats() * kernels::SizeOf(out_.type);
    float* row = out_.type == kernels::NumberType::kF32 ? reinterpret_cast<float*>(to) : made;
    Rows rows(context, *this, converted);
    MakeRow(rows, at / out_.height, at % out_.height, row, extra);
    for (size_t p = 0; p < size(out_.width); ++p) std::fill(row + p * padded + channels, row + (p + 1) * padded, 0.0f);
    if (row != made) continue;
    kernels::Active().convert_row({.in = row,
                                   .in_stride = padded,
                                   .in_type = kernels::NumberType::kF32,
                                   .in_quantisation = {},
                                   .out = to,
                                   .out_stride = padded,
                                   .out_type = out_.type,
                                   .out_quantisation = out_.quantisation.view(),
                                   .pixels = out_.width,
                                   .channels = out_.padded()});
  }
}

}  // namespace lips::cpu

#include "kernels/table.h"

namespace lips::kernels {

Table TableFor(Isa isa) {
  Table t;
  if (isa >= Isa::kAvx2) {
    t.yuv_to_bgr_row = YuvToBgrRow_avx2;
    t.bgr_difference_row = BgrDifferenceRow_avx2;
    t.add_luma_row = AddLumaRow_avx2;
    t.add_chroma_row = AddChromaRow_avx2;
    t.cubic_across = CubicAcross_avx2;
    t.cubic_down = CubicDown_avx2;
    t.match_sums = MatchSums_avx2;
    t.blend_matched = BlendMatched_avx2;
    t.unit_from_bgr_row = UnitFromBgrRow_avx2;
    t.bgr_from_unit_row = BgrFromUnitRow_avx2;
    t.convert_row = ConvertRow_avx2;
    t.matrix_f32 = MatrixF32_avx2;
    t.matrix_bf16 = MatrixBf16_avx2;
    t.matrix_u8 = MatrixU8_avx2;
    t.depthwise_row = DepthwiseRow_avx2;
    t.window_row = WindowRow_avx2;
    t.bgr_pixels_row = BgrPixelsRow_avx2;
    t.blend_rows = BlendRows_avx2;
    t.row_from_planes = RowFromPlanes_avx2;
    t.planes_from_row = PlanesFromRow_avx2;
    t.sigmoid_row = SigmoidRow_avx2;
    t.sigmoid_bgr_row = SigmoidBgrRow_avx2;
  }
  if (isa >= Isa::kAvx512) {
    t.yuv_to_bgr_row = YuvToBgrRow_avx512;
    t.bgr_difference_row = BgrDifferenceRow_avx512;
    t.add_luma_row = AddLumaRow_avx512;
    t.add_chroma_row = AddChromaRow_avx512;
    t.cubic_across = CubicAcross_avx512;
    t.cubic_down = CubicDown_avx512;
    t.match_sums = MatchSums_avx512;
    t.blend_matched = BlendMatched_avx512;
    t.convert_row = ConvertRow_avx512;
    t.matrix_f32 = MatrixF32_avx512;
    t.matrix_bf16 = MatrixBf16_avx512;
    t.matrix_u8 = MatrixU8_avx512;
    t.depthwise_row = DepthwiseRow_avx512;
    t.window_row = WindowRow_avx512;
    t.bgr_pixels_row = BgrPixelsRow_avx512;
    t.blend_rows = BlendRows_avx512;
    t.row_from_planes = RowFromPlanes_avx512;
    t.planes_from_row = PlanesFromRow_avx512;
    t.sigmoid_row = SigmoidRow_avx512;
    t.sigmoid_bgr_row = SigmoidBgrRow_avx512;
  }
  return t;
}

const Table& Active() {
  static const Table table = TableFor(ActiveIsa());
  return table;
}

}  // namespace lips::kernels

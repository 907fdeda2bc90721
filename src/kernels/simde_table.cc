#include "kernels/simde_table.h"

// The bodies that avx512/*.cc compile, once more under other names.
#include "kernels/bgr_pixels_inl.h"
#include "kernels/bgr_to_yuv_inl.h"
#include "kernels/blend_inl.h"
#include "kernels/convert_inl.h"
#include "kernels/cubic_inl.h"
#include "kernels/depthwise_inl.h"
#include "kernels/match_inl.h"
#include "kernels/matrix_inl.h"
#include "kernels/planes_inl.h"
#include "kernels/sigmoid_inl.h"
#include "kernels/window_row_inl.h"
#include "kernels/yuv_to_bgr_inl.h"

namespace lips::kernels {

Table SimdeTable() {
  Table t;
  t.yuv_to_bgr_row = YuvToBgrRow_simde;
  t.bgr_difference_row = BgrDifferenceRow_simde;
  t.add_luma_row = AddLumaRow_simde;
  t.add_chroma_row = AddChromaRow_simde;
  t.cubic_across = CubicAcross_simde;
  t.cubic_down = CubicDown_simde;
  t.match_sums = MatchSums_simde;
  t.blend_matched = BlendMatched_simde;
  t.convert_row = ConvertRow_simde;
  t.matrix_f32 = MatrixF32_simde;
  t.matrix_bf16 = MatrixBf16_simde;
  t.matrix_u8 = MatrixU8_simde;
  t.depthwise_row = DepthwiseRow_simde;
  t.window_row = WindowRow_simde;
  t.bgr_pixels_row = BgrPixelsRow_simde;
  t.blend_rows = BlendRows_simde;
  t.row_from_planes = RowFromPlanes_simde;
  t.planes_from_row = PlanesFromRow_simde;
  t.sigmoid_row = SigmoidRow_simde;
  t.sigmoid_bgr_row = SigmoidBgrRow_simde;
  return t;
}

}  // namespace lips::kernels

// The one place where an instruction set is chosen.
#pragma once

#include "base/cpu.h"
#include "kernels/bgr_pixels.h"
#include "kernels/bgr_to_yuv.h"
#include "kernels/blend.h"
#include "kernels/convert.h"
#include "kernels/cubic.h"
#include "kernels/depthwise.h"
#include "kernels/match.h"
#include "kernels/matrix.h"
#include "kernels/planes.h"
#include "kernels/sigmoid.h"
#include "kernels/unit.h"
#include "kernels/window_row.h"
#include "kernels/yuv_to_bgr.h"

namespace lips::kernels {

// One pointer per kernel, never null.
struct Table {
  YuvToBgrRowFn* yuv_to_bgr_row = YuvToBgrRow_scalar;
  BgrDifferenceRowFn* bgr_difference_row = BgrDifferenceRow_scalar;
  AddLumaRowFn* add_luma_row = AddLumaRow_scalar;
  AddChromaRowFn* add_chroma_row = AddChromaRow_scalar;
  CubicAcrossFn* cubic_across = CubicAcross_scalar;
  CubicDownFn* cubic_down = CubicDown_scalar;
  MatchSumsFn* match_sums = MatchSums_scalar;
  BlendMatchedFn* blend_matched = BlendMatched_scalar;
  UnitFromBgrRowFn* unit_from_bgr_row = UnitFromBgrRow_scalar;
  BgrFromUnitRowFn* bgr_from_unit_row = BgrFromUnitRow_scalar;
  MatrixFn* matrix_f32 = MatrixF32_scalar;
  MatrixFn* matrix_bf16 = MatrixBf16_scalar;
  MatrixFn* matrix_u8 = MatrixU8_scalar;
  ConvertRowFn* convert_row = ConvertRow_scalar;
  DepthwiseRowFn* depthwise_row = DepthwiseRow_scalar;
  WindowRowFn* window_row = WindowRow_scalar;
  BgrPixelsRowFn* bgr_pixels_row = BgrPixelsRow_scalar;
  BlendRowsFn* blend_rows = BlendRows_scalar;
  RowFromPlanesFn* row_from_planes = RowFromPlanes_scalar;
  PlanesFromRowFn* planes_from_row = PlanesFromRow_scalar;
  SigmoidRowFn* sigmoid_row = SigmoidRow_scalar;
  SigmoidBgrRowFn* sigmoid_bgr_row = SigmoidBgrRow_scalar;
};

// The table for `isa`; entries a level lacks come from the level below.
Table TableFor(Isa isa);

// TableFor(ActiveIsa()), resolved once.
const Table& Active();

}  // namespace lips::kernels

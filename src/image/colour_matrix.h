// The fixed-point factors of each Y'CbCr matrix and range.
#pragma once

#include "image/view.h"
#include "kernels/bgr_to_yuv.h"
#include "kernels/yuv_to_bgr.h"

namespace lips {

// swscale's factors to the bit, so that the product is the reference decoder's picture.
// Source: ITU-T H.273 in 16.16 fixed point, as FFmpeg 5.1's ff_yuv2rgb_coeffs and ff_yuv2rgb_c_init_tables round it.
kernels::YuvToBgrFactors YuvToBgrFactorsOf(YuvFormat format);

// The factors nearest to the standard's that map white to white and grey to grey exactly.
// Source: ITU-R BT.601-7 2.5, BT.709-6 3.
kernels::BgrToYuvFactors BgrToYuvFactorsOf(YuvFormat format);

// The luma sample that means black: 16 or 0.
uint8_t BlackLuma(YuvRange range);

}  // namespace lips

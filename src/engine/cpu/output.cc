#include "engine/cpu/output.h"

#include "kernels/table.h"

namespace lips::cpu {

bool OutputHead::Run(const void* x, size_t stride_bytes, int pixels, float* scratch, uint8_t* bgr) const {
  kernels::MatrixArgs args;
  matrix_.Set(args);
  args.x = x;
  args.x_stride_bytes = stride_bytes;
  args.rows = pixels;
  args.y = scratch;
  args.y_stride = kernels::kChannelBlock;
  MatrixKernel(matrix_.mode())(args);
  return kernels::Active().sigmoid_bgr_row(bgr, scratch, kernels::kChannelBlock, static_cast<size_t>(pixels));
}

}  // namespace lips::cpu

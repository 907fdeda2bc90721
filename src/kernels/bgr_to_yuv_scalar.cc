#include "kernels/bgr_to_yuv.h"
#include "kernels/sample.h"

namespace lips::kernels {
namespace {

int BlockSum(const int16_t* const rows[2], size_t i) {
  return rows[0][2 * i] + rows[0][2 * i + 1] + rows[1][2 * i] + rows[1][2 * i + 1];
}

}  // namespace

void BgrDifferenceRow_scalar(int16_t* b, int16_t* g, int16_t* r, const uint8_t* now, const uint8_t* was, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    b[i] = static_cast<int16_t>(now[3 * i] - was[3 * i]);
    g[i] = static_cast<int16_t>(now[3 * i + 1] - was[3 * i + 1]);
    r[i] = static_cast<int16_t>(now[3 * i + 2] - was[3 * i + 2]);
  }
}

void AddLumaRow_scalar(uint8_t* y, const int16_t* b, const int16_t* g, const int16_t* r, size_t n,
                       const BgrToYuvFactors& f) {
  for (size_t i = 0; i < n; ++i) y[i] = MovedLuma(y[i], b[i], g[i], r[i], f);
}

void AddChromaRow_scalar(uint8_t* u, uint8_t* v, const DifferenceRows& rows, size_t n, const BgrToYuvFactors& f) {
  for (size_t i = 0; i < n; ++i) {
    const int b = BlockSum(rows.b, i);
    const int g = BlockSum(rows.g, i);
    const int r = BlockSum(rows.r, i);
    u[i] = MovedU(u[i], b, g, r, f);
    v[i] = MovedV(v[i], b, g, r, f);
  }
}

}  // namespace lips::kernels

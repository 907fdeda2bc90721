#include "kernels/number_scalar.h"
#include "kernels/planes.h"

namespace lips::kernels {

void RowFromPlanes_scalar(const RowFromPlanesArgs& a) {
  const auto channels = static_cast<size_t>(a.channels);
  for (size_t p = 0; p < static_cast<size_t>(a.pixels); ++p) {
    for (size_t c = 0; c < static_cast<size_t>(PaddedChannels(a.channels)); ++c) {
      const float value = c < channels ? a.planes[c * a.plane_stride + p] : 0.0f;
      StoreNumber(a.out, p * a.out_stride + c, value, a.out_type, a.quantisation, c);
    }
  }
}

void PlanesFromRow_scalar(const PlanesFromRowArgs& a) {
  for (size_t c = 0; c < static_cast<size_t>(a.channels); ++c) {
    for (size_t p = 0; p < static_cast<size_t>(a.pixels); ++p) {
      a.planes[c * a.plane_stride + p] = LoadNumber(a.in, p * a.in_stride + c, a.in_type, a.quantisation, c);
    }
  }
}

}  // namespace lips::kernels

#include "kernels/convert.h"
#include "kernels/number_scalar.h"

namespace lips::kernels {

void ConvertRow_scalar(const ConvertRowArgs& a) {
  for (size_t p = 0; p < static_cast<size_t>(a.pixels); ++p) {
    for (size_t c = 0; c < static_cast<size_t>(a.channels); ++c) {
      const float value = LoadNumber(a.in, p * a.in_stride + c, a.in_type, a.in_quantisation, c);
      StoreNumber(a.out, p * a.out_stride + c, value, a.out_type, a.out_quantisation, c);
    }
  }
}

}  // namespace lips::kernels

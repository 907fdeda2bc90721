#include "kernels/match.h"
#include "kernels/sample.h"

namespace lips::kernels {

void MatchSums_scalar(const MatchSumsArgs& args) {
  for (size_t i = 0; i < args.n; ++i) {
    int count = 0, sum = 0;
    for (int row = 0; row < args.rows; ++row) {
      const int d = args.to[row * args.to_stride + static_cast<ptrdiff_t>(i)] -
                    args.from[row * args.from_stride + static_cast<ptrdiff_t>(i)];
      const int k = MatchCount(args.weights[row * args.weights_stride + static_cast<ptrdiff_t>(i)], d);
      count += k;
      sum += k * d;
    }
    args.counts[i] = static_cast<int16_t>(count);
    args.sums[i] = static_cast<int16_t>(sum);
  }
}

void BlendMatched_scalar(const BlendMatchedArgs& args) {
  for (size_t i = 0; i < args.n; ++i) {
    args.out[i] =
        BlendMatchedSample(args.roi[i], args.mouth[i], args.weights[i], args.above[i], args.below[i], args.part);
  }
}

}  // namespace lips::kernels

#include <algorithm>
#include <cstdlib>

#include "kernels/match.h"

namespace lips::kernels {

void MatchSums_scalar(const MatchSumsArgs& args) {
  for (size_t i = 0; i < args.n; ++i) {
    int count = 0, sum = 0;
    for (int row = 0; row < args.rows; ++row) {
      const int d = args.to[row * args.to_stride + static_cast<ptrdiff_t>(i)] -
                    args.from[row * args.from_stride + static_cast<ptrdiff_t>(i)];
      const int k =
          args.weights[row * args.weights_stride + static_cast<ptrdiff_t>(i)] * std::max(kMatchOther - std::abs(d), 0);
      count += k;
      sum += k * d;
    }
    args.counts[i] = static_cast<int16_t>(count);
    args.sums[i] = static_cast<int16_t>(sum);
  }
}

void BlendMatched_scalar(const BlendMatchedArgs& args) {
  static_assert(kMatchParts * kMatchSteps == 1 << 9);
  for (size_t i = 0; i < args.n; ++i) {
    const int field = args.above[i] * (kMatchSteps - args.part) + args.below[i] * args.part;
    const int level = (field + (1 << 8) + (field < 0 ? -1 : 0)) >> 9;
    const int roi = args.roi[i], matched = std::clamp(args.mouth[i] + level, 0, 255);
    const int weight = args.weights[i] * 128 + args.weights[i] / 2;  // 255 becomes 2^15 - 1, near enough to 1
    args.out[i] = static_cast<uint8_t>(roi + ((weight * (matched - roi) + (1 << 14)) >> 15));
  }
}

}  // namespace lips::kernels

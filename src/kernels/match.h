// The two steps, over samples, of taking one picture's colours to another's and blending it in (composite/natural.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace lips::kernels {

constexpr int kMatchOther = 40;       // levels apart, two samples have nothing to do with each other
constexpr int kMatchMostWeight = 10;  // with which a column of kMatchMostRows cannot leave 16 bits
constexpr int kMatchMostRows = 8;

// Columns of `rows` <= kMatchMostRows samples, one row `stride` bytes behind the other in all three pictures. With the
// difference d = to - from and what it counts, k = weight * max(kMatchOther - |d|, 0):
//
//   counts[i] = sum over the column of k
//   sums[i]   = sum over the column of k * d
//
// for n samples. Weights are at most kMatchMostWeight. Nothing past n is read or written.
struct MatchSumsArgs {
  const uint8_t* from;
  const uint8_t* to;
  const uint8_t* weights;
  ptrdiff_t from_stride, to_stride, weights_stride;
  int rows;
  size_t n;
  int16_t* counts;
  int16_t* sums;
};
using MatchSumsFn = void(const MatchSumsArgs& args);

constexpr int kMatchParts = 16;  // of a level, in which the rows of a field count
constexpr int kMatchSteps = 32;  // from one row of a field to the next

// The samples of `mouth`, matched by a field, over those of `roi`, for n samples:
//
//   field  = (above * (kMatchSteps - part) + below * part) / (kMatchParts * kMatchSteps), to the nearest level, halves
//            towards zero
//   out[i] = roi + weight / 255 * (clamp(mouth + field) - roi), rounded; roi itself where mouth + field is
//
// `above` and `below` are within +-63 levels, `part` in 0 .. kMatchSteps. `out` overlaps nothing; nothing past n is
// read or written.
struct BlendMatchedArgs {
  const uint8_t* roi;
  const uint8_t* mouth;
  const uint8_t* weights;
  const int16_t* above;
  const int16_t* below;
  int part;
  size_t n;
  uint8_t* out;
};
using BlendMatchedFn = void(const BlendMatchedArgs& args);

MatchSumsFn MatchSums_scalar;  // the definitions; every other one equals them bit for bit
MatchSumsFn MatchSums_avx2;
MatchSumsFn MatchSums_avx512;

BlendMatchedFn BlendMatched_scalar;
BlendMatchedFn BlendMatched_avx2;
BlendMatchedFn BlendMatched_avx512;

}  // namespace lips::kernels

// The body of the matrix kernels; matrix.h says what they do.
//
// A tile is kPixels pixels by kVectors vectors of columns, whose sums stay in registers while k runs: one broadcast
// feeds kVectors multiply-adds and one load of weights kPixels, so neither loads nor stores limit the arithmetic. The
// tile shapes use the registers there are: 24 sums of 32 with AVX-512, 12 of 16 with AVX2.
#pragma once

#include "kernels/float_lanes.h"
#include "kernels/matrix.h"

#if defined(LIPS_SIMDE)  // emulated vectors live in memory: copies of loop bodies would only take minutes to compile
#define LIPS_INLINE inline
#define LIPS_UNROLL(times)
#else
#if defined(LIPS_CHECKED)  // by sanitizers: forced, it compiles four times as long, and runs 1.2 times as fast
#define LIPS_INLINE inline
#else
#define LIPS_INLINE inline __attribute__((always_inline))
#endif
#define LIPS_PRAGMA(text) _Pragma(#text)
#define LIPS_UNROLL(times) LIPS_PRAGMA(GCC unroll times)
#endif

// NOLINTBEGIN(misc-definitions-in-headers): included once by one source file of each instruction set
namespace lips::kernels {
namespace {

LIPS_INLINE F PlusBias(const MatrixArgs& args, F v, size_t c) {
  return args.bias != nullptr ? Add(v, LoadFloats(args.bias + c)) : v;
}

// The sums of one vector of columns, how a group of 4 bytes of x and of weights goes into them, and what they are with
// the bias.
struct GroupF32 {
  static constexpr size_t kWeightBytes = 4;  // of a group of one column
  static constexpr bool kInParts = true;     // of kPartSteps
  using Sum = F;
  static LIPS_INLINE Sum Zero() { return ZeroFloats(); }
  static LIPS_INLINE F Spread(const uint8_t* x) {
    float value;
    __builtin_memcpy(&value, x, sizeof(value));
    return SetFloats(value);
  }
  static LIPS_INLINE F Weights(const uint8_t* w) { return LoadFloats(reinterpret_cast<const float*>(w)); }
  static LIPS_INLINE Sum Feed(Sum sum, F x, F w) { return MulAdd(x, w, sum); }
  static LIPS_INLINE F Finish(const MatrixArgs& args, Sum sum, size_t c) { return PlusBias(args, sum, c); }
};

struct GroupWide {
  static constexpr size_t kWeightBytes = 8;
  static constexpr bool kInParts = false;
  using Sum = D;
  static LIPS_INLINE Sum Zero() { return ZeroDoubles(); }
  static LIPS_INLINE D Spread(const uint8_t* x) {
    float value;
    __builtin_memcpy(&value, x, sizeof(value));
    return SetDoubles(value);
  }
  static LIPS_INLINE D Weights(const uint8_t* w) { return LoadDoubles(reinterpret_cast<const double*>(w)); }
  static LIPS_INLINE Sum Feed(Sum sum, D x, D w) { return MulAdd(x, w, sum); }
  static LIPS_INLINE F Finish(const MatrixArgs& args, Sum sum, size_t c) {
    return ToFloats(args.wide_bias != nullptr ? Add(sum, LoadDoubles(args.wide_bias + c)) : sum);
  }
};

LIPS_INLINE Vec SpreadGroup(const uint8_t* x) {
  int32_t group;
  __builtin_memcpy(&group, x, sizeof(group));
  return Set32(group);
}

struct GroupBf16 {
  static constexpr size_t kWeightBytes = 4;
  static constexpr bool kInParts = false;
  using Sum = F;
  static LIPS_INLINE Sum Zero() { return ZeroFloats(); }
  static LIPS_INLINE Vec Spread(const uint8_t* x) { return SpreadGroup(x); }
  static LIPS_INLINE Vec Weights(const uint8_t* w) { return Load(w); }
#if defined(LIPS_SIMDE) || defined(__AVX512BW__)
  static LIPS_INLINE Sum Feed(Sum sum, Vec x, Vec w) { return DotBf16(sum, x, w); }
#else
  static LIPS_INLINE Sum Feed(Sum sum, Vec x, Vec w) {
    const Vec high = Set32(static_cast<int32_t>(0xffff0000));
    sum = MulAdd(FloatsOf(And(x, high)), FloatsOf(And(w, high)), sum);
    return MulAdd(FloatsOf(_mm256_slli_epi32(x, 16)), FloatsOf(_mm256_slli_epi32(w, 16)), sum);
  }
#endif
  static LIPS_INLINE F Finish(const MatrixArgs& args, Sum sum, size_t c) { return PlusBias(args, sum, c); }
};

struct GroupU8 {
  static constexpr size_t kWeightBytes = 4;
  static constexpr bool kInParts = false;
  using Sum = Vec;
  static LIPS_INLINE Sum Zero() { return lips::kernels::Zero(); }
  static LIPS_INLINE Vec Spread(const uint8_t* x) { return SpreadGroup(x); }
  static LIPS_INLINE Vec Weights(const uint8_t* w) { return Load(w); }
#if defined(LIPS_SIMDE)
  static LIPS_INLINE Sum Feed(Sum sum, Vec x, Vec w) { return DotBytes(sum, x, w); }
#elif !defined(__AVX512BW__)
  // Pairs of 16-bit products, since those of bytes saturate: the even bytes, then the odd ones.
  static LIPS_INLINE Sum Feed(Sum sum, Vec x, Vec w) {
    const Vec even = _mm256_madd_epi16(And(x, Set32(0x00ff00ff)), _mm256_srai_epi16(_mm256_slli_epi16(w, 8), 8));
    const Vec odd = _mm256_madd_epi16(_mm256_srli_epi16(x, 8), _mm256_srai_epi16(w, 8));
    return _mm256_add_epi32(_mm256_add_epi32(sum, even), odd);
  }
#else
  // DotBytes by hand: GCC 12 copies each sum before the intrinsic adds to it and keeps the copies on the stack.
  static LIPS_INLINE Sum Feed(Sum sum, Vec x, Vec w) {
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(w));
    return sum;
  }
#endif
  static LIPS_INLINE F Finish(const MatrixArgs& args, Sum sum, size_t c) {
    return PlusBias(args, Mul(FloatsFrom32(sum), LoadFloats(args.scale + c)), c);
  }
};

LIPS_INLINE F LoadAny(NumberType type, const void* row, size_t i, const Quantisation& q, size_t c) {
  switch (type) {
    case NumberType::kF32: return LoadNumbers<NumberType::kF32>(row, i, q, c);
    case NumberType::kBf16: return LoadNumbers<NumberType::kBf16>(row, i, q, c);
    case NumberType::kU8: break;
  }
  return LoadNumbers<NumberType::kU8>(row, i, q, c);
}

// The sums of one pixel with their bias to their places: pixel p of the call, columns from c on. What is the same for
// all vectors stands before their loop, which has no branch for the common case of nothing to add.
template <NumberType kOut, bool kLine, size_t kVectors>
LIPS_INLINE void Finish(const MatrixArgs& args, size_t p, size_t c, F (&v)[kVectors]) {
  if (args.addend != nullptr) {
    LIPS_UNROLL(4)
    for (size_t n = 0; n < kVectors; ++n) {
      const size_t at = c + n * kFloats;
      v[n] =
          Add(v[n], LoadAny(args.addend_type, args.addend, p * args.addend_stride + at, args.addend_quantisation, at));
    }
  }
  if constexpr (kLine) {
    const size_t first = static_cast<size_t>(args.at[p]) + c;
    const float* slope = args.slope + first;
    const float* line = args.line + first;
    const F fraction = SetFloats(args.fraction[p]);
    LIPS_UNROLL(4)
    for (size_t n = 0; n < kVectors; ++n) {
      v[n] = Add(v[n], MulAdd(fraction, LoadFloats(slope + n * kFloats), LoadFloats(line + n * kFloats)));
    }
  }
  if (args.relu) {
    LIPS_UNROLL(4)
    for (size_t n = 0; n < kVectors; ++n) v[n] = Max(ZeroFloats(), v[n]);  // in this order NaN stays NaN
  }
  LIPS_UNROLL(4)
  for (size_t n = 0; n < kVectors; ++n) {
    const size_t at = c + n * kFloats;
    StoreNumbers<kOut>(args.y, p * args.y_stride + at, v[n], args.y_quantisation, at);
  }
}

// `sums` become those of the next `steps` groups of a tile; `x` and `weights` move on behind them.
template <typename Group, size_t kPixels, size_t kVectors>
LIPS_INLINE void Sums(int steps, size_t x_stride, size_t panel_bytes, const uint8_t*& x, const uint8_t*& weights,
                      typename Group::Sum (&sums)[kPixels][kVectors]) {
  LIPS_UNROLL(24)
  for (size_t p = 0; p < kPixels; ++p) {
    LIPS_UNROLL(4)
    for (size_t n = 0; n < kVectors; ++n) sums[p][n] = Group::Zero();
  }
  for (int k = 0; k < steps; ++k) {
    decltype(Group::Weights(weights)) w[kVectors];
    LIPS_UNROLL(4)
    for (size_t n = 0; n < kVectors; ++n) w[n] = Group::Weights(weights + n * Group::kWeightBytes * kFloats);
    LIPS_UNROLL(24)
    for (size_t p = 0; p < kPixels; ++p) {
      const auto spread = Group::Spread(x + p * x_stride);
      LIPS_UNROLL(4)
      for (size_t n = 0; n < kVectors; ++n) sums[p][n] = Group::Feed(sums[p][n], spread, w[n]);
    }
    weights += panel_bytes;
    x += 4;
  }
}

template <typename Group, NumberType kOut, bool kLine, size_t kPixels, size_t kVectors>
LIPS_INLINE void Tile(const MatrixArgs& args, size_t pixel, size_t column, const uint8_t* weights, size_t panel_bytes) {
  typename Group::Sum sums[kPixels][kVectors];
  const uint8_t* x = static_cast<const uint8_t*>(args.x) + pixel * args.x_stride_bytes;
  const int first = Group::kInParts ? (args.steps < kPartSteps ? args.steps : kPartSteps) : args.steps;
  Sums<Group, kPixels, kVectors>(first, args.x_stride_bytes, panel_bytes, x, weights, sums);
  if constexpr (Group::kInParts) {
    for (int k = first; k < args.steps; k += kPartSteps) {
      typename Group::Sum part[kPixels][kVectors];  // in registers, while `sums` wait in memory
      Sums<Group, kPixels, kVectors>(args.steps - k < kPartSteps ? args.steps - k : kPartSteps, args.x_stride_bytes,
                                     panel_bytes, x, weights, part);
      LIPS_UNROLL(24)
      for (size_t p = 0; p < kPixels; ++p) {
        LIPS_UNROLL(4)
        for (size_t n = 0; n < kVectors; ++n) sums[p][n] = Add(sums[p][n], part[p][n]);
      }
    }
  }
  LIPS_UNROLL(24)
  for (size_t p = 0; p < kPixels; ++p) {
    F v[kVectors];
    LIPS_UNROLL(4)
    for (size_t n = 0; n < kVectors; ++n) v[n] = Group::Finish(args, sums[p][n], column + n * kFloats);
    Finish<kOut, kLine, kVectors>(args, pixel + p, column, v);
  }
}

template <typename Group, NumberType kOut, bool kLine, size_t kPixels, size_t kVectors>
LIPS_INLINE void Columns(const MatrixArgs& args, size_t column, const uint8_t* weights, size_t panel_bytes) {
  const auto rows = static_cast<size_t>(args.rows);
  size_t pixel = 0;
  for (; pixel + kPixels <= rows; pixel += kPixels) {
    Tile<Group, kOut, kLine, kPixels, kVectors>(args, pixel, column, weights, panel_bytes);
  }
  for (; pixel + 4 <= rows; pixel += 4)
    Tile<Group, kOut, kLine, 4, kVectors>(args, pixel, column, weights, panel_bytes);
  for (; pixel < rows; ++pixel) Tile<Group, kOut, kLine, 1, kVectors>(args, pixel, column, weights, panel_bytes);
}

template <typename Group, NumberType kOut, bool kLine>
void Matrix(const MatrixArgs& given) {
  const MatrixArgs args = given;  // a copy that no store can change, so that it is read once
  const auto* weights = static_cast<const uint8_t*>(args.weights);
  constexpr size_t kWeightBytes = Group::kWeightBytes;
  const size_t group = args.steps > 0 ? kWeightBytes : 0;  // without steps the weights may be null
  for (size_t column = 0; column < static_cast<size_t>(args.columns);) {
    const auto width = static_cast<size_t>(PanelWidth(args.columns - static_cast<int>(column)));
    if constexpr (sizeof(typename Group::Sum) > sizeof(F)) {
      for (size_t part = 0; part < width; part += kFloats) {
        Columns<Group, kOut, kLine, 4, 1>(args, column + part, weights + part * group, width * kWeightBytes);
      }
    } else if constexpr (kFloats == 16) {
      if (width == 64) {
        Columns<Group, kOut, kLine, 6, 4>(args, column, weights, width * kWeightBytes);
      } else if (width == 32) {
        Columns<Group, kOut, kLine, 12, 2>(args, column, weights, width * kWeightBytes);
      } else {
        Columns<Group, kOut, kLine, 16, 1>(args, column, weights, width * kWeightBytes);
      }
    } else {
      for (size_t part = 0; part < width; part += 16) {
        Columns<Group, kOut, kLine, 6, 2>(args, column + part, weights + part * group, width * kWeightBytes);
      }
    }
    weights += width * group * static_cast<size_t>(args.steps);
    column += width;
  }
}

template <typename Group>
LIPS_INLINE void MatrixOf(const MatrixArgs& args) {
  if (args.line != nullptr) {
    Matrix<Group, NumberType::kF32, true>(args);
  } else if (args.y_type == NumberType::kF32) {
    Matrix<Group, NumberType::kF32, false>(args);
  } else if (args.y_type == NumberType::kBf16) {
    Matrix<Group, NumberType::kBf16, false>(args);
  } else {
    Matrix<Group, NumberType::kU8, false>(args);
  }
}

}  // namespace

void LIPS_ISA(MatrixF32)(const MatrixArgs& args) { args.wide ? MatrixOf<GroupWide>(args) : MatrixOf<GroupF32>(args); }
void LIPS_ISA(MatrixBf16)(const MatrixArgs& args) { MatrixOf<GroupBf16>(args); }
void LIPS_ISA(MatrixU8)(const MatrixArgs& args) { MatrixOf<GroupU8>(args); }

}  // namespace lips::kernels
// NOLINTEND(misc-definitions-in-headers)

#undef LIPS_INLINE
#undef LIPS_UNROLL

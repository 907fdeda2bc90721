#include "kernels/unit.h"

#include "kernels/interleave_inl.h"

namespace lips::kernels {
namespace {

// out[i] = samples[i] / 255 for 32 samples. A true division: multiplying by 1 / 255 would round differently.
inline void StoreUnit(float* out, Vec samples) {
  const __m256 scale = _mm256_set1_ps(255.0f);
  const __m128i quarters[4] = {_mm256_castsi256_si128(samples), _mm_srli_si128(_mm256_castsi256_si128(samples), 8),
                               _mm256_extracti128_si256(samples, 1),
                               _mm_srli_si128(_mm256_extracti128_si256(samples, 1), 8)};
  for (int i = 0; i < 4; ++i) {
    const __m256 value = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(quarters[i]));
    _mm256_storeu_ps(out + 8 * i, _mm256_div_ps(value, scale));
  }
}

// trunc(clamp(value, 0, 1) * 255) as 32-bit integers; marks lanes that are not finite in `bad`.
inline __m256i ToLevels(const float* values, __m256i& bad) {
  const __m256 v = _mm256_loadu_ps(values);
  const __m256i magnitude = _mm256_and_si256(_mm256_castps_si256(v), _mm256_set1_epi32(0x7fffffff));
  bad = _mm256_or_si256(bad, _mm256_cmpgt_epi32(magnitude, _mm256_set1_epi32(0x7f7fffff)));
  const __m256 clamped = _mm256_min_ps(_mm256_max_ps(v, _mm256_setzero_ps()), _mm256_set1_ps(1.0f));
  return _mm256_cvttps_epi32(_mm256_mul_ps(clamped, _mm256_set1_ps(255.0f)));
}

// 32 samples.
inline Vec LoadLevels(const float* values, __m256i& bad) {
  const Vec low = Pack32To16(ToLevels(values, bad), ToLevels(values + 8, bad));
  const Vec high = Pack32To16(ToLevels(values + 16, bad), ToLevels(values + 24, bad));
  return Transpose32(Pack16To8(low, high));
}

}  // namespace

void UnitFromBgrRow_avx2(float* b, float* g, float* r, const uint8_t* bgr, size_t n) {
  if (n < kBytes) return UnitFromBgrRow_scalar(b, g, r, bgr, n);
  for (size_t i = 0; i < n; i += kBytes) {
    if (i + kBytes > n) i = n - kBytes;  // the last step overlaps its neighbour instead of leaving a remainder
    const BgrVecs v = LoadBgr(bgr + 3 * i);
    StoreUnit(b + i, v.b);
    StoreUnit(g + i, v.g);
    StoreUnit(r + i, v.r);
  }
}

bool BgrFromUnitRow_avx2(uint8_t* bgr, const float* b, const float* g, const float* r, size_t n) {
  if (n < kBytes) return BgrFromUnitRow_scalar(bgr, b, g, r, n);
  __m256i bad = _mm256_setzero_si256();
  for (size_t i = 0; i < n; i += kBytes) {
    if (i + kBytes > n) i = n - kBytes;
    StoreBgr(bgr + 3 * i, {LoadLevels(b + i, bad), LoadLevels(g + i, bad), LoadLevels(r + i, bad)});
  }
  return _mm256_testz_si256(bad, bad) != 0;
}

}  // namespace lips::kernels

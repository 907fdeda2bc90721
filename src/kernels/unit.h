// 8-bit interleaved B, G, R rows to planes of floats in [0, 1], and back.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lips::kernels {

// b[i], g[i], r[i] = bgr / 255.0f (the correctly rounded quotient) for n pixels. Nothing past n is read or written.
using UnitFromBgrRowFn = void(float* b, float* g, float* r, const uint8_t* bgr, size_t n);

// bgr = trunc(clamp(value, 0, 1) * 255.0f) for n pixels. Returns whether every value was finite; a pixel with one that
// was not is unspecified. Nothing past n is read or written.
using BgrFromUnitRowFn = bool(uint8_t* bgr, const float* b, const float* g, const float* r, size_t n);

UnitFromBgrRowFn UnitFromBgrRow_scalar;  // the definitions; every other one equals them bit for bit
UnitFromBgrRowFn UnitFromBgrRow_avx2;

BgrFromUnitRowFn BgrFromUnitRow_scalar;
BgrFromUnitRowFn BgrFromUnitRow_avx2;

}  // namespace lips::kernels

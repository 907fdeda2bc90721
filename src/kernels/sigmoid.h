// The last step of a picture network: sigmoids, and their 8-bit pixels.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lips::kernels {

// sigmoid(x) = 1 / (1 + 2^t), t = clamp(x, -87, 87) * -log2(e), with 2^t = 2^(t - n) 2^n for the whole number n nearest
// to t, and 2^(t - n) by a polynomial: the one through seven Chebyshev nodes of [-1/2, 1/2], off by 2e-8 of the value.
// Every product and sum of the polynomial is rounded once, together. Within 1e-7 of the true value everywhere;
// exactly 1 from 17.5 on, below 2e-38 but not 0 from -87 down. NaN gives NaN.
constexpr float kSigmoidLimit = 87.0f;  // keeps n, and 2^t, within what a normal float holds
constexpr float kMinusLog2E = -1.44269504f;
constexpr float kExp2Factors[] = {1.54614449e-4f,
                                  1.34004280e-3f,
                                  9.61805694e-3f,
                                  5.55032715e-2f,
                                  2.40226507e-1f,
                                  6.93147182e-1f,
                                  1.0f};  // the highest power first

// out[i] = sigmoid(in[i]) for n values; out may be in. Returns whether every in[i] was finite.
using SigmoidRowFn = bool(float* out, const float* in, size_t n);

// bgr[3 i + c] = trunc(sigmoid(pixels[i * pixel_stride + c]) * 255.0f) for i < n and c < 3. Four floats are read from
// every pixel, so pixel_stride is at least 4. Returns whether all of channels 0..2 were finite; a pixel with one that
// was not is unspecified. Nothing past n is written.
using SigmoidBgrRowFn = bool(uint8_t* bgr, const float* pixels, size_t pixel_stride, size_t n);

SigmoidRowFn SigmoidRow_scalar;  // the definitions; every other one equals them bit for bit
SigmoidRowFn SigmoidRow_avx2;
SigmoidRowFn SigmoidRow_avx512;

SigmoidBgrRowFn SigmoidBgrRow_scalar;
SigmoidBgrRowFn SigmoidBgrRow_avx2;
SigmoidBgrRowFn SigmoidBgrRow_avx512;

}  // namespace lips::kernels

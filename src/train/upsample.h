// Bilinear doubling with aligned corners of a part of a map, and its gradient: what training needs and PyTorch's
// kernels lack (they know no parts, and their gradient takes longer than the convolutions around it).
#pragma once

#include <cstdint>
#include <vector>

namespace lips {

// Along one axis: output j reads inputs from[j] and from[j] + 1 with weights 1 - share[j] and share[j].
//
// The part is inputs [offset, offset + size) of `whole`; outputs [2 offset, 2 (offset + size)). Output j of the whole
// lies at j (whole - 1) / (2 whole - 1); what would read outside the part reads its edge. size >= 2 (a lone input is
// repeated).
struct UpsampleAxis {
  UpsampleAxis(int count, int offset, int whole);  // `size` becomes `count`
  int size = 0;
  std::vector<int> from;
  std::vector<float> share;
};

// `in` is [rows.size, columns.size, channels], channels innermost; `out` is twice as high and wide.
// Numbers are f32 or bf16 (uint16_t holds the bits); sums are made in f32.
template <typename Number>
void Upsample(const UpsampleAxis& rows, const UpsampleAxis& columns, int channels, const Number* in, Number* out);

// The transposed map: from the gradient of `out` to that of `in`.
template <typename Number>
void UpsampleGradient(const UpsampleAxis& rows, const UpsampleAxis& columns, int channels, const Number* out_gradient,
                      Number* in_gradient);

}  // namespace lips

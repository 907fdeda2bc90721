#include "engine/reference/element_map.h"

#include <cstring>

namespace lips {
namespace {

template <typename T>
void Move(const Tensor& in, const AxisTables& tables, const uint8_t* fill, Tensor& out) {
  const T* from = reinterpret_cast<const T*>(in.data());
  T* to = reinterpret_cast<T*>(out.data());
  T filler = {};
  if (fill != nullptr) std::memcpy(&filler, fill, sizeof(T));
  if (tables.empty()) {
    *to = *from;
    return;
  }
  const std::vector<int64_t>& last = tables.back();
  const size_t outer = tables.size() - 1;
  std::vector<size_t> position(outer);
  for (int64_t done = 0; done < out.size(); done += static_cast<int64_t>(last.size())) {
    int64_t base = 0;
    bool outside = false;
    for (size_t axis = 0; axis < outer; ++axis) {
      const int64_t offset = tables[axis][position[axis]];
      outside = outside || offset == kFill;
      base += offset;
    }
    for (const int64_t offset : last) *to++ = outside || offset == kFill ? filler : from[base + offset];
    for (size_t axis = outer; axis-- > 0;) {
      if (++position[axis] < tables[axis].size()) break;
      position[axis] = 0;
    }
  }
}

}  // namespace

void MoveElements(const Tensor& in, const AxisTables& tables, const uint8_t* fill, Tensor& out) {
  if (out.size() == 0) return;
  switch (SizeOf(in.dtype())) {
    case 1: Move<uint8_t>(in, tables, fill, out); break;
    case 2: Move<uint16_t>(in, tables, fill, out); break;
    case 4: Move<uint32_t>(in, tables, fill, out); break;
    default: Move<uint64_t>(in, tables, fill, out); break;
  }
}

std::vector<int64_t> StridesOf(const Dims& dims) {
  std::vector<int64_t> strides(dims.size());
  int64_t stride = 1;
  for (size_t axis = dims.size(); axis-- > 0;) {
    strides[axis] = stride;
    stride *= dims[axis];
  }
  return strides;
}

Dims DimsOf(const AxisTables& tables) {
  Dims dims;
  for (const auto& table : tables) dims.push_back(static_cast<int64_t>(table.size()));
  return dims;
}

std::vector<int64_t> WholeAxis(int64_t dim, int64_t stride) {
  std::vector<int64_t> table(static_cast<size_t>(dim));
  for (int64_t i = 0; i < dim; ++i) table[static_cast<size_t>(i)] = i * stride;
  return table;
}

}  // namespace lips

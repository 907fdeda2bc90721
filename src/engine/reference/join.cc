// Operators that join or pick blocks along one axis.
#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "engine/reference/operator.h"

namespace lips {
namespace {

// A tensor seen as [outer, dim, inner] around one axis; inner in bytes.
struct AxisView {
  int64_t outer = 0;
  int64_t dim = 0;
  size_t inner_bytes = 0;
};

AxisView ViewAround(const Tensor& tensor, size_t axis) {
  const Dims& dims = tensor.dims();
  return {Product(dims, 0, axis), dims[axis],
          static_cast<size_t>(Product(dims, axis + 1, dims.size())) * SizeOf(tensor.dtype())};
}

Status Concat(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* first, call.Input(0));
  Dims dims = first->dims();
  ASSIGN_OR_RETURN(const size_t axis, ResolveAxis(call.node().Int("axis", 0), dims.size()));
  dims[axis] = 0;
  for (size_t i = 0; i < call.input_count(); ++i) {
    ASSIGN_OR_RETURN(const Tensor* part, call.Input(i));
    Dims rest = part->dims();
    const int64_t length = axis < rest.size() ? rest[axis] : 0;
    if (axis < rest.size()) rest[axis] = dims[axis];
    if (rest != dims || part->dtype() != first->dtype()) {
      return Error(ErrorCode::kCorrupted, ToString(first->dims()) + " and " + ToString(part->dims()) +
                                              " do not join along axis " + std::to_string(axis));
    }
    dims[axis] += length;
  }
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, first->dtype(), dims));
  const AxisView to = ViewAround(*out, axis);
  const size_t row = static_cast<size_t>(to.dim) * to.inner_bytes;
  size_t begin = 0;
  for (size_t i = 0; i < call.input_count(); ++i) {
    const AxisView from = ViewAround(*call.Optional(i), axis);
    const size_t bytes = static_cast<size_t>(from.dim) * from.inner_bytes;
    for (size_t o = 0; bytes > 0 && o < static_cast<size_t>(to.outer); ++o) {
      std::memcpy(out->data() + o * row + begin, call.Optional(i)->data() + o * bytes, bytes);
    }
    begin += bytes;
  }
  return {};
}

// The parts' lengths: given, or as equal as they go with the last one smaller.
Result<std::vector<int64_t>> SplitLengths(const OperatorCall& call, int64_t dim) {
  if (call.Optional(1) != nullptr) return call.Integers(1);
  std::vector<int64_t> lengths = call.node().Ints("split");
  if (!lengths.empty()) return lengths;
  const auto parts = static_cast<int64_t>(call.output_count());
  if (parts == 0) return Error(ErrorCode::kCorrupted, "no outputs");
  const int64_t length = (dim + parts - 1) / parts;
  for (int64_t i = 0; i < parts; ++i) lengths.push_back(std::clamp<int64_t>(dim - i * length, 0, length));
  return lengths;
}

Status Split(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* in, call.Input(0));
  ASSIGN_OR_RETURN(const size_t axis, ResolveAxis(call.node().Int("axis", 0), in->dims().size()));
  const AxisView from = ViewAround(*in, axis);
  ASSIGN_OR_RETURN(const std::vector<int64_t> lengths, SplitLengths(call, from.dim));
  int64_t left = from.dim;
  bool fits = lengths.size() == call.output_count();
  for (const int64_t length : lengths) {
    fits = fits && length >= 0 && length <= left;
    left -= fits ? length : 0;
  }
  if (!fits || left != 0) {
    return Error(ErrorCode::kCorrupted, "axis of " + std::to_string(from.dim) + " into parts " + ToString(lengths));
  }
  size_t begin = 0;
  for (size_t i = 0; i < lengths.size(); ++i) {
    Dims dims = in->dims();
    dims[axis] = lengths[i];
    ASSIGN_OR_RETURN(Tensor * out, call.Make(i, in->dtype(), dims));
    const size_t bytes = static_cast<size_t>(lengths[i]) * from.inner_bytes;
    for (size_t o = 0; bytes > 0 && o < static_cast<size_t>(from.outer); ++o) {
      std::memcpy(out->data() + o * bytes, in->data() + o * static_cast<size_t>(from.dim) * from.inner_bytes + begin,
                  bytes);
    }
    begin += bytes;
  }
  return {};
}

Status Gather(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* in, call.Input(0));
  ASSIGN_OR_RETURN(const Tensor* picks, call.Input(1));
  ASSIGN_OR_RETURN(const std::vector<int64_t> indices, call.Integers(1));
  ASSIGN_OR_RETURN(const size_t axis, ResolveAxis(call.node().Int("axis", 0), in->dims().size()));
  const AxisView from = ViewAround(*in, axis);
  for (const int64_t index : indices) {
    if (index >= -from.dim && index < from.dim) continue;
    return Error(ErrorCode::kCorrupted,
                 "index " + std::to_string(index) + " of an axis with " + std::to_string(from.dim) + " elements");
  }
  Dims dims = in->dims();
  dims.erase(dims.begin() + static_cast<ptrdiff_t>(axis));
  dims.insert(dims.begin() + static_cast<ptrdiff_t>(axis), picks->dims().begin(), picks->dims().end());
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, in->dtype(), dims));
  if (out->size() == 0) return {};
  uint8_t* to = out->data();
  for (int64_t o = 0; o < from.outer; ++o) {
    for (const int64_t index : indices) {
      const int64_t block = o * from.dim + (index < 0 ? index + from.dim : index);
      std::memcpy(to, in->data() + static_cast<size_t>(block) * from.inner_bytes, from.inner_bytes);
      to += from.inner_bytes;
    }
  }
  return {};
}

constexpr std::array kOperators = {OperatorEntry{"Concat", Concat}, OperatorEntry{"Split", Split},
                                   OperatorEntry{"Gather", Gather}};

}  // namespace

std::span<const OperatorEntry> JoinOperators() { return kOperators; }

}  // namespace lips

// Operators about shapes and types: the elements stay as they are, or are integers that describe a shape.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "engine/reference/operator.h"

namespace lips {
namespace {

Status CopyAs(OperatorCall& call, const Tensor& in, const Dims& dims) {
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, in.dtype(), dims));
  if (in.bytes() > 0) std::memcpy(out->data(), in.data(), in.bytes());
  return {};
}

Status Identity(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* in, call.Input(0));
  return CopyAs(call, *in, in->dims());
}

Status Reshape(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* in, call.Input(0));
  ASSIGN_OR_RETURN(Dims dims, call.Integers(1));
  const Error mismatch(ErrorCode::kCorrupted, ToString(in->dims()) + " does not reshape to " + ToString(dims));
  const bool allow_zero = call.node().Int("allowzero", 0) != 0;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] != 0 || allow_zero) continue;
    if (i >= in->dims().size()) return mismatch;
    dims[i] = in->dims()[i];
  }
  const auto unknown = std::ranges::find(dims, -1);
  if (unknown != dims.end()) *unknown = 1;
  const auto known = ElementCount(dims);
  if (!known.ok()) return mismatch;  // a second -1 is negative too
  if (unknown != dims.end()) {
    if (known.value() == 0 || in->size() % known.value() != 0) return mismatch;
    *unknown = in->size() / known.value();
  } else if (known.value() != in->size()) {
    return mismatch;
  }
  return CopyAs(call, *in, dims);
}

Status Flatten(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* in, call.Input(0));
  const size_t rank = in->dims().size();
  const int64_t axis = call.node().Int("axis", 1);
  size_t split = rank;  // unlike elsewhere, an axis may be the rank itself
  if (axis != static_cast<int64_t>(rank)) {
    ASSIGN_OR_RETURN(split, ResolveAxis(axis, rank));
  }
  return CopyAs(call, *in, {Product(in->dims(), 0, split), Product(in->dims(), split, rank)});
}

// `axes` became an input with opset 13.
Result<std::vector<int64_t>> ReadAxes(const OperatorCall& call) {
  if (call.Optional(1) != nullptr) return call.Integers(1);
  return call.node().Ints("axes");
}

Status Squeeze(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* in, call.Input(0));
  ASSIGN_OR_RETURN(const std::vector<int64_t> axes, ReadAxes(call));
  const Dims& dims = in->dims();
  std::vector<bool> drop(dims.size());
  for (size_t i = 0; i < dims.size(); ++i) drop[i] = axes.empty() && dims[i] == 1;
  for (const int64_t axis : axes) {
    ASSIGN_OR_RETURN(const size_t index, ResolveAxis(axis, dims.size()));
    if (dims[index] != 1)
      return Error(ErrorCode::kCorrupted, "axis " + std::to_string(axis) + " of " + ToString(dims) + " is not 1");
    drop[index] = true;
  }
  Dims kept;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (!drop[i]) kept.push_back(dims[i]);
  }
  return CopyAs(call, *in, kept);
}

Status Unsqueeze(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* in, call.Input(0));
  ASSIGN_OR_RETURN(const std::vector<int64_t> axes, ReadAxes(call));
  constexpr size_t kMaxRank = 64;  // axes are data: no shape needs more
  const size_t rank = in->dims().size() + axes.size();
  if (rank > kMaxRank) return Error(ErrorCode::kResourceLimit, std::to_string(rank) + " dimensions");
  std::vector<bool> added(rank);
  for (const int64_t axis : axes) {
    ASSIGN_OR_RETURN(const size_t index, ResolveAxis(axis, rank));
    if (added[index]) return Error(ErrorCode::kCorrupted, "axis " + std::to_string(axis) + " twice");
    added[index] = true;
  }
  Dims dims;
  auto next = in->dims().begin();
  for (size_t i = 0; i < rank; ++i) dims.push_back(added[i] ? 1 : *next++);
  return CopyAs(call, *in, dims);
}

Status MakeIntegers(OperatorCall& call, const std::vector<int64_t>& values, const Dims& dims) {
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, DType::kI64, dims));
  std::ranges::copy(values, out->As<int64_t>().begin());
  return {};
}

Status Shape(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* in, call.Input(0));
  const auto rank = static_cast<int64_t>(in->dims().size());
  const auto clamp = [rank](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + rank : i, 0, rank); };
  const int64_t begin = clamp(call.node().Int("start", 0));
  const int64_t end = std::max(begin, clamp(call.node().Int("end", rank)));
  return MakeIntegers(call, {in->dims().begin() + begin, in->dims().begin() + end}, {end - begin});
}

Status Size(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* in, call.Input(0));
  return MakeIntegers(call, {in->size()}, {});
}

Tensor AsEngineType(const Tensor& tensor) { return IsFloating(tensor.dtype()) ? ToF64(tensor) : tensor.Clone(); }

Status Constant(OperatorCall& call) {
  const Node& node = call.node();
  Tensor value;
  if (const Tensor* tensor = node.TensorAttribute("value"); tensor != nullptr) {
    value = AsEngineType(*tensor);
  } else if (node.attributes.contains("value_int")) {
    value = Tensor::Of<int64_t>({}, std::array{node.Int("value_int", 0)});
  } else if (node.attributes.contains("value_float")) {
    value = Tensor::Of<double>({}, std::array{double{node.Float("value_float", 0)}});
  } else if (const auto found = node.attributes.find("value_ints"); found != node.attributes.end()) {
    const std::vector<int64_t> values = node.Ints("value_ints");
    value = Tensor::Of<int64_t>({static_cast<int64_t>(values.size())}, values);
  } else if (const auto floats = node.attributes.find("value_floats");
             floats != node.attributes.end() && std::holds_alternative<std::vector<float>>(floats->second)) {
    const auto& given = std::get<std::vector<float>>(floats->second);
    const std::vector<double> values(given.begin(), given.end());
    value = Tensor::Of<double>({static_cast<int64_t>(values.size())}, values);
  } else {
    return Error(ErrorCode::kUnsupported, "neither a tensor nor a number");
  }
  return CopyAs(call, value, value.dims());
}

// Repeats the element at the front of `out`.
void FillWithFirst(Tensor& out) {
  const size_t element = SizeOf(out.dtype());
  for (size_t filled = element; filled < out.bytes(); filled *= 2) {
    std::memcpy(out.data() + filled, out.data(), std::min(filled, out.bytes() - filled));
  }
}

Status ConstantOfShape(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Dims dims, call.Integers(0));
  const Tensor* given = call.node().TensorAttribute("value");
  const Tensor value = given != nullptr ? AsEngineType(*given) : Tensor(DType::kF64, {1});
  if (value.size() != 1) return Error(ErrorCode::kCorrupted, "value " + ToString(value.dims()) + " is no scalar");
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, value.dtype(), dims));
  if (out->size() == 0) return {};
  std::memcpy(out->data(), value.data(), value.bytes());
  FillWithFirst(*out);
  return {};
}

Status Range(OperatorCall& call) {
  std::array<int64_t, 3> limits;  // start, limit, step
  for (size_t i = 0; i < limits.size(); ++i) {
    ASSIGN_OR_RETURN(const std::vector<int64_t> values, call.Integers(i));
    constexpr int64_t kLimit = int64_t{1} << 40;
    if (values.size() != 1 || values[0] < -kLimit || values[0] > kLimit) {
      return Error(ErrorCode::kCorrupted, "a limit is no scalar within 2^40");
    }
    limits[i] = values[0];
  }
  const auto [start, limit, step] = limits;
  if (step == 0) return Error(ErrorCode::kCorrupted, "a step of 0");
  const int64_t distance = step > 0 ? limit - start : start - limit;
  const int64_t pace = step > 0 ? step : -step;
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, DType::kI64, {std::max<int64_t>(0, (distance + pace - 1) / pace)}));
  int64_t next = start;
  for (int64_t& value : out->As<int64_t>()) {
    value = next;
    next += step;
  }
  return {};
}

// ONNX numbers its element types. Source: onnx.proto, TensorProto.DataType.
Result<DType> FromOnnxType(int64_t type) {
  switch (type) {
    case 1:   // FLOAT
    case 10:  // FLOAT16
    case 11:  // DOUBLE
    case 16:  // BFLOAT16
      return DType::kF64;
    case 2: return DType::kU8;
    case 3: return DType::kI8;
    case 6: return DType::kI32;
    case 7: return DType::kI64;
    case 9: return DType::kBool;
    default: return Error(ErrorCode::kUnsupported, "element type " + std::to_string(type));
  }
}

template <typename To>
To FromDouble(double value) {  // as C does, but defined where C is not
  if (!(value >= static_cast<double>(std::numeric_limits<To>::lowest()))) return std::numeric_limits<To>::lowest();
  if (value >= static_cast<double>(std::numeric_limits<To>::max())) return std::numeric_limits<To>::max();
  return static_cast<To>(value);
}

template <typename From, typename To>
To Convert(From value) {
  if constexpr (std::is_same_v<From, double> && std::is_integral_v<To>) {
    return FromDouble<To>(value);
  } else {
    return static_cast<To>(value);
  }
}

template <typename From>
Status CastFrom(const Tensor& in, Tensor& out) {
  const std::span<const From> from = {reinterpret_cast<const From*>(in.data()), static_cast<size_t>(in.size())};
  switch (out.dtype()) {
    case DType::kF64: std::ranges::transform(from, out.As<double>().begin(), Convert<From, double>); return {};
    case DType::kI64: std::ranges::transform(from, out.As<int64_t>().begin(), Convert<From, int64_t>); return {};
    case DType::kI32: std::ranges::transform(from, out.As<int32_t>().begin(), Convert<From, int32_t>); return {};
    case DType::kI8: std::ranges::transform(from, out.As<int8_t>().begin(), Convert<From, int8_t>); return {};
    case DType::kU8: std::ranges::transform(from, out.data(), Convert<From, uint8_t>); return {};
    case DType::kBool:
      std::ranges::transform(from, out.data(), [](From v) { return v != From{0} ? uint8_t{1} : uint8_t{0}; });
      return {};
    default: return Error(ErrorCode::kUnsupported, "to " + std::string(Name(out.dtype())));
  }
}

Status Cast(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* in, call.Input(0));
  constexpr int64_t kOnnxHalf = 10;
  if (call.node().Int("to", 0) == kOnnxHalf) {  // numbers that f16 can hold, as f64 like all of this engine's
    ASSIGN_OR_RETURN(Tensor * out, call.Make(0, DType::kF64, in->dims()));
    std::ranges::copy(ToF32(ToF16(ToF32(*in))).As<float>(), out->As<double>().begin());
    return {};
  }
  ASSIGN_OR_RETURN(const DType to, FromOnnxType(call.node().Int("to", 0)));
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, to, in->dims()));
  switch (in->dtype()) {
    case DType::kF64: return CastFrom<double>(*in, *out);
    case DType::kI64: return CastFrom<int64_t>(*in, *out);
    case DType::kI32: return CastFrom<int32_t>(*in, *out);
    case DType::kI8: return CastFrom<int8_t>(*in, *out);
    case DType::kU8:
    case DType::kBool: return CastFrom<uint8_t>(*in, *out);
    default: return Error(ErrorCode::kUnsupported, "from " + std::string(Name(in->dtype())));
  }
}

constexpr std::array kOperators = {
    OperatorEntry{"Identity", Identity}, OperatorEntry{"Dropout", Identity},  // outside training
    OperatorEntry{"Reshape", Reshape},   OperatorEntry{"Flatten", Flatten},
    OperatorEntry{"Squeeze", Squeeze},   OperatorEntry{"Unsqueeze", Unsqueeze},
    OperatorEntry{"Shape", Shape},       OperatorEntry{"Size", Size},
    OperatorEntry{"Constant", Constant}, OperatorEntry{"ConstantOfShape", ConstantOfShape},
    OperatorEntry{"Range", Range},       OperatorEntry{"Cast", Cast},
};

}  // namespace

std::span<const OperatorEntry> ShapeOperators() { return kOperators; }

}  // namespace lips

#include "model/operands.h"

#include <algorithm>
#include <string>

namespace lips {
namespace {

std::string Ordinal(size_t k) { return "input " + std::to_string(k); }

}  // namespace

Result<Dims> Operands::Input(size_t k) const {
  if (Has(k)) return dims[k];
  return Error(ErrorCode::kCorrupted, Ordinal(k) + " is missing");
}

Result<Dims> Operands::InputOfRank(size_t k, size_t least, size_t most) const {
  ASSIGN_OR_RETURN(Dims shape, Input(k));
  if (shape.size() >= least && shape.size() <= most) return shape;
  return Error(ErrorCode::kCorrupted,
               Ordinal(k) + " has the shape " + ToString(shape) + ", expected " +
                   (shape.size() < least ? "at least " + std::to_string(least) : "at most " + std::to_string(most)) +
                   " dimensions");
}

Result<std::vector<int64_t>> Operands::Ints(size_t k, std::string_view role) const {
  if (!Has(k)) return Error(ErrorCode::kCorrupted, Ordinal(k) + " (" + std::string(role) + ") is missing");
  const Tensor* tensor = known[k];
  if (tensor == nullptr) {
    return Error(ErrorCode::kUnsupported,
                 Ordinal(k) + " (" + std::string(role) + ") depends on the data of a run, so shapes cannot be planned");
  }
  if (tensor->dtype() == DType::kI64) {
    const auto values = tensor->As<int64_t>();
    return std::vector<int64_t>(values.begin(), values.end());
  }
  if (tensor->dtype() == DType::kI32) {
    const auto values = tensor->As<int32_t>();
    return std::vector<int64_t>(values.begin(), values.end());
  }
  return Error(ErrorCode::kCorrupted, Ordinal(k) + " (" + std::string(role) + ") is " +
                                          std::string(Name(tensor->dtype())) + ", expected integers");
}

Result<std::vector<float>> Operands::Floats(size_t k, std::string_view role) const {
  if (!Has(k)) return Error(ErrorCode::kCorrupted, Ordinal(k) + " (" + std::string(role) + ") is missing");
  if (known[k] == nullptr) {
    return Error(ErrorCode::kUnsupported,
                 Ordinal(k) + " (" + std::string(role) + ") depends on the data of a run, so shapes cannot be planned");
  }
  const Tensor converted = ToF32(*known[k]);
  const auto values = converted.As<float>();
  return std::vector<float>(values.begin(), values.end());
}

Result<std::vector<int64_t>> Operands::IntsOrAttribute(size_t k, std::string_view key) const {
  if (Has(k)) return Ints(k, key);
  return node.Ints(key);
}

Result<size_t> ResolveAxis(int64_t axis, size_t rank) {
  const auto count = static_cast<int64_t>(rank);
  if (axis >= -count && axis < count) return static_cast<size_t>(axis < 0 ? axis + count : axis);
  return Error(ErrorCode::kCorrupted, "axis " + std::to_string(axis) + " does not exist in a shape of " +
                                          std::to_string(rank) + " dimensions");
}

Result<std::vector<size_t>> ResolveAxes(std::span<const int64_t> axes, size_t rank) {
  std::vector<size_t> resolved;
  for (const int64_t axis : axes) {
    ASSIGN_OR_RETURN(const size_t position, ResolveAxis(axis, rank));
    if (std::ranges::find(resolved, position) != resolved.end()) {
      return Error(ErrorCode::kCorrupted, "axis " + std::to_string(axis) + " is named twice");
    }
    resolved.push_back(position);
  }
  return resolved;
}

Result<Dims> BroadcastDims(const Dims& a, const Dims& b) {
  const Dims& longer = a.size() >= b.size() ? a : b;
  const Dims& shorter = a.size() >= b.size() ? b : a;
  Dims out = longer;
  const size_t shift = longer.size() - shorter.size();
  for (size_t i = 0; i < shorter.size(); ++i) {
    int64_t& dim = out[shift + i];
    if (dim == 1) dim = shorter[i];
    if (shorter[i] == 1 || shorter[i] == dim) continue;
    return Error(ErrorCode::kCorrupted, "the shapes " + ToString(a) + " and " + ToString(b) + " do not fit together");
  }
  return out;
}

}  // namespace lips

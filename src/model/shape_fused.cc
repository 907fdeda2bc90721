#include <string>

#include "model/fused.h"
#include "model/shape_rules.h"

namespace lips {
namespace {

Status CheckSame(const Operands& operands, size_t k, const Dims& expected) {
  if (!operands.Has(k) || operands.dims[k] == expected) return {};
  return Error(ErrorCode::kCorrupted, "input " + std::to_string(k) + " has the shape " + ToString(operands.dims[k]) +
                                          ", expected " + ToString(expected));
}

Result<std::vector<Dims>> FusedConv(const Operands& operands) {
  ASSIGN_OR_RETURN(auto outputs, FindSpatialRule("Conv")(operands));
  RETURN_IF_ERROR(CheckSame(operands, 3, outputs[0]));
  return outputs;
}

Result<std::vector<Dims>> InvertedResidual(const Operands& operands) {
  const int64_t stride = operands.node.Int("stride", 1);
  if (stride != 1 && stride != 2) return Error(ErrorCode::kCorrupted, "stride is " + std::to_string(stride));
  ASSIGN_OR_RETURN(const Dims bias, operands.InputOfRank(kIrBe, 1, 1));
  ASSIGN_OR_RETURN(const Dims project, operands.InputOfRank(kIrWp, 4, 4));
  Dims wide;
  for (const size_t k : {kIrX, kIrY, kIrZ}) {
    if (!operands.Has(k)) continue;
    ASSIGN_OR_RETURN(Dims dims, operands.InputOfRank(k, 4, 4));
    if (k != kIrZ) RETURN_IF_ERROR(CheckSame(operands, k + 1, {bias[0], dims[1], 1, 1}));
    dims[1] = k == kIrZ ? dims[1] : bias[0];
    for (size_t axis = 2; k == kIrY && axis < 4; ++axis) dims[axis] *= 2;
    if (wide.empty()) wide = dims;
    if (dims != wide || dims[1] != bias[0]) {
      return Error(ErrorCode::kCorrupted,
                   "input " + std::to_string(k) + " expands to " + ToString(dims) + ", expected " + ToString(wide));
    }
  }
  if (wide.empty()) return Error(ErrorCode::kCorrupted, "inputs X, Y and Z are all missing");
  RETURN_IF_ERROR(CheckSame(operands, kIrWd, {bias[0], 1, 3, 3}));
  RETURN_IF_ERROR(CheckSame(operands, kIrBd, bias));
  RETURN_IF_ERROR(CheckSame(operands, kIrWp, {project[0], bias[0], 1, 1}));
  RETURN_IF_ERROR(CheckSame(operands, kIrBp, {project[0]}));
  const Dims out = {wide[0], project[0], (wide[2] + stride - 1) / stride, (wide[3] + stride - 1) / stride};
  RETURN_IF_ERROR(CheckSame(operands, kIrR, out));
  return std::vector<Dims>{out};
}

}  // namespace

ShapeRule FindFusedRule(std::string_view op) {
  if (op == kFusedConv) return FusedConv;
  if (op == kInvertedResidual) return InvertedResidual;
  return nullptr;
}

}  // namespace lips

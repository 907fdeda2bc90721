#include <algorithm>
#include <string>

#include "model/resample.h"
#include "model/shape_rules.h"
#include "model/window.h"

namespace lips {
namespace {

Error Corrupted(std::string message) { return Error(ErrorCode::kCorrupted, std::move(message)); }

// Channels of a convolution: `weights` holds filters of `per_group` channels for each of `group` groups.
Status CheckGroups(const Dims& input, const Dims& weights, int64_t per_group, int64_t divided, int64_t group) {
  const bool fits =
      group >= 1 && group <= input[1] && input[1] % group == 0 && per_group == input[1] / group && divided % group == 0;
  if (fits) return {};
  return Corrupted("weights of shape " + ToString(weights) + " in " + std::to_string(group) +
                   " groups do not fit an input of shape " + ToString(input));
}

Status CheckBias(const Operands& operands, int64_t channels) {
  if (!operands.Has(2) || operands.dims[2] == Dims{channels}) return {};
  return Corrupted("the bias has the shape " + ToString(operands.dims[2]) + ", expected [" + std::to_string(channels) +
                   "]");
}

// The spatial part of the weights, which kernel_shape may only repeat.
Result<Dims> KernelOf(const Operands& operands, const Dims& weights) {
  Dims kernel(weights.begin() + 2, weights.end());
  const Dims stated = operands.node.Ints("kernel_shape");
  if (stated.empty() || stated == kernel) return kernel;
  return Corrupted("kernel_shape is " + ToString(stated) + " but the weights are " + ToString(weights));
}

Dims OutputDims(int64_t batch, int64_t channels, const std::vector<WindowAxis>& axes) {
  Dims out = {batch, channels};
  for (const WindowAxis& axis : axes) out.push_back(axis.out);
  return out;
}

Result<std::vector<Dims>> Conv(const Operands& operands) {
  ASSIGN_OR_RETURN(const Dims input, operands.InputOfRank(0, 3));
  ASSIGN_OR_RETURN(const Dims weights, operands.InputOfRank(1, input.size(), input.size()));
  RETURN_IF_ERROR(CheckGroups(input, weights, weights[1], weights[0], operands.node.Int("group", 1)));
  RETURN_IF_ERROR(CheckBias(operands, weights[0]));
  ASSIGN_OR_RETURN(const Dims kernel, KernelOf(operands, weights));
  ASSIGN_OR_RETURN(const auto axes, ResolveWindow(operands.node, input, kernel));
  return std::vector<Dims>{OutputDims(input[0], weights[0], axes)};
}

Result<std::vector<Dims>> ConvTranspose(const Operands& operands) {
  ASSIGN_OR_RETURN(const Dims input, operands.InputOfRank(0, 3));
  ASSIGN_OR_RETURN(const Dims weights, operands.InputOfRank(1, input.size(), input.size()));
  const int64_t group = operands.node.Int("group", 1);
  if (group < 1 || weights[0] != input[1] || input[1] % group != 0 || weights[1] > (int64_t{1} << 31) / group) {
    return Corrupted("weights of shape " + ToString(weights) + " in " + std::to_string(group) +
                     " groups do not fit an input of shape " + ToString(input));
  }
  RETURN_IF_ERROR(CheckBias(operands, weights[1] * group));
  ASSIGN_OR_RETURN(const Dims kernel, KernelOf(operands, weights));
  ASSIGN_OR_RETURN(const auto axes, ResolveTransposedWindow(operands.node, input, kernel));
  return std::vector<Dims>{OutputDims(input[0], weights[1] * group, axes)};
}

Result<std::vector<Dims>> Pool(const Operands& operands) {
  ASSIGN_OR_RETURN(const Dims input, operands.InputOfRank(0, 3));
  const Dims kernel = operands.node.Ints("kernel_shape");
  if (kernel.empty()) return Corrupted("it has no kernel_shape");
  ASSIGN_OR_RETURN(const auto axes, ResolveWindow(operands.node, input, kernel));
  return std::vector<Dims>(operands.node.outputs.size(), OutputDims(input[0], input[1], axes));
}

Result<std::vector<Dims>> GlobalPool(const Operands& operands) {
  ASSIGN_OR_RETURN(Dims out, operands.InputOfRank(0, 3));
  if (std::ranges::find(out.begin() + 2, out.end(), 0) != out.end()) return Corrupted("it has nothing to pool");
  std::fill(out.begin() + 2, out.end(), 1);
  return std::vector<Dims>{std::move(out)};
}

Result<std::vector<Dims>> Resize(const Operands& operands) {
  ASSIGN_OR_RETURN(const auto axes, ResolveResize(operands));
  Dims out;
  for (const ResizeAxis& axis : axes) out.push_back(axis.out);
  return std::vector<Dims>{std::move(out)};
}

Result<int64_t> BlockSize(const Operands& operands) {
  const int64_t block = operands.node.Int("blocksize", 0);
  if (block >= 1 && block <= 1 << 12) return block;
  return Corrupted("blocksize is " + std::to_string(block));
}

Result<std::vector<Dims>> DepthToSpace(const Operands& operands) {
  ASSIGN_OR_RETURN(const Dims input, operands.InputOfRank(0, 4, 4));
  ASSIGN_OR_RETURN(const int64_t block, BlockSize(operands));
  if (input[1] % (block * block) != 0) {
    return Corrupted(std::to_string(input[1]) + " channels do not divide into blocks of " + std::to_string(block));
  }
  return std::vector<Dims>{{input[0], input[1] / (block * block), input[2] * block, input[3] * block}};
}

Result<std::vector<Dims>> SpaceToDepth(const Operands& operands) {
  ASSIGN_OR_RETURN(const Dims input, operands.InputOfRank(0, 4, 4));
  ASSIGN_OR_RETURN(const int64_t block, BlockSize(operands));
  if (input[2] % block != 0 || input[3] % block != 0) {
    return Corrupted("a shape of " + ToString(input) + " does not divide into blocks of " + std::to_string(block));
  }
  return std::vector<Dims>{{input[0], input[1] * block * block, input[2] / block, input[3] / block}};
}

}  // namespace

ShapeRule FindSpatialRule(std::string_view op) {
  if (op == "Conv") return Conv;
  if (op == "ConvTranspose") return ConvTranspose;
  if (op == "MaxPool" || op == "AveragePool" || op == "LpPool") return Pool;
  if (op == "GlobalAveragePool" || op == "GlobalMaxPool") return GlobalPool;
  if (op == "Resize" || op == "Upsample") return Resize;
  if (op == "DepthToSpace") return DepthToSpace;
  if (op == "SpaceToDepth") return SpaceToDepth;
  return nullptr;
}

}  // namespace lips

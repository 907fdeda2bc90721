// The shape rules of single operators, by family; internal to InferNode.
#pragma once

#include <string_view>
#include <vector>

#include "model/operands.h"

namespace lips {

// The dims of every output of a node, from its operands. Errors name neither node nor operator: InferNode does.
using ShapeRule = Result<std::vector<Dims>> (*)(const Operands& operands);

// Each gives the rule for `op`, or nullptr when it is not of its family.
ShapeRule FindElementwiseRule(std::string_view op);  // same shape or broadcast; normalisations
ShapeRule FindSpatialRule(std::string_view op);      // convolutions, pools, Resize, DepthToSpace
ShapeRule FindArrangeRule(std::string_view op);      // Reshape, Concat, Slice, Gather, ...
ShapeRule FindReduceRule(std::string_view op);       // Reduce*, ArgMax, Gemm, MatMul
ShapeRule FindFusedRule(std::string_view op);        // our own, fused.h

}  // namespace lips

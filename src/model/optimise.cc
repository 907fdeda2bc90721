#include <utility>

#include "model/passes.h"
#include "model/shape.h"

namespace lips {
namespace {

Result<Graph> Shaped(const Graph& graph) {
  ASSIGN_OR_RETURN(const auto dims, ConcreteInputDims(graph, 1));
  return InferShapes(graph, dims);
}

// What remains once constants, norms and pads are folded, concatenations split and upsamples commuted.
Graph Fuse(Graph graph) { return FuseConvs(FuseInvertedResiduals(std::move(graph))); }

}  // namespace

Result<Graph> Optimise(const Graph& graph) {
  ASSIGN_OR_RETURN(Graph shaped, Shaped(graph));
  Graph folded = RemovePads(FoldBatchNorm(FoldConstants(std::move(shaped))));
  return Fuse(CommuteConvWithResize(SplitConvOverConcat(std::move(folded))));
}

Result<SplitGraph> OptimiseSplit(const Graph& graph, int image_input, TemplateCut level) {
  ASSIGN_OR_RETURN(const Graph shaped, Shaped(graph));
  ASSIGN_OR_RETURN(SplitGraph split, CutTemplate(shaped, image_input, level));
  split.head = Fuse(CommuteConvWithResize(SplitConvOverConcat(std::move(split.head))));
  split.tail = Fuse(std::move(split.tail));
  return split;
}

}  // namespace lips

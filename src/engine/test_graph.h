// For tests: seeded tensors, one-node graphs, and a miniature of the generator family.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/session.h"
#include "model/builder.h"
#include "model/graph.h"

namespace lips {

// Uniform in [low, high); equal seeds give equal tensors.
Tensor RandomTensor(const Dims& dims, int seed, float low = -2, float high = 2);

// A tensor of integers or floats written out.
Tensor IntTensor(const Dims& dims, std::vector<int64_t> values);
Tensor FloatTensor(const Dims& dims, std::vector<float> values);

// The elements as text-friendly vectors.
std::vector<float> FloatsOf(const Tensor& tensor);
std::vector<int64_t> IntsOf(const Tensor& tensor);

// Opens and runs; outputs as many as the graph has.
Result<std::vector<Tensor>> RunGraph(const Graph& graph, std::span<const Tensor> inputs, const SessionOptions& options);

// Largest |a - b|; infinity when types or shapes differ, or either holds NaN.
double MaxAbsDifference(const Tensor& a, const Tensor& b);

// How to build MiniatureGenerator.
struct MiniatureOptions {
  int64_t batch = kDynamicDim;
  int size_px = 320;
  int width = 2;  // channels of the first block
  int seed = 1;
};

// A network of the UNet-328 family's form, small enough for a test: image [N,6,S,S] and audio [N,32,16,16] to
// [N,3,S,S]; inverted residuals, a depthwise stride-2 encoder of two levels, skips, bilinear x2 with align_corners,
// concat, sigmoid. Weights are seeded and keep activations of the size of their inputs.
Graph MiniatureGenerator(const MiniatureOptions& options = {});

// Likewise of the AVE encoder's form: mel [N,1,80,16] to rows [N,512].
Graph MiniatureEncoder(int64_t batch = kDynamicDim);

}  // namespace lips

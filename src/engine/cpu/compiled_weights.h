// The weights of a program while it is compiled: packed from a graph's constants, or taken from where they were stored.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "engine/cpu/packed_matrix.h"
#include "model/graph.h"

namespace lips::cpu {

class CompiledWeights {
 public:
  // With `stored`, matrices come from there, and of the graph's own only the shapes matter. With `store`, they are
  // appended to it, too. All outlive this.
  CompiledWeights(const Graph& graph, PackedWeights* stored, std::vector<uint8_t>* store);

  // A constant of `count` numbers: a bias, or depthwise weights. Valid as long as this. Errors: kUnsupported.
  Result<std::span<const float>> Numbers(ValueId value, size_t count);

  // The same as doubles.
  Result<std::vector<double>> Doubles(ValueId value, size_t count);

  // [O,I,kh,kw] of what a convolution multiplies with; nullptr when only the run would tell.
  const Dims* DimsOf(ValueId value) const;

  // Weights [O,I,1,1] as they are. Errors: those of PackedWeights::Take.
  Result<PackedMatrix> Pack(Mode mode, ValueId weights, std::span<const float> bias, const QuantisationTable& levels);

  // Weights [O,I,kh,kw] as [O][kh][kw][channels], of `channels` >= I of which the others are zeros, with the input's
  // levels repeated for every tap.
  Result<PackedMatrix> PackWindows(Mode mode, ValueId weights, std::span<const float> bias, int channels,
                                   const QuantisationTable& levels);

  // As PackWindows (for kh = kw = 1: as Pack), multiplied and added up in double; `bias` may be kNoValue.
  Result<PackedMatrix> PackWide(ValueId weights, ValueId bias);

  size_t bytes() const { return bytes_; }  // of all matrices so far

 private:
  std::span<const float> Values(ValueId value);
  template <typename Make>
  Result<PackedMatrix> Obtain(Mode mode, int64_t outputs, int64_t inputs, bool wide, Make make);

  const Graph& graph_;
  PackedWeights* stored_;
  std::vector<uint8_t>* store_;
  std::vector<bool> computed_;  // by value: an input, or made by a node
  std::vector<Tensor> converted_;
  size_t bytes_ = 0;
};

}  // namespace lips::cpu

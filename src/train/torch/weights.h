// All of a training run's numbers in a few long vectors, with a tensor for each parameter that looks into them.
#pragma once

#include <ATen/ATen.h>

#include <map>
#include <string>
#include <vector>

#include "model/family_graph.h"

namespace lips {

// Where a named tensor lies in a long vector.
struct Slot {
  int64_t offset = 0;
  Dims dims;
};

// What is learned (weights, biases, gains) and what is only measured (means and variances of normalisations), by the
// family's names. Parameters are learned by gradients, statistics by running averages.
struct WeightLayout {
  std::map<std::string, Slot, std::less<>> parameters;
  std::map<std::string, Slot, std::less<>> statistics;
  int64_t parameter_floats = 0;
  int64_t statistic_floats = 0;

  void Add(const std::vector<FamilyConv>& convs);
  void AddParameter(const std::string& name, Dims dims);
};

// The values of a layout: f32 vectors.
struct WeightValues {
  at::Tensor parameters;  // [parameter_floats]
  at::Tensor statistics;  // [statistic_floats]
};

// He's normal weights for what a ReLU follows, gains 1, biases 0, means 0, variances 1. The last convolution of a block
// that adds its input starts small, so that it starts as the identity.
WeightValues InitialWeights(const WeightLayout& layout, const std::vector<FamilyConv>& convs, uint64_t seed);

// The tensors of `layout` whose names begin with one of the convolutions', as a state dict, with PyTorch's
// num_batches_tracked.
StateDict StateOf(const WeightLayout& layout, const WeightValues& values, const std::vector<FamilyConv>& convs);

// A network's own copy of the parameters to compute with: leaves whose gradients gather in one long vector.
class Replica {
 public:
  Replica(const WeightLayout& layout, at::Device device);

  // Takes `values` over; gradients become zero.
  void Load(const WeightValues& values);
  const at::Tensor& Parameter(const std::string& name) const { return parameters_.find(name)->second; }
  const at::Tensor& Statistic(const std::string& name) const { return statistics_.find(name)->second; }
  const at::Tensor& gradient() const { return gradient_; }             // [parameter_floats]
  const at::Tensor& statistics() const { return values_.statistics; }  // as the forward passes left them

 private:
  WeightValues values_;
  at::Tensor gradient_;
  std::map<std::string, at::Tensor, std::less<>> parameters_;
  std::map<std::string, at::Tensor, std::less<>> statistics_;
};

}  // namespace lips

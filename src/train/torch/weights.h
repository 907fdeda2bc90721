// All of a training run's numbers in a few long vectors, with a tensor for each parameter that looks into them.
#pragma once

#include <ATen/ATen.h>

#include <map>
#include <string>
#include <vector>

#include "model/family_graph.h"

namespace lips {

inline constexpr double kNormEpsilon = 1e-5;  // of the family's normalisations

// How normalisations work.
enum class NormMode : uint8_t {
  kLive,    // by the statistics of the batch, which the running ones follow
  kFolded,  // by the running ones, as part of the convolution: what the exported network does, and faster
};

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
  std::vector<FamilyConv> convs;

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

// Into `to`, values of `layout`, what `other`'s values have under the same names with the same dimensions.
void TakeOver(const WeightLayout& other, const WeightValues& from, const WeightLayout& layout, WeightValues& to);

// Into `to`, values of `layout`, what StateOf would have made `state` of; numbers may be of any floating-point type.
// Errors: kInvalidInput naming a tensor that is missing or has other dimensions.
Status TakeState(const StateDict& state, const std::vector<FamilyConv>& convs, const WeightLayout& layout,
                 WeightValues& to);

// A network's own copy of the parameters to compute with. What belongs to all convolutions alike (taking them apart,
// folding normalisations, rounding) is done for all of them at once: a device is given a dozen things to do, not a
// dozen for each convolution.
class Replica {
 public:
  struct Filter {
    at::Tensor weight;  // [out, in / groups, kernel, kernel]
    at::Tensor bias;    // [out]; undefined: none
    at::Tensor gain;    // of the normalisation, f32 [out]; these two with kLive only
    at::Tensor shift;
  };

  Replica(const WeightLayout& layout, at::Device device);

  // Takes `values` over; gradients become zero.
  void Load(const WeightValues& values);
  // Makes the filters for forward passes that follow, in `number`. Between two backward passes it must be called again.
  void Prepare(NormMode norm, at::ScalarType number);

  // What Prepare made of a convolution: with kFolded its normalisation is within.
  const Filter& filter(const std::string& conv) const { return filters_.find(conv)->second; }
  at::Tensor Parameter(const std::string& name) const;  // f32
  const at::Tensor& Statistic(const std::string& name) const { return statistics_.find(name)->second; }
  const at::Tensor& gradient() const { return parameters_.grad(); }    // [parameter_floats]
  const at::Tensor& statistics() const { return values_.statistics; }  // as the forward passes left them

 private:
  // For all convolutions one after the other, and all of their channels one after the other.
  struct Tables {
    at::Tensor weight_at;                                // [weights]: where each lies in the parameters
    at::Tensor channel_of;                               // [weights]: in [0, channels]; `channels` where none norms
    at::Tensor bias_at, has_bias;                        // [channels]
    at::Tensor gain_at, shift_at, mean_at, variance_at;  // [channels]: 0 where none norms
    at::Tensor is_normed;                                // [channels]: 1, or 0
    std::vector<int64_t> weight_counts, channel_counts;  // of each convolution
  };
  static Tables TablesOf(const WeightLayout& layout, at::Device device);

  const WeightLayout& layout_;
  WeightValues values_;
  at::Tensor parameters_;  // the leaf
  Tables tables_;
  std::map<std::string, Filter, std::less<>> filters_;
  std::map<std::string, at::Tensor, std::less<>> statistics_;
};

}  // namespace lips

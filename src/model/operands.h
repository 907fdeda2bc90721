// One node together with what is known of its inputs before it runs: what shape rules and plans are made from.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "model/graph.h"

namespace lips {

// Views only; never outlives what it was made of.
struct Operands {
  const Node& node;
  int opset = kMaxOpset;
  std::span<const Dims> dims;            // of each input of the node; of an omitted one: anything
  std::span<const Tensor* const> known;  // each input's elements where known before the run, else nullptr

  // Whether input `k` is given.
  bool Has(size_t k) const { return k < node.inputs.size() && node.inputs[k] != kNoValue; }
  // The dims of input `k`. Errors: kCorrupted when it is not given.
  Result<Dims> Input(size_t k) const;
  // As Input, and of that rank at least.
  Result<Dims> InputOfRank(size_t k, size_t least, size_t most = kMaxRank) const;
  // The elements of the integer input `k`, called `role` in errors. Errors: kUnsupported when only the run would tell,
  // kCorrupted when absent or of another type.
  Result<std::vector<int64_t>> Ints(size_t k, std::string_view role) const;
  // The same for an input of floats; halves and doubles are converted.
  Result<std::vector<float>> Floats(size_t k, std::string_view role) const;
  // Ints of input `k` if it is given, else of the attribute: operators moved operands from attributes to inputs over
  // time. Empty when neither is there.
  Result<std::vector<int64_t>> IntsOrAttribute(size_t k, std::string_view key) const;
};

// `axis` counted from the end when negative. Errors: kCorrupted outside [-rank, rank).
Result<size_t> ResolveAxis(int64_t axis, size_t rank);

// All of `axes`, in the order given. Errors: as ResolveAxis, kCorrupted when one is named twice.
Result<std::vector<size_t>> ResolveAxes(std::span<const int64_t> axes, size_t rank);

// The shape two shapes combine to by ONNX's (NumPy's) rule. Errors: kCorrupted when they do not.
Result<Dims> BroadcastDims(const Dims& a, const Dims& b);

}  // namespace lips

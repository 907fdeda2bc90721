// Functions of one or two elements as steps.
#pragma once

#include <memory>
#include <vector>

#include "engine/cpu/program.h"

namespace lips::cpu {

enum class Function : uint8_t {
  kAdd,      // a + b
  kSub,      // a - b
  kMul,      // a * b
  kMax,      // the larger; NaN wins
  kMin,      // the smaller; NaN wins
  kPrelu,    // a < 0 ? a * b : a
  kSigmoid,  // of a
  kClip,     // a within [low, high]; high wins where they cross; NaN stays
};

// out = function(a, b). Instead of the map `b` there may be a number per channel of `a`, padded with zeros.
struct ElementwiseSpec {
  Function function = Function::kAdd;
  MapId a = kNoMap, b = kNoMap, out = kNoMap;
  std::vector<float> per_channel = {};
  bool swapped = false;     // function(b, a)
  float low = 0, high = 0;  // of kClip
};

std::unique_ptr<Step> MakeElementwise(ElementwiseSpec spec, std::span<const Map> maps);

}  // namespace lips::cpu

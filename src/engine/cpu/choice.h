// Which precision a generator runs in, and why.
#pragma once

#include <string>
#include <string_view>

#include "engine/cpu/precision.h"
#include "engine/generator.h"

namespace lips::cpu {

// What a user may be shown never differs more than this from the f32 picture (docs/numerics.md).
inline constexpr double kBf16GateDb = 60;  // of the whole picture
inline constexpr double kInt8GateDb = 45;  // of mouth and chin, of each

std::string_view Name(Mode mode);  // "f32", "bf16", "int8"

struct PrecisionChoice {
  Mode mode = Mode::kF32;
  MixedPrecision mixed;  // of kInt8
  std::string key;       // names mode and mixture: equal keys of one network give equal numbers
  std::string reason;    // "bf16 (67.3 dB of the f32 picture)"

  // For a program in that precision; refers to this choice.
  CompileOptions compile_options() const;
};

// Shows, once per network and instruction set, that the f32 programs give what the reference engine gives. Errors:
// kCorrupted when they do not. `graph_hash` is HashOfGraph(graph), which takes a while.
Status ProveF32(const Graph& graph, std::string_view graph_hash, const CutNetwork& network,
                const GeneratorOptions& options);

// Judges on first use, by `options.samples` where given, and remembers the result for the network and the avatar.
// Errors: kUnsupported when the precision asked for by name cannot be had: 8 bits without samples or below the gate.
Result<PrecisionChoice> ChoosePrecision(std::string_view graph_hash, const CutNetwork& network,
                                        const GeneratorOptions& options);

}  // namespace lips::cpu

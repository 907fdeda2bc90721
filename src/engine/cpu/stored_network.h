// A generator's network cut, optimised and packed once, and stored, so that opening it again only maps it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/cpu/choice.h"
#include "engine/cpu/pair.h"
#include "engine/generator.h"

namespace lips::cpu {

// What opening a network found out about it, whether just now or when it was stored.
struct OpenedNetwork {
  ProgramPair pair;
  GeneratorBinding binding;
  bool pictures = false;  // see CutNetwork
  PrecisionChoice choice;
  std::string graph_hash;   // HashOfGraph of the model
  std::string description;  // Describe(model, binding)
};

// The parts a network is stored as; docs/formats.md, "Packed network", is their definition.
inline constexpr std::string_view kFactsPart = "facts", kHeadPart = "head", kTailPart = "tail",
                                  kWeightsPart = "weights";

// `network` compiled as `opened.choice` says, as parts.
Result<NetworkParts> StoreNetwork(const CutNetwork& network, const OpenedNetwork& opened,
                                  const GeneratorOptions& options);

// The network that options.stored gives, compiled over the mapped weights; nothing when it is of another level,
// precision, version or instruction set than the options and this CPU ask for. Errors: those of options.stored;
// kCorrupted when the parts contradict each other.
Result<std::optional<OpenedNetwork>> OpenStoredNetwork(const GeneratorOptions& options);

}  // namespace lips::cpu

// The mouth generator on our own engine: pictures in, pictures out, template features in the engine's own layout.
#pragma once

#include <memory>

#include "engine/generator.h"
#include "model/graph.h"

namespace lips {

// OpenNetworkGenerator for Backend::kCpu. Errors: kUnsupported naming the node no step can run; kInvalidInput.
Result<std::unique_ptr<Generator>> OpenCpuGenerator(const Graph& graph, const GeneratorOptions& options);

// OpenGenerator from options.stored; null when what is stored there is not what is asked for.
Result<std::unique_ptr<Generator>> OpenStoredCpuGenerator(const GeneratorOptions& options);

// StoreGenerator for a graph in memory.
Result<NetworkParts> StoreCpuGenerator(const Graph& graph, const GeneratorOptions& options);

}  // namespace lips

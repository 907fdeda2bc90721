// The generator that runs a network: the template part once per face, the rest once per frame.
#pragma once

#include <memory>

#include "engine/generator.h"
#include "model/graph.h"

namespace lips {

// OpenGenerator for a graph in memory and any backend but kNull.
Result<std::unique_ptr<Generator>> OpenNetworkGenerator(const Graph& graph, const GeneratorOptions& options);

}  // namespace lips

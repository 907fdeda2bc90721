// For tests: a plan run in the simulator, from tensors to tensors.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <span>
#include <vector>

#include "engine/cuda/plan.h"
#include "engine/cuda/simulator.h"
#include "tensor/tensor.h"

namespace lips::cuda {

// Runs what Bind makes of `plan`, with what the bindings lack: constants, arena, broken, lists.
inline std::vector<int> SimulatePlan(const Plan& plan, Bindings bindings, unsigned order = 1) {
  // As aligned as a device's memory, and full of NaN.
  std::vector<Piece> constants(plan.constants.size() / sizeof(Piece) + 1);
  std::memcpy(constants.data(), plan.constants.data(), plan.constants.size());
  const size_t arena_bytes = plan.arena_bytes * static_cast<size_t>(bindings.images);
  std::vector<Piece> arena(arena_bytes / sizeof(Piece) + 1, Piece{{~0u, ~0u, ~0u, ~0u}});
  std::vector<int> broken(static_cast<size_t>(bindings.images));
  bindings.constants = reinterpret_cast<const uint8_t*>(constants.data());
  bindings.arena = reinterpret_cast<uint8_t*>(arena.data());
  bindings.broken = broken.data();
  auto bound = Bind(plan, bindings);
  if (!bound.ok()) {
    ADD_FAILURE() << bound.error().message();
    return broken;
  }
  bound.value().PlaceLists(bound.value().lists.data());
  for (const Launch& launch : bound.value().launches) {
    EXPECT_LE(launch.shared_bytes, static_cast<size_t>(bindings.most_shared));
    const Status status = Simulate(launch, order);
    if (!status.ok()) ADD_FAILURE() << status.error().message();
  }
  return broken;
}

inline Place PlaceOf(uint8_t* data, size_t image_bytes) { return {.base = data, .image_bytes = image_bytes}; }

// A graph of planes in and out: its plan, then its outputs.
inline Result<std::vector<Tensor>> SimulateGraph(const Graph& graph, std::span<const Tensor> inputs, unsigned order = 1,
                                                 int most_shared = 160 * 1024) {
  ASSIGN_OR_RETURN(const Plan plan, Plan::Make(graph, {}));
  Bindings bindings;
  bindings.most_shared = most_shared;
  std::vector<Tensor> outputs;
  for (const Tensor& input : inputs) {
    bindings.inputs.push_back(PlaceOf(const_cast<uint8_t*>(input.data()), input.bytes()));
  }
  for (const ValueId id : graph.outputs) outputs.emplace_back(DType::kF32, graph.values[static_cast<size_t>(id)].dims);
  for (Tensor& output : outputs) bindings.outputs.push_back(PlaceOf(output.data(), output.bytes()));
  SimulatePlan(plan, std::move(bindings), order);
  return outputs;
}

}  // namespace lips::cuda

// What networks become for a device, before there is one: a generator cut and planned, or the node no kernel runs.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "engine/cuda/plan.h"
#include "model/binding.h"
#include "model/graph.h"
#include "model/template_cut.h"

namespace lips::cuda {

// Where the parts of a template lie in its block of the device's memory: the maps that cross from head to tail, then
// the pictures where the tail takes them.
struct TemplateLayout {
  std::vector<size_t> maps;
  size_t pictures = 0;  // roi, then masked
  bool has_pictures = false;
  size_t bytes = 0;
};

struct NetworkPlan {
  GeneratorBinding binding;
  TemplateLayout layout;
  Plan head, tail;

  // `output` is kPixels or kUnit. Errors: kUnsupported naming the node no kernel runs.
  static Result<NetworkPlan> Make(const Graph& graph, TemplateCut level, Port output);
};

}  // namespace lips::cuda

namespace lips {

// Why engine cuda cannot run `graph`, as a generator where it has two inputs, else as an encoder; empty when it can. It
// needs no device to say so.
std::string FirstUnsupportedByCuda(const Graph& graph);

}  // namespace lips

// A generator's network on a device: its plans, and their weights there.
#pragma once

#include "engine/cuda/network_plan.h"
#include "engine/cuda/program.h"
#include "model/binding.h"
#include "model/template_cut.h"

namespace lips::cuda {

struct Network {
  GeneratorBinding binding;
  TemplateLayout layout;
  Program head, tail;

  // `output` is kPixels or kUnit. Errors: kUnsupported naming the node no kernel runs; kResourceLimit.
  static Result<Network> Make(const lips::Graph& graph, TemplateCut level, Port output, const Device& device);
};

}  // namespace lips::cuda

// A generator's network on a device: cut, planned, its weights there.
#pragma once

#include <vector>

#include "engine/cuda/program.h"
#include "model/binding.h"
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

struct Network {
  GeneratorBinding binding;
  TemplateLayout layout;
  Program head, tail;

  // `output` is kPixels or kUnit. Errors: kUnsupported naming the node no kernel runs; kResourceLimit.
  static Result<Network> Make(const lips::Graph& graph, TemplateCut level, Port output, const Device& device);
};

}  // namespace lips::cuda

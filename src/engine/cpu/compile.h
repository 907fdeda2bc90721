// Turns an optimised graph (model/passes.h) into a program.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/cpu/calibration.h"
#include "engine/cpu/program.h"
#include "model/graph.h"

namespace lips::cpu {

// How what goes in and out of a program lies in memory.
enum class Port : uint8_t {
  kPlanes,  // f32 [N,C,H,W], as ONNX has it
  kFaces,   // input only: a FacePair
  kMap,     // a Map of the program, as another program made it or will read it
  kBgr,     // output only: [H,W,3] bytes, of a network that ends in a 1x1 convolution to three channels and a sigmoid
};

// What a program with a kFaces input is bound to: two pictures [H,W,3] that become six channels.
struct FacePair {
  const uint8_t* roi = nullptr;
  ptrdiff_t roi_stride = 0;  // bytes
  const uint8_t* masked = nullptr;
  ptrdiff_t masked_stride = 0;
};

struct CompileOptions {
  Mode mode = Mode::kF32;
  // Modes of single nodes, by the name of their first output, where they differ from `mode`.
  std::map<std::string, Mode, std::less<>> exceptions = {};
  const Calibration* calibration = nullptr;     // needed by kInt8
  std::vector<Port> inputs = {}, outputs = {};  // one per graph input and output; missing ones: kPlanes
  std::vector<Map> output_maps = {};            // of kMap outputs, by output: the type and quantisation they shall have
  // Matrices come from there, in the order in which a compilation with `store` appended them; of the graph's own
  // weights only the shapes matter then.
  PackedWeights* stored = nullptr;
  std::vector<uint8_t>* store = nullptr;
};

struct Compiled {
  Program program;
  std::vector<MapId> inputs, outputs;   // external maps: Workspace::Bind
  std::vector<std::string> map_names;   // of maps that are values of the graph; else empty
  std::vector<std::string> step_names;  // by step key
};

// `graph` has inferred shapes and known batch. Errors: kUnsupported naming the node; kCorrupted from `stored`.
Result<Compiled> Compile(const Graph& graph, const CompileOptions& options);

}  // namespace lips::cpu

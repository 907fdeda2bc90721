// Sessions on ONNX Runtime whose values lie where it computes: on a device.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "engine/ort/device_memory.h"
#include "engine/ort/library.h"
#include "engine/session.h"
#include "model/graph.h"

struct OrtSessionOptions;

namespace lips {

struct BoundSessionSetup {
  std::shared_ptr<DeviceMemory> memory;  // of the provider that `options` name
  bool graphs = false;                   // the provider records CUDA graphs
  std::string description;
};

// Every set of input shapes has fixed places in the device's memory, which inputs are copied to and outputs come from,
// so that a CUDA graph recorded for it stays valid. Copies cross to the computer's memory only for what the caller
// brings and takes: `kept` values are copied within the device.
Result<std::unique_ptr<Session>> OpenBoundSession(const OrtLibrary& library, const Graph& graph,
                                                  const OrtSessionOptions& options, BoundSessionSetup setup);

}  // namespace lips

// Sessions on ONNX Runtime whose values lie where it computes: on a device.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "engine/ort/device_memory.h"
#include "engine/ort/handle.h"
#include "engine/ort/library.h"
#include "engine/session.h"
#include "model/graph.h"

struct OrtSessionOptions;

namespace lips {

struct BoundSessionSetup {
  std::shared_ptr<DeviceMemory> memory;  // of the provider that the options name
  bool graphs = false;                   // the provider records CUDA graphs
  std::string description;
};

// Every set of input shapes has a session of ONNX Runtime of its own, and fixed places in the device's memory, which
// inputs are copied to and outputs come from, so that a CUDA graph recorded for it stays valid: ONNX Runtime's
// convolutions drop what they had prepared for one shape, and what their part of a graph computes with, as soon as they
// see another. Copies cross to the computer's memory only for what the caller brings and takes: `kept` values are
// copied within the device. What ONNX Runtime holds is never released once the device does not answer any more, which
// would end the process.
Result<std::unique_ptr<Session>> OpenBoundSession(const OrtLibrary& library, const Graph& graph,
                                                  OrtHandle<OrtSessionOptions> options, BoundSessionSetup setup);

}  // namespace lips

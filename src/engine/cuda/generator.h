// The mouth generator on a CUDA device: templates stay in its memory, a frame costs one graph.
#pragma once

#include <memory>
#include <string>

#include "engine/generator.h"
#include "engine/session.h"
#include "model/graph.h"

namespace lips {

// The device engine cuda would run on, in words. Errors: kUnsupported, one sentence saying what is missing: the build
// (LIPSTREAM_CUDA), a driver, a device, its generation.
Result<std::string> CudaDevice();

// Bytes of that device's memory that nobody has taken. Errors: CudaDevice's; kIo.
Result<int64_t> FreeCudaBytes();

// OpenNetworkGenerator for Backend::kCuda. Errors: CudaDevice's; kUnsupported naming the node no kernel runs;
// kResourceLimit when the device's memory is full.
Result<std::unique_ptr<Generator>> OpenCudaGenerator(const Graph& graph, const GeneratorOptions& options);

// OpenSession for Backend::kCuda: for encoders, one picture in and one out, any batch. Errors: likewise.
Result<std::unique_ptr<Session>> OpenCudaSession(const Graph& graph, const SessionOptions& options);

}  // namespace lips

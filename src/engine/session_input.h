// What every backend checks before it runs: numbers, types and shapes of inputs, and its thread count.
#pragma once

#include <span>

#include "base/result.h"
#include "engine/session.h"
#include "model/graph.h"
#include "tensor/tensor.h"

namespace lips {

// `declared` are the graph's inputs; dynamic dimensions and unknown shapes accept anything.
// Errors: kInvalidInput naming the input, what it got and what it expects.
Status CheckSessionInputs(std::span<const Value> declared, std::span<const TensorView> given);

// Errors: kInvalidInput.
Status CheckSessionOutputs(size_t declared, size_t given);

// Errors: kUnsupported when the backend does not compute in that precision; names one that does.
Status CheckPrecision(const SessionOptions& options);

// options.threads, or one per core.
int ThreadCount(const SessionOptions& options);

}  // namespace lips

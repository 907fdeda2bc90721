// TensorFlow Lite files, read into the same Graph as ONNX files.
#pragma once

#include <cstdint>
#include <span>

#include "base/file_part.h"
#include "base/result.h"
#include "model/graph.h"

namespace lips {

// Whether these bytes say that they are TensorFlow Lite.
bool IsTflite(std::span<const uint8_t> bytes);

// One subgraph of floating point: convolutions (also depthwise and dilated), pools, PAD, PRELU, ReLUs, LOGISTIC, ADD,
// SUB, MUL, CONCATENATION, RESHAPE, RESIZE_BILINEAR and DEQUANTIZE of half-precision weights; fused activations.
//
// The graph is ONNX's opset 17 with known shapes. A picture goes in as [N,C,H,W], where the file has [N,H,W,C]; outputs
// have the file's own shapes, elements in the file's order. Weights become f32. Names are the file's where they are
// unique. Errors: kUnsupported (operator, by name; quantised or sparse weights; several subgraphs), kCorrupted,
// kResourceLimit (constants that unfold to far more than the file). Validate() holds for the result.
Result<Graph> ParseTflite(std::span<const uint8_t> bytes);
Result<Graph> ReadTflite(const FilePart& file);

// An ONNX or a TensorFlow Lite file, told by content.
Result<Graph> ReadNetwork(const FilePart& file);

}  // namespace lips

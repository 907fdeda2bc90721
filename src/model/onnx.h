// ONNX files: read into a Graph, written from one.
#pragma once

#include <span>
#include <vector>

#include "base/file.h"
#include "base/file_part.h"
#include "base/result.h"
#include "model/graph.h"

namespace lips {

// Opset 11 to 17 (others: kUnsupported, naming the version). External data only from a regular file inside the
// model's own folder: absolute paths, "..", links and hard links are refused. Initialisers f32, f16, bf16, f64, i64,
// i32, i8, u8, bool. Functions, subgraphs (If, Loop) and sparse tensors are kUnsupported by name. Errors otherwise:
// kCorrupted with what and where. Validate() holds for the result.
Result<Graph> ReadOnnx(const Path& path);

// The same from a file that is open; a part of a file has no folder, so external data is refused there.
Result<Graph> ReadOnnx(const FilePart& file);

// The same from memory; external data is refused.
Result<Graph> ParseOnnx(std::span<const uint8_t> bytes);

// A self-contained model (no external data) of opset graph.opset, IR version 8. Deterministic: equal graphs give
// equal bytes. Errors: kResourceLimit above 2 GB (protobuf's limit).
Result<std::vector<uint8_t>> SerializeOnnx(const Graph& graph);
Status WriteOnnx(const Path& path, const Graph& graph);  // atomic

}  // namespace lips

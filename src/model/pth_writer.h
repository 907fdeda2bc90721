// Weights as a file that PyTorch reads: torch.load(path) gives a dict of tensors.
#pragma once

#include <cstdint>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "model/family_graph.h"

namespace lips {

// A zip archive of stored (uncompressed) entries: "archive/data.pkl", a pickle of protocol 2 that names only
// torch._utils._rebuild_tensor_v2, torch's storage types and collections.OrderedDict, and "archive/data/<k>", the
// elements of tensor k, little endian. Deterministic. f32, f64, f16, i64, i32, i8 and u8 are stored as they are; others
// are kUnsupported by name, and more than 2 GB in all is kResourceLimit. Source: torch/csrc/jit/serialization,
// pickletools.
Result<std::vector<uint8_t>> SerializePth(const StateDict& state);
Status WritePth(const Path& path, const StateDict& state);  // atomic

}  // namespace lips

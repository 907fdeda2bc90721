// Weights out of a file that PyTorch wrote, without PyTorch and without running anything that is in the file.
#pragma once

#include <cstdint>
#include <span>

#include "base/file_part.h"
#include "base/result.h"
#include "model/family_graph.h"

namespace lips {

// The state dict of a checkpoint as torch.save writes them since PyTorch 1.6 (a zip archive), whatever it is called.
// It may be the whole file or lie under "state_dict", "model_state_dict", "model", "generator" or "net", also one
// within another; what is no tensor there is left out. Names lose "module." where all of them begin so. Tensors are
// packed and keep their types.
//
// Errors: kUnsupported saying what the file is and what to do (the formats before 1.6, TorchScript, big endian), or
// naming what is not allowed in it; kInvalidInput (no tensors); kResourceLimit (tensors that share storages until they
// would fill four times the file); kCorrupted otherwise.
Result<StateDict> ParsePth(std::span<const uint8_t> bytes);
Result<StateDict> ReadPth(const FilePart& file);

}  // namespace lips

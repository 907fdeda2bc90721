// PNG in memory. Private to this folder.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "image/image.h"

namespace lips {

bool IsPng(std::span<const uint8_t> bytes);

// Every kind of PNG as 8-bit BGR: alpha is dropped, 16-bit samples keep their upper half, grey is repeated.
// Errors: kCorrupted (also: cut short, wrong checksums), kResourceLimit (CheckPictureSize).
Result<Image> DecodePng(std::span<const uint8_t> bytes);

// Lossless. Errors: kResourceLimit (out of memory), kInvalidInput (an empty picture).
Result<std::vector<uint8_t>> EncodePng(ConstImageView image);
Result<std::vector<uint8_t>> EncodePng(ConstPlaneView image);

}  // namespace lips

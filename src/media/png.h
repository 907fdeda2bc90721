// PNG in memory. Private to this folder.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "image/image.h"
#include "image/plane.h"

namespace lips {

bool IsPng(std::span<const uint8_t> bytes);

// Every kind of PNG as 8-bit BGR: 16-bit samples keep their upper half, grey is repeated. `alpha`, unless null, gets
// the opacity of a picture that has an alpha channel and is left alone otherwise. Errors: kCorrupted (also: cut short,
// wrong checksums), kResourceLimit (CheckPictureSize).
Result<Image> DecodePng(std::span<const uint8_t> bytes, Plane* alpha = nullptr);

// Lossless. Errors: kResourceLimit (out of memory), kInvalidInput (an empty picture).
Result<std::vector<uint8_t>> EncodePng(ConstImageView image);
Result<std::vector<uint8_t>> EncodePng(ConstPlaneView image);
Result<std::vector<uint8_t>> EncodePng(ConstImageView image, ConstPlaneView alpha);

}  // namespace lips

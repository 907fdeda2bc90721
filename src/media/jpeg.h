// JPEG in memory. Private to this folder.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "image/image.h"

namespace lips {

bool IsJpeg(std::span<const uint8_t> bytes);

// Errors: kCorrupted (also: anything the decoder warns about, such as missing bytes), kResourceLimit
// (CheckPictureSize), kUnsupported (CMYK).
Result<Image> DecodeJpeg(std::span<const uint8_t> bytes);
// Planes as stored; chroma is averaged (4:4:4, 4:2:2, 4:4:0) or repeated (4:1:1) to 4:2:0. BT.601 full range.
Result<YuvImage> DecodeJpegToYuv(std::span<const uint8_t> bytes);

// 4:2:0; `quality` in 1..100. Errors: kInvalidInput (quality, an empty picture).
Result<std::vector<uint8_t>> EncodeJpeg(ConstImageView image, int quality);

}  // namespace lips

// Single pictures: PNG and JPEG files.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "image/image.h"
#include "image/plane.h"

namespace lips {

// Decodes a JPEG or PNG, told by content: 16-bit samples keep their upper half. `alpha`, where given, gets the
// picture's opacity, or becomes empty when it has no alpha channel. At most 16384 pixels a side and 2^26 in all.
// Errors: kCorrupted (any damage, also a picture cut short), kUnsupported, kResourceLimit.
Result<Image> ParsePicture(std::span<const uint8_t> bytes, Plane* alpha = nullptr);
// ParsePicture of a file. Errors: also kIo; all name the path.
Result<Image> ReadPicture(const Path& path, Plane* alpha = nullptr);

// JPEG straight to planes (4:2:0; other subsamplings are converted), BT.601 full range as JFIF says.
Result<YuvImage> ParseJpegAsYuv(std::span<const uint8_t> bytes);
Result<YuvImage> ReadJpegAsYuv(const Path& path);

// Atomic. Lossless. Errors: kIo.
Status WritePng(const Path& path, ConstImageView image);
Status WritePng(const Path& path, ConstPlaneView image);
// With opacity: `alpha` has the image's size.
Status WritePng(const Path& path, ConstImageView image, ConstPlaneView alpha);
// Atomic. `quality` 1..100; 4:2:0. Errors: kIo.
Status WriteJpeg(const Path& path, ConstImageView image, int quality);

// What WriteJpeg writes. Errors: kInvalidInput (quality, an empty picture).
Result<std::vector<uint8_t>> JpegBytes(ConstImageView image, int quality);

// WritePng or WriteJpeg (quality 95) by extension. Errors: kInvalidInput (other extension).
Status WritePicture(const Path& path, ConstImageView image);

}  // namespace lips

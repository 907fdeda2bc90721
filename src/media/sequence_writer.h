// Frames as numbered PNG or JPEG files in a folder.
#pragma once

#include <cstdint>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "image/image.h"

namespace lips {

struct SequenceWriterOptions {
  std::string extension = ".png";  // .png, .jpg or .jpeg
  int jpeg_quality = 95;           // 1..100
};

// Writes 000000.png, 000001.png, ... (more digits from a million on). Each file appears complete or not at all. Files
// of an earlier sequence that this one does not reach stay. Move-only; one thread at a time.
class SequenceWriter {
 public:
  // Creates the folder and its parents. Errors: kIo, kInvalidInput (extension, quality).
  static Result<SequenceWriter> Create(const Path& folder, SequenceWriterOptions options);

  // Errors: kIo, naming the file.
  Status Write(ConstImageView frame);
  Status Write(ConstYuvView frame);
  // With opacity, of the frame's size. Errors: also kInvalidInput unless PNG.
  Status Write(ConstYuvView frame, ConstPlaneView alpha);

  int64_t frames() const { return frames_; }
  // The name of frame `index`.
  Path FileOf(int64_t index) const;

 private:
  SequenceWriter(Path folder, SequenceWriterOptions options);

  Path folder_;
  SequenceWriterOptions options_;
  int64_t frames_ = 0;
  Image converted_;
};

}  // namespace lips

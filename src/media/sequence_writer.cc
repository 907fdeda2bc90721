#include "media/sequence_writer.h"

#include <utility>

#include "image/colour.h"
#include "media/picture.h"

namespace lips {

SequenceWriter::SequenceWriter(Path folder, SequenceWriterOptions options)
    : folder_(std::move(folder)), options_(std::move(options)) {}

Result<SequenceWriter> SequenceWriter::Create(const Path& folder, SequenceWriterOptions options) {
  const std::string& extension = options.extension;
  if (extension != ".png" && extension != ".jpg" && extension != ".jpeg") {
    return Error(ErrorCode::kInvalidInput, "cannot write frames as '" + extension + "'; expected .png, .jpg or .jpeg");
  }
  if (options.jpeg_quality < 1 || options.jpeg_quality > 100) {
    return Error(ErrorCode::kInvalidInput,
                 "JPEG quality is " + std::to_string(options.jpeg_quality) + "; expected 1..100");
  }
  RETURN_IF_ERROR(MakeFolder(folder));
  return SequenceWriter(folder, std::move(options));
}

Path SequenceWriter::FileOf(int64_t index) const {
  constexpr size_t kDigits = 6;
  const std::string number = std::to_string(index);
  const std::string zeros(number.size() < kDigits ? kDigits - number.size() : 0, '0');
  return folder_ / (zeros + number + options_.extension);
}

Status SequenceWriter::Write(ConstImageView frame) {
  const Path path = FileOf(frames_);
  RETURN_IF_ERROR(options_.extension == ".png" ? WritePng(path, frame) : WriteJpeg(path, frame, options_.jpeg_quality));
  ++frames_;
  return {};
}

Status SequenceWriter::Write(ConstYuvView frame, ConstPlaneView alpha) {
  if (options_.extension != ".png") {
    return Error(ErrorCode::kInvalidInput, "'" + options_.extension + "' pictures have no alpha; expected .png");
  }
  converted_.Resize(frame.width(), frame.height());
  YuvToBgr(frame, converted_.view());
  RETURN_IF_ERROR(WritePng(FileOf(frames_), std::as_const(converted_).view(), alpha));
  ++frames_;
  return {};
}

Status SequenceWriter::Write(ConstYuvView frame) {
  converted_.Resize(frame.width(), frame.height());
  YuvToBgr(frame, converted_.view());
  return Write(std::as_const(converted_).view());
}

}  // namespace lips

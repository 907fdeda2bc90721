// What the tests of the live encoders share: a stream made of pictures, as a file in memory that VideoReader reads.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "media/fragmented_mp4.h"
#include "media/h264_stream.h"
#include "media/video_reader.h"

namespace lips {

// Pieces of a fragmented MP4, one after another as a client gets them.
struct Pieces {
  struct Piece {
    bool init, key;
    int64_t first_frame, last_frame;
    size_t begin, size;
  };
  std::vector<uint8_t> bytes;
  std::vector<Piece> list;
  FragmentedMp4::Sink sink() {
    return [this](const Mp4Piece& piece) -> Status {
      list.push_back({piece.init, piece.key, piece.first_frame, piece.last_frame, bytes.size(), piece.bytes.size()});
      bytes.insert(bytes.end(), piece.bytes.begin(), piece.bytes.end());
      return {};
    };
  }
};

inline std::string MessageOf(const Status& status) { return status.ok() ? "ok" : status.error().message(); }
template <typename T>
std::string MessageOf(const Result<T>& result) {
  return result.ok() ? "ok" : result.error().message();
}

// The stream's pictures, decoded. Failures show in the count.
inline std::vector<YuvImage> DecodeAll(std::span<const uint8_t> bytes) {
  std::vector<YuvImage> pictures;
  auto reader = VideoReader::OpenBytes(bytes, "stream", {});
  if (!reader.ok()) {
    ADD_FAILURE() << reader.error().message();
    return pictures;
  }
  for (;;) {
    YuvImage picture;
    const Status status = reader.value().Read(picture);
    if (!status.ok()) {
      EXPECT_EQ(status.error().code(), ErrorCode::kEndOfStream) << status.error().message();
      return pictures;
    }
    pictures.push_back(std::move(picture));
  }
}

inline H264StreamOptions SmallStream() {
  H264StreamOptions options;
  options.width = 96;
  options.height = 64;
  options.crf = 18;
  return options;
}

}  // namespace lips

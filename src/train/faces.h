// The pictures a training run learns from: decoded once, kept as JPEG in one file, read by index from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/file_part.h"
#include "base/result.h"
#include "image/image.h"

namespace lips {

// Which picture of a frame: how it looks, or how it would with the mouth at rest.
enum class FaceKind : uint8_t { kTarget, kResting };

struct FaceStoreHeader {
  int size_px = 0;
  int64_t frames = 0;
  bool has_resting = false;
  std::string key;  // what it was made from; a store with another key is made anew
};

// Immutable once open; any number of threads may read.
class FaceStore {
 public:
  // Writes a store: `next(frame, kind, picture)` gives every picture in order of frames, the target first. The file
  // appears when it is complete. `next` is called from this thread, `threads` compress. Errors: those of `next` and of
  // writing.
  using Next = std::function<Status(int64_t frame, FaceKind kind, Image& picture)>;
  static Status Write(const Path& path, const FaceStoreHeader& header, const Next& next, int threads = 1);
  // Errors: kIo, kCorrupted (not such a file, or cut off).
  static Result<FaceStore> Open(const Path& path);

  const FaceStoreHeader& header() const { return header_; }
  // [size_px, size_px]. Errors: kCorrupted naming the frame.
  Status Read(int64_t frame, FaceKind kind, Image& out) const;

 private:
  FaceStoreHeader header_;
  std::vector<uint64_t> ends_;  // of picture k; pictures lie one after the other
  OwnedBytes pictures_;
};

}  // namespace lips

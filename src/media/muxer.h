// FFmpeg's output container as an owner. Private to this folder.
#pragma once

#include <memory>

struct AVDictionary;
struct AVFormatContext;

namespace lips {

// Closes the file too; a failure to write is lost, so close it yourself first.
struct MuxerDeleter {
  void operator()(AVFormatContext* muxer) const;
};
using MuxerPtr = std::unique_ptr<AVFormatContext, MuxerDeleter>;

struct DictionaryOwner {
  AVDictionary* dictionary = nullptr;
  DictionaryOwner() = default;
  DictionaryOwner(const DictionaryOwner&) = delete;
  DictionaryOwner& operator=(const DictionaryOwner&) = delete;
  ~DictionaryOwner();
};

}  // namespace lips

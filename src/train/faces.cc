#include "train/faces.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <string_view>
#include <utility>

#include "base/json.h"
#include "base/thread_pool.h"
#include "media/picture.h"

namespace lips {
namespace {

constexpr std::string_view kMagic = "LIPSFACE";
constexpr size_t kTailBytes = 2 * sizeof(uint64_t) + 8;  // where the table begins, length of the header, the magic
constexpr int kQuality = 95;

Json ToJson(const FaceStoreHeader& header) {
  return Json::Object({{"size_px", header.size_px},
                       {"frames", header.frames},
                       {"has_resting", header.has_resting},
                       {"key", header.key}});
}

int64_t PicturesOf(const FaceStoreHeader& header) { return header.frames * (header.has_resting ? 2 : 1); }

Error Damaged(const Path& path) {
  return Error(ErrorCode::kCorrupted, "'" + path.string() + "' is no complete store of training pictures");
}

}  // namespace

// Pictures, then the ends of each as u64, then the header as JSON, then the tail.
Status FaceStore::Write(const Path& path, const FaceStoreHeader& header, const Next& next, int threads) {
  ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  std::ofstream out(file.temporary_path(), std::ios::binary);
  std::vector<uint64_t> ends;
  uint64_t position = 0;
  ThreadPool pool(threads);
  constexpr int kOfEachThread = 8;
  std::vector<Image> pictures(static_cast<size_t>(pool.size() * kOfEachThread));
  std::vector<Result<std::vector<uint8_t>>> jpegs(pictures.size(), std::vector<uint8_t>());
  const int64_t each = header.has_resting ? 2 : 1;
  const int64_t total = PicturesOf(header);
  for (int64_t first = 0; first < total; first += std::ssize(pictures)) {
    const auto count = static_cast<int>(std::min<int64_t>(std::ssize(pictures), total - first));
    for (int k = 0; k < count; ++k) {
      const bool resting = (first + k) % each == 1;
      RETURN_IF_ERROR(
          next((first + k) / each, resting ? FaceKind::kResting : FaceKind::kTarget, pictures[static_cast<size_t>(k)]));
    }
    pool.Run([&](const Worker& worker) {
      const auto [begin, end] = worker.Share(count);
      for (auto k = static_cast<size_t>(begin); k < static_cast<size_t>(end); ++k) {
        jpegs[k] = JpegBytes(pictures[k].view(), kQuality);
      }
    });
    for (int k = 0; k < count; ++k) {
      ASSIGN_OR_RETURN(const std::vector<uint8_t> jpeg, std::move(jpegs[static_cast<size_t>(k)]));
      out.write(reinterpret_cast<const char*>(jpeg.data()), static_cast<std::streamsize>(jpeg.size()));
      ends.push_back(position += jpeg.size());
    }
  }
  const std::string text = ToJson(header).Dump(true);
  const uint64_t text_bytes = text.size();
  const auto raw = [&out](const void* data, size_t bytes) {
    out.write(static_cast<const char*>(data), static_cast<std::streamsize>(bytes));
  };
  raw(ends.data(), ends.size() * sizeof(uint64_t));
  raw(text.data(), text.size());
  raw(&position, sizeof(position));
  raw(&text_bytes, sizeof(text_bytes));
  raw(kMagic.data(), kMagic.size());
  out.close();
  if (!out) return Error(ErrorCode::kIo, "cannot write '" + path.string() + "'; is the disk full?");
  return file.Commit();
}

Result<FaceStore> FaceStore::Open(const Path& path) {
  ASSIGN_OR_RETURN(const FilePart part, FilePart::Open(path));
  FaceStore store;
  ASSIGN_OR_RETURN(store.pictures_, part.Map());
  const auto bytes = store.pictures_.bytes;
  if (bytes.size() < kTailBytes) return Damaged(path);
  const auto tail = bytes.last(kTailBytes);
  uint64_t table = 0;
  uint64_t text_bytes = 0;
  std::memcpy(&table, tail.data(), sizeof(table));
  std::memcpy(&text_bytes, tail.data() + sizeof(table), sizeof(text_bytes));
  const uint64_t before_tail = bytes.size() - kTailBytes;
  const bool sound = std::memcmp(tail.data() + 2 * sizeof(uint64_t), kMagic.data(), kMagic.size()) == 0 &&
                     text_bytes <= before_tail && table <= before_tail - text_bytes;
  if (!sound) return Damaged(path);
  const auto text = bytes.subspan(before_tail - text_bytes, text_bytes);
  ASSIGN_OR_RETURN(const Json json, ParseJson({reinterpret_cast<const char*>(text.data()), text.size()}));
  const auto member = [&json](const char* key) {
    const Json* found = json.Find(key);
    return found == nullptr ? Json() : *found;
  };
  store.header_ = {.size_px = static_cast<int>(member("size_px").as_int()),
                   .frames = member("frames").as_int(),
                   .has_resting = member("has_resting").as_bool(),
                   .key = member("key").as_string()};
  const uint64_t table_bytes = before_tail - text_bytes - table;
  const int64_t most = static_cast<int64_t>(table_bytes / sizeof(uint64_t));
  if (store.header_.frames < 1 || store.header_.frames > most || PicturesOf(store.header_) != most) {
    return Damaged(path);
  }
  store.ends_.resize(static_cast<size_t>(most));
  std::memcpy(store.ends_.data(), bytes.data() + table, store.ends_.size() * sizeof(uint64_t));
  uint64_t last = 0;
  for (const uint64_t end : store.ends_) {
    if (end < last || end > table) return Damaged(path);
    last = end;
  }
  return store;
}

Status FaceStore::Read(int64_t frame, FaceKind kind, Image& out) const {
  const size_t each = header_.has_resting ? 2 : 1;
  const size_t index = static_cast<size_t>(frame) * each + (kind == FaceKind::kResting ? 1 : 0);
  const uint64_t begin = index == 0 ? 0 : ends_[index - 1];
  auto picture = ParsePicture(pictures_.bytes.subspan(begin, ends_[index] - begin));
  if (!picture.ok()) {
    return std::move(picture).TakeError().Within("training picture of frame " + std::to_string(frame));
  }
  out = std::move(picture).value();
  if (out.width() == header_.size_px && out.height() == header_.size_px) return {};
  return Error(ErrorCode::kCorrupted, "training picture of frame " + std::to_string(frame) + " has another size");
}

}  // namespace lips

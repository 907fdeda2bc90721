// Avatar packs: whatever header, table, index and manifest claim, every section and block lies inside the file.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "avatar/pack_facts.h"
#include "avatar/pack_file.h"
#include "avatar/pack_format.h"
#include "base/checksum.h"

namespace {

using Bytes = std::span<const uint8_t>;

void MustLieInside(const std::vector<lips::PackSection>& sections, int64_t end) {
  int64_t free_from = lips::kPackHeaderBytes;
  for (const lips::PackSection& section : sections) {
    if (section.offset < free_from || section.bytes < 0 || section.bytes > end - section.offset) std::abort();
    if (section.name.empty()) std::abort();
    free_from = section.offset + section.bytes;
  }
}

void ParseWhole(Bytes file) {
  const auto size = static_cast<int64_t>(file.size());
  const auto header = lips::ParsePackHeader(file.first(std::min<size_t>(file.size(), lips::kPackHeaderBytes)), size);
  if (!header.ok()) return;
  const auto table = file.subspan(static_cast<size_t>(header.value().table_offset));
  const auto sections = lips::ParsePackTable(header.value(), table);
  if (!sections.ok()) return;
  MustLieInside(sections.value(), header.value().table_offset);
  for (const lips::PackSection& section : sections.value()) {
    const Bytes part = file.subspan(static_cast<size_t>(section.offset), static_cast<size_t>(section.bytes));
    if (section.name == lips::kManifestSection) {
      static_cast<void>(lips::ParsePackFacts({reinterpret_cast<const char*>(part.data()), part.size()}));
    }
  }
}

// Without checksums in the way: the bytes as a table, an index, rectangles and a manifest.
void ParseParts(Bytes bytes) {
  lips::PackHeader header;
  header.sections = static_cast<uint32_t>(bytes.size() / 128);
  const Bytes table = bytes.first(static_cast<size_t>(lips::PackTableBytes(header)));
  header.table_offset = 1 << 20;
  header.table_checksum = lips::Checksum64Of(table);
  if (const auto sections = lips::ParsePackTable(header, table); sections.ok()) {
    MustLieInside(sections.value(), header.table_offset);
  }
  constexpr int64_t kData = 1 << 16;
  if (const auto blocks = lips::PackBlobs::ParseIndex(bytes, kData); blocks.ok()) {
    for (const auto& block : blocks.value()) {
      if (block.offset < 0 || block.bytes <= 0 || block.bytes > kData - block.offset) std::abort();
    }
  }
  if (const auto rects = lips::ParsePackRects(bytes, static_cast<int64_t>(bytes.size() / 16)); rects.ok()) {
    for (const lips::Rect& rect : rects.value()) {
      if (rect.width <= 0 || rect.height <= 0) std::abort();
    }
  }
  const auto facts = lips::ParsePackFacts({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (facts.ok() && (facts.value().video.width <= 0 || facts.value().video.frames <= 0)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ParseWhole({data, size});
  ParseParts({data, size});
  return 0;
}

// Arbitrary bytes as a zip archive. What is read of it must lie within it, and be the same whenever it is asked for.
#include "model/zip.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto archive = lips::ZipArchive::Open(std::span(data, size));
  if (!archive.ok()) return 0;
  for (const std::string& name : archive.value().NamesEndingIn("")) {
    if (!archive.value().Has(name)) std::abort();
    const auto bytes = archive.value().Read(name);
    if (!bytes.ok()) continue;
    if (bytes.value().data() < data || bytes.value().data() + bytes.value().size() > data + size) std::abort();
    const auto again = archive.value().Read(name);
    if (!again.ok() || again.value().data() != bytes.value().data()) std::abort();
  }
  return 0;
}

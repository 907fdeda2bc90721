// Arbitrary bytes as a pickle of rows of numbers. What is read must be no larger than is promised.
#include "model/pickled_rows.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kMost = 5;
  const auto rows = lips::ReadPickledRows(std::span(data, size), kMost);
  if (!rows.ok()) return 0;
  if (rows.value().size() > 1'000'000) std::abort();
  for (const auto& row : rows.value()) {
    if (row.size() > kMost) std::abort();
  }
  return 0;
}

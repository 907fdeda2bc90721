// Arbitrary bytes as a PyTorch checkpoint. Whatever is read must be no larger than is promised, and survive being
// looked at as a network and being written and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "model/family_state.h"
#include "model/pth_reader.h"
#include "model/pth_writer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto state = lips::ParsePth(std::span(data, size));
  if (!state.ok()) return 0;
  size_t bytes = 0;
  for (const auto& [name, tensor] : state.value()) bytes += tensor.bytes();
  if (bytes > 4 * size) std::abort();
  const auto written = lips::SerializePth(state.value());
  if (written.ok() && !lips::ParsePth(written.value()).ok() && !state.value().empty()) std::abort();
  const auto graph = lips::FamilyGraph(std::move(state).value(), false);
  if (graph.ok() && !lips::Validate(graph.value()).ok()) std::abort();
  return 0;
}

#include "composite/composite.h"

#include <string>

#include "composite/compatible.h"
#include "composite/jaw_mask.h"
#include "composite/natural.h"

namespace lips {

std::string_view Name(CompositeMode mode) {
  switch (mode) {
    case CompositeMode::kNatural: return "natural";
    case CompositeMode::kCompatible: return "compatible";
  }
  return "?";
}

Result<CompositeMode> ParseCompositeMode(std::string_view name) {
  for (const CompositeMode mode : {CompositeMode::kNatural, CompositeMode::kCompatible}) {
    if (name == Name(mode)) return mode;
  }
  return Error(ErrorCode::kInvalidInput,
               "no way of compositing is called '" + std::string(name) + "'; there are natural and compatible");
}

std::unique_ptr<Composite> MakeComposite(CompositeMode mode, double feather) {
  if (mode == CompositeMode::kCompatible) return std::make_unique<CompatibleComposite>();
  return std::make_unique<NaturalComposite>(feather);
}

std::vector<uint8_t> UsedPixels(CompositeMode mode, int size_px) {
  return mode == CompositeMode::kNatural ? JawMask(size_px) : std::vector<uint8_t>();
}

}  // namespace lips

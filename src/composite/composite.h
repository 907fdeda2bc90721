// How a generated mouth gets into its frame: the interface of all ways, and their names.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "composite/jaw_mask.h"
#include "image/place.h"

namespace lips {

enum class CompositeMode : uint8_t {
  kNatural,     // through a soft mask of the jaw, colours matched at its border
  kCompatible,  // the reference's hard paste
};

std::string_view Name(CompositeMode mode);                        // "natural", "compatible": the names of --composite
Result<CompositeMode> ParseCompositeMode(std::string_view name);  // kInvalidInput lists the choices

// Scratch memory only: what a frame looks like does not depend on the frames before it. One thread at a time.
class Composite {
 public:
  virtual ~Composite() = default;

  // `crop` is the template's [C, C] (328 or 168), cut at `place` of `frame`, which shows the template; `mouth` is [S,
  // S] (320 or 160; C - S is twice the border). Only pixels that `place` touches change. A place between pixels is for
  // natural compositing; the reference's way takes the nearest whole one, which must lie inside `frame`.
  virtual void Paste(ConstImageView crop, ConstImageView mouth, const Place& place, ImageView frame) = 0;

  // The same in the frame's own planes, where the change is transformed to Y'CbCr: samples whose pixels do not change
  // keep every bit, and chroma shared with pixels outside the place moves only by the inside pixels' share.
  virtual void Paste(ConstImageView crop, ConstImageView mouth, const Place& place, YuvView frame) = 0;
};

// `feather` is natural compositing's (composite/jaw_mask.h).
std::unique_ptr<Composite> MakeComposite(CompositeMode mode, double feather = kUsualFeather);

// The pixels of a mouth [size_px, size_px] that the mode reads, nonzero where it does, for GeneratorOptions::used;
// empty when it reads all.
std::vector<uint8_t> UsedPixels(CompositeMode mode, int size_px);

}  // namespace lips

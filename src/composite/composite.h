// How a generated mouth gets into its frame: the interface of all ways, and their names.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/view.h"

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

  // `crop` is the template's [C, C] (328 or 168), `mouth` [S, S] (320 or 160; C - S is twice the border), `rect` lies
  // inside `frame`, which shows the template. Only pixels of `rect` change.
  virtual void Paste(ConstImageView crop, ConstImageView mouth, Rect rect, ImageView frame) = 0;

  // The same in the frame's own planes, where the change is transformed to Y'CbCr: samples whose pixels do not change
  // keep every bit, and chroma shared with pixels outside the rectangle moves only by the inside pixels' share.
  virtual void Paste(ConstImageView crop, ConstImageView mouth, Rect rect, YuvView frame) = 0;
};

std::unique_ptr<Composite> MakeComposite(CompositeMode mode);

// The pixels of a mouth [size_px, size_px] that the mode reads, nonzero where it does, for GeneratorOptions::used;
// empty when it reads all.
std::vector<uint8_t> UsedPixels(CompositeMode mode, int size_px);

}  // namespace lips

// A screen's colour as transparency: the matte of a picture, and the screen's light taken off what is left.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "image/key_colour.h"
#include "image/plane.h"
#include "image/view.h"

namespace lips {

// Colour is looked at in Y'CbCr, turned so that the key lies on one axis. With x the share along it (1: as coloured as
// the key) and z the share across, a colour has x - |z| of the key in it: 0 or less for all whose hue is 45 degrees
// away, which skin, hair and greys are. From that share its opacity follows; what of it remains is spill. Source: F.
// van den Bergh, V. Lalioti, "Software chroma keying in an immersive virtual environment", 1999.
//
// Matte has scratch memory: one thread at a time may call it, any number Despill.
class Keyer {
 public:
  // `format` is that of the frames. The key has been checked.
  Keyer(const KeyColour& key, YuvFormat format);

  // How opaque each pixel is. Chroma has half the resolution, so the matte is interpolated between its samples.
  // `alpha` has the frame's size.
  void Matte(ConstYuvView frame, PlaneView alpha);

  // Takes the key out of the colours, and the screen's light or shade out of pixels that are partly screen. A colour
  // without any of the key in an opaque pixel keeps its bits. `alpha` is the matte of this frame, or of one that
  // differs in the mouth only.
  void Despill(ConstPlaneView alpha, YuvView frame) const;

 private:
  static constexpr size_t kColours = 256 * 256;  // by Cb * 256 + Cr

  int key_luma_;
  int least_luma_, most_luma_;
  std::vector<uint8_t> opacity_ = std::vector<uint8_t>(kColours);
  std::vector<std::array<uint8_t, 2>> clean_ = std::vector<std::array<uint8_t, 2>>(kColours);
  Plane coarse_;  // opacity at chroma's resolution
};

}  // namespace lips

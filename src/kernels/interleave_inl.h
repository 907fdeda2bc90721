// B, G, R triples to vectors of one channel each and back; for kernel bodies only (see lanes.h).
#pragma once

#include "kernels/lanes.h"

// NOLINTBEGIN(misc-definitions-in-headers): included once by one source file of each instruction set
namespace lips::kernels {
namespace {

// Byte shuffles for 16 pixels in three 16-byte parts. A place of -1 gives zero.
struct InterleaveTables {
  alignas(16) int8_t take[3][3][16];  // [channel][part]: the channel's samples that this part holds, in their places
  alignas(16) int8_t put[3][3][16];   // [part][channel]: the inverse
};

consteval InterleaveTables MakeInterleaveTables() {
  InterleaveTables t = {};
  for (int outer = 0; outer < 3; ++outer) {
    for (int inner = 0; inner < 3; ++inner) {
      for (int i = 0; i < 16; ++i) {
        t.take[outer][inner][i] = -1;
        t.put[outer][inner][i] = -1;
      }
    }
  }
  for (int pixel = 0; pixel < 16; ++pixel) {
    for (int channel = 0; channel < 3; ++channel) {
      const int byte = 3 * pixel + channel;
      t.take[channel][byte / 16][pixel] = static_cast<int8_t>(byte % 16);
      t.put[byte / 16][channel][byte % 16] = static_cast<int8_t>(pixel);
    }
  }
  return t;
}
constexpr InterleaveTables kInterleave = MakeInterleaveTables();

inline Vec Places(const int8_t (&places)[16]) { return FromLane(LoadLane(reinterpret_cast<const uint8_t*>(places))); }

struct BgrVecs {
  Vec b;  // kBytes pixels each, in order
  Vec g;
  Vec r;
};

// Reads 3 kBytes bytes.
inline BgrVecs LoadBgr(const uint8_t* bgr) {
  const Vec parts[3] = {LoadLanes(bgr, 48), LoadLanes(bgr + 16, 48), LoadLanes(bgr + 32, 48)};
  Vec channels[3];
  for (int c = 0; c < 3; ++c) {
    const auto& take = kInterleave.take[c];
    channels[c] = Or(Or(Shuffle8(parts[0], Places(take[0])), Shuffle8(parts[1], Places(take[1]))),
                     Shuffle8(parts[2], Places(take[2])));
  }
  return {channels[0], channels[1], channels[2]};
}

// Writes 3 kBytes bytes.
inline void StoreBgr(uint8_t* bgr, const BgrVecs& v) {
  for (int part = 0; part < 3; ++part) {
    const auto& put = kInterleave.put[part];
    StoreLanes(bgr + 16 * part, 48,
               Or(Or(Shuffle8(v.b, Places(put[0])), Shuffle8(v.g, Places(put[1]))), Shuffle8(v.r, Places(put[2]))));
  }
}

}  // namespace
}  // namespace lips::kernels
// NOLINTEND(misc-definitions-in-headers)

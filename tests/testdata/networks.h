// Networks of the family with weights made by us: constructed and seeded, never trained.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "model/graph.h"
#include "tests/testdata/network_builder.h"

namespace lips::testdata {

struct GeneratorRecipe {
  int size_px = 320;  // or 160, which has one level less
  // Channels of the family's five widths; the real ones are 32, 64, 128, 256, 512. All even, the first at least 8.
  std::array<int, 5> channels = {8, 16, 24, 32, 48};
  Dims audio_dims = {32, 16, 16};  // or {32, 32, 32}, {256, 16, 32}
  // Wires a few channels so that the picture stays the face that came in and its mouth opens with the loudness that
  // MakeAudioEncoder puts into the features (see talking_mouth.h). Needs 320 px and [32,16,16]; ignored otherwise,
  // and what comes out is then noise.
  bool follows_sound = true;
  std::string image_name = "input";
  std::string audio_name = "audio";
  std::string output_name = "output";
  Spelling spelling = {};
  uint64_t seed = 1;
};

// The UNet of spec.md 3. Image [N,6,S,S] and audio [N,a,b,c] to image [N,3,S,S] in (0, 1).
Graph MakeGenerator(const GeneratorRecipe& recipe);

struct EncoderRecipe {
  // Channels of the architecture's five widths; the real ones are 32, 64, 128, 256, 512. A row always has 512 floats.
  std::array<int, 5> channels = {4, 8, 12, 16, 32};
  Spelling spelling = {};
  uint64_t seed = 2;
};

// The AVE encoder of spec.md 2.3: mel [N,1,80,16] to rows [N,512], all >= 0. The first 256 features are all the
// loudness of the window's first half below about 2 kHz (0 in silence, 1 to 3 in speech); the others are seeded noise
// of it.
Graph MakeAudioEncoder(const EncoderRecipe& recipe);

}  // namespace lips::testdata

// Weights constructed by hand so that untrained networks make a talking face: loudness in, an open mouth out.
#pragma once

#include <span>
#include <vector>

#include "tests/testdata/generator_weights.h"

namespace lips::testdata {

// How the wired channels of a 320 px generator work, among the seeded ones, which stay:
//
// - inc finds the drawn lips (redder than any skin); down1..down3 blur that into a hill over the mouth, which reaches
//   up2 through the skip at 40x40.
// - the audio branch turns loudness (features 0..255 of the middle rows) into an opening 0..1, the same everywhere,
// which
//   rides through fuse1..up3.
// - up4 cuts the hill at a height that sinks with the opening: nothing in silence, a growing oval in speech. Three cuts
//   make the lips' outer edge, the dark inside, and the teeth.
// - up5 passes the picture (its reference half) through: a piecewise linear inverse of the sigmoid, made of ReLU
//   hinges; inside the cuts the hinges are switched off and flat colours take their place.
//
// Seeded channels reach the picture with small weights, so every weight matters a little.
void WireTalkingMouth(GeneratorWeights& w);

// Makes channel 0 of the encoder carry the energy above -69 dB up to the last layers, which spread it over features
// 0..255. `residual[k]`: layer k adds its input.
void WireLoudness(std::span<ConvLayer> layers, const std::vector<bool>& residual);

}  // namespace lips::testdata

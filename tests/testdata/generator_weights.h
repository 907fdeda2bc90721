// All layers of a UNet-328 family generator, before they become a graph.
#pragma once

#include <vector>

#include "tests/testdata/layer.h"
#include "tests/testdata/networks.h"

namespace lips::testdata {

struct GeneratorWeights {
  InvertedResidual inc;
  std::vector<DoubleBlock> down;
  InvertedResidual audio1, audio2;
  ConvLayer audio3;
  InvertedResidual audio4;
  ConvLayer audio5;  // stride 2, pad 3: 16 -> 10
  InvertedResidual audio6, audio7;
  DoubleBlock fuse1, fuse2;
  std::vector<DoubleBlock> up;  // deepest first
  ConvLayer outc;
};

GeneratorWeights SeededGenerator(const GeneratorRecipe& recipe);

}  // namespace lips::testdata

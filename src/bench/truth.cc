#include "bench/truth.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

namespace lips {

double PsnrDb(std::span<const Image> expected, std::span<const Image> actual, std::span<const uint8_t> used) {
  assert(expected.size() == actual.size());
  int64_t squares = 0;
  int64_t samples = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const ConstImageView want = expected[i].view();
    const ConstImageView got = actual[i].view();
    assert(want.width == got.width && want.height == got.height);
    for (int y = 0; y < want.height; ++y) {
      for (int x = 0; x < want.width; ++x) {
        const auto pixel = static_cast<size_t>(y) * static_cast<size_t>(want.width) + static_cast<size_t>(x);
        if (!used.empty() && used[pixel] == 0) continue;
        for (int c = 0; c < 3; ++c) {
          const int difference = int{want.Row(y)[3 * x + c]} - int{got.Row(y)[3 * x + c]};
          squares += int64_t{difference} * difference;
          ++samples;
        }
      }
    }
  }
  if (squares == 0) return kIdenticalDb;
  const double mse = static_cast<double>(squares) / static_cast<double>(samples);
  return std::min(kIdenticalDb, 10 * std::log10(255.0 * 255.0 / mse));
}

Result<std::vector<Image>> PicturesOf(Contender& contender, size_t frames) {
  std::vector<Image> all;
  std::vector<Image> one;
  for (size_t i = 0; i < frames; ++i) {
    RETURN_IF_ERROR(contender.Load({&i, 1}));
    RETURN_IF_ERROR(contender.Run());
    RETURN_IF_ERROR(contender.Fetch(one));
    all.push_back(std::move(one[0]));
  }
  return all;
}

Result<std::vector<Image>> TruePictures(const Graph& graph, const GeneratorBinding& binding,
                                        const FaceSamples& material) {
  const bool reference = FirstUnsupported(graph, Backend::kReference).empty();
  const SessionOptions options = {.backend = reference ? Backend::kReference : Backend::kOnnxRuntime};
  ASSIGN_OR_RETURN(const auto oracle, OpenWholeModel(graph, binding, options, material));
  return PicturesOf(*oracle, material.faces.size());
}

}  // namespace lips

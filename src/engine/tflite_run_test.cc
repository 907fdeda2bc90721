// TensorFlow Lite's operators, written out for [H,W,C], against what the engines make of the graph that was read.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "engine/session.h"
#include "model/test_tflite.h"
#include "model/tflite.h"

namespace lips {
namespace {

struct Cells {
  int h = 0, w = 0, c = 0;
  std::vector<float> values;
  Cells(int height, int width, int channels)
      : h(height),
        w(width),
        c(channels),
        values(static_cast<size_t>(height) * static_cast<size_t>(width) * static_cast<size_t>(channels)) {}
  size_t Index(int y, int x, int k) const {
    return (static_cast<size_t>(y) * static_cast<size_t>(w) + static_cast<size_t>(x)) * static_cast<size_t>(c) +
           static_cast<size_t>(k);
  }
  float& At(int y, int x, int k) { return values[Index(y, x, k)]; }
  float At(int y, int x, int k) const { return values[Index(y, x, k)]; }
};

// Padding "same": as little as gives ceil(in / stride) windows, the odd one at the end.
int Before(int in, int out, int stride, int kernel) { return std::max(0, (out - 1) * stride + kernel - in) / 2; }

void ForWindow(const Cells& in, int kernel_h, int kernel_w, int top, int left,
               const std::function<void(int, int, int, int)>& visit) {
  for (int i = 0; i < kernel_h; ++i) {
    for (int j = 0; j < kernel_w; ++j) {
      const int y = top + i, x = left + j;
      if (y >= 0 && y < in.h && x >= 0 && x < in.w) visit(y, x, i, j);
    }
  }
}

Cells Pooled(const Cells& in, int window_h, int window_w, bool mean) {
  Cells out((in.h + window_h - 1) / window_h, (in.w + window_w - 1) / window_w, in.c);
  for (int y = 0; y < out.h; ++y) {
    for (int x = 0; x < out.w; ++x) {
      for (int c = 0; c < in.c; ++c) {
        float most = -1e30F, sum = 0, count = 0;
        ForWindow(in, window_h, window_w, y * window_h - Before(in.h, out.h, window_h, window_h),
                  x * window_w - Before(in.w, out.w, window_w, window_w), [&](int sy, int sx, int, int) {
                    most = std::max(most, in.At(sy, sx, c));
                    sum += in.At(sy, sx, c);
                    count += 1;
                  });
        out.At(y, x, c) = mean ? sum / count : most;
      }
    }
  }
  return out;
}

Cells Bilinear(const Cells& in, int height, int width) {
  Cells out(height, width, in.c);
  const auto at = [](int o, int from, int to) {
    return std::max(0.0F, (static_cast<float>(o) + 0.5F) * static_cast<float>(from) / static_cast<float>(to) - 0.5F);
  };
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const float sy = at(y, in.h, height), sx = at(x, in.w, width);
      const int y0 = std::min(static_cast<int>(sy), in.h - 1), y1 = std::min(y0 + 1, in.h - 1);
      const int x0 = std::min(static_cast<int>(sx), in.w - 1), x1 = std::min(x0 + 1, in.w - 1);
      const float fy = sy - static_cast<float>(y0), fx = sx - static_cast<float>(x0);
      for (int c = 0; c < in.c; ++c) {
        out.At(y, x, c) = (1 - fy) * ((1 - fx) * in.At(y0, x0, c) + fx * in.At(y0, x1, c)) +
                          fy * ((1 - fx) * in.At(y1, x0, c) + fx * in.At(y1, x1, c));
      }
    }
  }
  return out;
}

// TinyTflite by hand.
struct Expected {
  std::vector<float> scores, cells;
};
Expected ByHand(const Cells& in) {
  Cells wide(3, 3, 4);  // conv, PRELU, two more channels of zeros
  for (int y = 0; y < 3; ++y) {
    for (int x = 0; x < 3; ++x) {
      for (int o = 0; o < 2; ++o) {
        float sum = o == 0 ? 0.25F : -1.0F;
        ForWindow(in, 3, 3, 2 * y - Before(5, 3, 2, 3), 2 * x - Before(6, 3, 2, 3),
                  [&](int sy, int sx, int, int) { sum += 0.5F * (in.At(sy, sx, 0) + in.At(sy, sx, 1)); });
        sum = std::max(sum, 0.0F);  // the fused activation; so the PRELU after it changes nothing
        wide.At(y, x, o) = sum;
      }
    }
  }
  Cells sum = wide;
  for (int y = 0; y < 3; ++y) {
    for (int x = 0; x < 3; ++x) {
      for (int c = 0; c < 4; ++c) {
        float deep = 0;
        ForWindow(wide, 3, 3, y - 1, x - 1, [&](int sy, int sx, int, int) { deep += 0.125F * wide.At(sy, sx, c); });
        sum.At(y, x, c) += deep;
      }
    }
  }
  const Cells large = Bilinear(Pooled(sum, 2, 2, false), 3, 3);
  Expected expected;
  for (size_t i = 0; i < sum.values.size(); ++i) {
    expected.cells.push_back(1 / (1 + std::exp(-large.values[i] * sum.values[i])));
  }
  expected.scores = Pooled(sum, 2, 2, true).values;
  const auto narrow = Pooled(sum, 2, 3, true).values;
  expected.scores.insert(expected.scores.end(), narrow.begin(), narrow.end());
  for (size_t i = 0; i < expected.scores.size(); ++i) {
    expected.scores[i] = std::clamp(expected.scores[i] - (i % 2 == 0 ? 1.0F : 0.0F), 0.0F, 1.0F);
  }
  return expected;
}

TEST(TinyTflite, RunsOnEveryEngineAsTheFormatDefinesIt) {
  const auto graph = ParseTflite(TinyTflite());
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  Cells in(5, 6, 2);
  Tensor planes(DType::kF32, {1, 2, 5, 6});
  for (int y = 0; y < 5; ++y) {
    for (int x = 0; x < 6; ++x) {
      for (int c = 0; c < 2; ++c) {
        in.At(y, x, c) = std::sin(static_cast<float>(3 * y + 5 * x + 7 * c)) * 0.4F;
        planes.As<float>()[Cells(2, 5, 6).Index(c, y, x)] = in.At(y, x, c);
      }
    }
  }
  const Expected expected = ByHand(in);
  EXPECT_EQ(FirstUnsupported(graph.value(), Backend::kCpu), "");
  for (const Backend backend : {Backend::kReference, Backend::kOnnxRuntime, Backend::kCpu}) {
    if (backend != Backend::kReference && !OnnxRuntimeVersion().ok()) continue;
    SCOPED_TRACE(Name(backend));
    const auto session = OpenSession(graph.value(), {.backend = backend, .threads = 1});
    ASSERT_TRUE(session.ok()) << session.error().message();
    const std::vector<TensorView> inputs = {planes};
    std::vector<Tensor> outputs(2);
    ASSERT_TRUE(session.value()->Run(inputs, outputs).ok());
    ASSERT_EQ(outputs[0].As<float>().size(), expected.scores.size());
    ASSERT_EQ(outputs[1].As<float>().size(), expected.cells.size());
    for (size_t i = 0; i < expected.scores.size(); ++i)
      EXPECT_NEAR(outputs[0].As<float>()[i], expected.scores[i], 1e-5);
    for (size_t i = 0; i < expected.cells.size(); ++i) EXPECT_NEAR(outputs[1].As<float>()[i], expected.cells[i], 1e-5);
  }
}

}  // namespace
}  // namespace lips

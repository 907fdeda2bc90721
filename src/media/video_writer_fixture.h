// What the tests of the video writer share: pictures to write and a folder to write them into.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "media/media_test_files.h"
#include "media/video_writer.h"

namespace lips {

// A bright square that moves with `k` over a slope, in colours.
inline YuvImage Picture(int width, int height, YuvFormat format, int64_t k) {
  YuvImage image(width, height, format);
  const YuvView view = image.view();
  const auto left = static_cast<int>(3 * k % std::max(width - 16, 1));
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const bool inside = x >= left && x < left + 16 && y >= height / 4 && y < height / 2;
      view.y.Row(y)[x] = static_cast<uint8_t>(inside ? 220 : 40 + 100 * x / width);
    }
  }
  for (int y = 0; y < view.u.height; ++y) {
    for (int x = 0; x < view.u.width; ++x) {
      view.u.Row(y)[x] = static_cast<uint8_t>(90 + 80 * x / view.u.width);
      view.v.Row(y)[x] = static_cast<uint8_t>(160 - 80 * y / view.v.height);
    }
  }
  return image;
}

inline double LumaPsnr(ConstPlaneView a, ConstPlaneView b) {
  double sum = 1e-9;
  for (int y = 0; y < a.height; ++y) {
    for (int x = 0; x < a.width; ++x) sum += std::pow(a.Row(y)[x] - b.Row(y)[x], 2);
  }
  return 10 * std::log10(255 * 255 * a.width * a.height / sum);
}

inline VideoWriterOptions Small() {
  VideoWriterOptions options;
  options.width = 64;
  options.height = 48;
  options.preset = "ultrafast";
  options.threads = 1;
  return options;
}

// Claps of noise at irregular distances, interleaved.
inline std::vector<float> Claps(int rate_hz, int channels, double seconds) {
  std::vector<float> samples(static_cast<size_t>(rate_hz * seconds) * static_cast<size_t>(channels));
  uint32_t random = 12345;
  double smooth = 0;
  for (size_t i = 0; i < samples.size() / static_cast<size_t>(channels); ++i) {
    random = random * 1664525 + 1013904223;
    const double t = static_cast<double>(i) / rate_hz;
    const double phase = std::fmod(t * 3.1 + 0.3 * std::sin(t * 5), 1.0);
    const double noise = static_cast<double>(random >> 8) / (1 << 24) - 0.5;
    smooth += 0.35 * (noise - smooth);  // codecs throw the highest frequencies away
    const double level = phase < 0.12 ? std::exp(-phase * 30) : 0.01;
    for (size_t c = 0; c < static_cast<size_t>(channels); ++c) {
      samples[i * static_cast<size_t>(channels) + c] = static_cast<float>(level * smooth);
    }
  }
  return samples;
}

inline void WriteWav(const Path& path, const std::vector<float>& samples, int rate_hz, int channels) {
  std::vector<uint8_t> bytes;
  const auto put = [&bytes](uint32_t value, int count) {
    for (int i = 0; i < count; ++i) bytes.push_back(static_cast<uint8_t>(value >> (8 * i)));
  };
  const auto text = [&bytes](const char* four) { bytes.insert(bytes.end(), four, four + 4); };
  const auto data_bytes = static_cast<uint32_t>(4 * samples.size());
  text("RIFF"), put(36 + data_bytes, 4), text("WAVE"), text("fmt "), put(16, 4), put(3, 2);
  put(static_cast<uint32_t>(channels), 2), put(static_cast<uint32_t>(rate_hz), 4);
  put(static_cast<uint32_t>(rate_hz * channels * 4), 4), put(static_cast<uint32_t>(channels * 4), 2), put(32, 2);
  text("data"), put(data_bytes, 4);
  const size_t header = bytes.size();
  bytes.resize(header + data_bytes);
  std::memcpy(bytes.data() + header, samples.data(), data_bytes);
  ASSERT_TRUE(WriteFileAtomically(path, bytes).ok());
}

class VideoWriterTest : public ::testing::Test, protected MediaFolder {
 protected:
  // Writes `frames` pictures and finishes.
  Status WriteAll(const Path& path, const VideoWriterOptions& options, int64_t frames) {
    ASSIGN_OR_RETURN(VideoWriter writer, VideoWriter::Create(path, options));
    for (int64_t k = 0; k < frames; ++k) {
      RETURN_IF_ERROR(writer.Write(Picture(options.width, options.height, options.format, k).view()));
    }
    return writer.Finish();
  }
};

}  // namespace lips

// What the tests of the C header share: handles that close themselves, speech as bytes.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "capi/lipstream.h"
#include "tests/testdata/speech.h"
#include "tests/testdata/synthetic_avatar.h"

namespace lips::testdata {

struct Closer {
  void operator()(lips_avatar* avatar) const { lips_avatar_close(avatar); }
  void operator()(lips_session* session) const { lips_session_close(session); }
};
using AvatarHandle = std::unique_ptr<lips_avatar, Closer>;
using SessionHandle = std::unique_ptr<lips_session, Closer>;

inline lips_avatar_options EngineOptions(const char* engine) {
  lips_avatar_options options;
  lips_avatar_options_init(&options, sizeof(options));
  options.engine = engine;
  options.precision = "f32";
  options.threads = 1;
  return options;
}

inline AvatarHandle OpenAvatar(const char* engine = "cpu") {
  const lips_avatar_options options = EngineOptions(engine);
  lips_avatar* avatar = nullptr;
  EXPECT_EQ(lips_avatar_open(SyntheticAvatar().c_str(), &options, &avatar), LIPS_OK) << lips_last_error();
  return AvatarHandle(avatar);
}

// Speech of `seconds` at `rate_hz` with `channels` equal channels, 16 bits.
inline std::vector<int16_t> Speech16(double seconds, int rate_hz, int channels) {
  const std::vector<float> spoken = SynthesizeSpeech(seconds, 5).samples;
  std::vector<int16_t> samples;
  for (int64_t n = 0; n < static_cast<int64_t>(seconds * rate_hz); ++n) {
    const auto at = static_cast<size_t>(n * kSpeechRateHz / rate_hz);
    for (int c = 0; c < channels; ++c) samples.push_back(static_cast<int16_t>(std::lround(spoken[at] * 32767.0F)));
  }
  return samples;
}

inline std::string ErrorOf(const lips_session* session) {
  std::string text(lips_session_error(session, nullptr, 0), ' ');
  lips_session_error(session, text.data(), text.size() + 1);
  return text;
}

// An empty folder, gone with this object.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "lipstream_capi_test_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Path operator/(const char* name) const { return path_ / name; }
  const Path& path() const { return path_; }
  bool empty() const { return std::filesystem::is_empty(path_); }

 private:
  Path path_;
};

}  // namespace lips::testdata

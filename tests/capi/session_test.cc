// Live sessions through the C header.
#include <gtest/gtest.h>

#include <cstring>
#include <thread>

#include "capi_fixture.h"
#include "image/image.h"
#include "media/video_reader.h"

namespace lips::testdata {
namespace {

lips_session_options SessionOptions(int rate_hz = 16000, int channels = 1) {
  lips_session_options options;
  lips_session_options_init(&options, sizeof(options));
  options.rate_hz = rate_hz;
  options.channels = channels;
  return options;
}

SessionHandle OpenSession(const AvatarHandle& avatar, const lips_session_options& options) {
  lips_session* session = nullptr;
  EXPECT_EQ(lips_session_open(avatar.get(), &options, &session), LIPS_OK) << lips_last_error();
  return SessionHandle(session);
}

// A pulled frame's facts, and its bytes.
struct Pulled {
  lips_frame frame;
  std::vector<uint8_t> pixels;
  std::vector<uint8_t> audio;
};

int Pull(const SessionHandle& session, size_t bytes_per_sample, Pulled& out, int timeout_ms = 20'000) {
  lips_frame_init(&out.frame, sizeof(out.frame));
  const int status = lips_session_pull(session.get(), &out.frame, timeout_ms);
  if (status != LIPS_OK) return status;
  out.pixels.clear();
  const bool bgr = out.frame.pixels == LIPS_PIXELS_BGR;
  for (int p = 0; p < (bgr ? 1 : 3); ++p) {
    const int width = bgr ? 3 * out.frame.width : p == 0 ? out.frame.width : (out.frame.width + 1) / 2;
    const int height = p == 0 ? out.frame.height : (out.frame.height + 1) / 2;
    for (int y = 0; y < height; ++y) {
      const uint8_t* row = out.frame.plane[p] + y * out.frame.stride[p];
      out.pixels.insert(out.pixels.end(), row, row + width);
    }
  }
  const auto* audio = static_cast<const uint8_t*>(out.frame.audio);
  out.audio.assign(audio, audio + out.frame.audio_samples * bytes_per_sample);
  return status;
}

// Everything there is, up to the end of the stream.
std::vector<Pulled> PullAll(const SessionHandle& session, size_t bytes_per_sample) {
  std::vector<Pulled> frames;
  for (;;) {
    Pulled pulled;
    const int status = Pull(session, bytes_per_sample, pulled, -1);
    if (status != LIPS_OK) {
      EXPECT_EQ(status, LIPS_END_OF_STREAM) << lips_last_error();
      return frames;
    }
    frames.push_back(std::move(pulled));
  }
}

void Push(const SessionHandle& session, std::span<const int16_t> samples, int channels, size_t chunk) {
  const size_t total = samples.size() / static_cast<size_t>(channels);
  for (size_t at = 0; at < total; at += chunk) {
    const size_t count = std::min(chunk, total - at);
    ASSERT_EQ(lips_session_push(session.get(), samples.data() + at * static_cast<size_t>(channels), count), LIPS_OK)
        << lips_last_error();
  }
}

std::vector<uint8_t> BytesOf(std::span<const int16_t> samples) {
  std::vector<uint8_t> bytes(samples.size_bytes());
  std::memcpy(bytes.data(), samples.data(), bytes.size());
  return bytes;
}

TEST(CapiSession, FramesEqualARenderOfTheSameSoundAndCarryAllOfIt) {
  const AvatarHandle avatar = OpenAvatar();
  const Folder folder;
  for (const auto& [rate, channels] : {std::pair{16000, 1}, {44100, 2}}) {
    SCOPED_TRACE(std::to_string(rate) + " Hz");
    const std::vector<int16_t> speech = Speech16(2.1, rate, channels);
    std::vector<float> floats;
    for (const int16_t sample : speech) floats.push_back(static_cast<float>(sample) / 32767.0F);
    ASSERT_TRUE(WriteWav(folder / "speech.wav", floats, rate, channels).ok());
    lips_render_options render;
    lips_render_options_init(&render, sizeof(render));
    render.codec = "ffv1";  // lossless
    ASSERT_EQ(
        lips_avatar_render(avatar.get(), (folder / "speech.wav").c_str(), (folder / "a.mkv").c_str(), &render, nullptr),
        LIPS_OK)
        << lips_last_error();

    const SessionHandle session = OpenSession(avatar, SessionOptions(rate, channels));
    ASSERT_NE(session, nullptr);
    Push(session, speech, channels, 441);
    ASSERT_EQ(lips_session_finish(session.get()), LIPS_OK);
    const std::vector<Pulled> frames = PullAll(session, 2 * static_cast<size_t>(channels));

    auto reader = VideoReader::Open(folder / "a.mkv");
    ASSERT_TRUE(reader.ok()) << reader.error().message();
    ASSERT_EQ(static_cast<int64_t>(frames.size()), reader.value().info().frames);
    std::vector<uint8_t> heard;
    for (size_t n = 0; n < frames.size(); ++n) {
      YuvImage expected;
      ASSERT_TRUE(reader.value().Read(expected).ok());
      EXPECT_EQ(frames[n].frame.pts_us, static_cast<int64_t>(n) * 40'000);
      EXPECT_EQ(frames[n].frame.index, static_cast<int64_t>(n));
      EXPECT_EQ(frames[n].frame.utterance, 1);
      EXPECT_EQ(frames[n].frame.flags, n + 1 == frames.size() ? LIPS_FRAME_LAST : 0);
      ASSERT_EQ(frames[n].pixels.size(), expected.bytes());
      EXPECT_EQ(std::memcmp(frames[n].pixels.data(), expected.view().y.data, expected.bytes()), 0) << n;
      if (n + 1 < frames.size()) {
        EXPECT_EQ(frames[n].frame.audio_samples, static_cast<size_t>(rate / 25));
      }
      heard.insert(heard.end(), frames[n].audio.begin(), frames[n].audio.end());
    }
    EXPECT_EQ(heard, BytesOf(speech));
  }
}

TEST(CapiSession, BgrShowsTheSamePicture) {
  const AvatarHandle avatar = OpenAvatar("null");
  const std::vector<int16_t> speech = Speech16(0.5, 16000, 1);
  lips_session_options options = SessionOptions();
  options.pixels = LIPS_PIXELS_BGR;
  const SessionHandle bgr = OpenSession(avatar, options);
  const SessionHandle yuv = OpenSession(avatar, SessionOptions());
  for (const SessionHandle* session : {&bgr, &yuv}) {
    Push(*session, speech, 1, 4000);
    ASSERT_EQ(lips_session_finish(session->get()), LIPS_OK);
  }
  const std::vector<Pulled> a = PullAll(bgr, 2);
  const std::vector<Pulled> b = PullAll(yuv, 2);
  ASSERT_EQ(a.size(), b.size());
  ASSERT_FALSE(a.empty());
  EXPECT_EQ(a[0].pixels.size(), static_cast<size_t>(3 * a[0].frame.width * a[0].frame.height));
  // Grey value of a pixel in the middle, by either way.
  const int x = a[0].frame.width / 2;
  const int y = a[0].frame.height / 4;
  const uint8_t* pixel = a[0].pixels.data() + 3 * (static_cast<ptrdiff_t>(y) * a[0].frame.width + x);
  const double luma = b[0].frame.matrix == 709 ? 0.0722 * pixel[0] + 0.7152 * pixel[1] + 0.2126 * pixel[2]
                                               : 0.114 * pixel[0] + 0.587 * pixel[1] + 0.299 * pixel[2];
  const double expected = b[0].pixels[static_cast<size_t>(y * b[0].frame.width + x)];
  EXPECT_NEAR(luma, (expected - 16) * 255 / 219, 3);
}

TEST(CapiSession, UtterancesFollowOneAnotherAndEachIsCountedAndComplete) {
  const AvatarHandle avatar = OpenAvatar("null");
  const SessionHandle session = OpenSession(avatar, SessionOptions(24000, 1));
  const std::vector<int16_t> speech = Speech16(1.01, 24000, 1);
  Push(session, speech, 1, 480);
  ASSERT_EQ(lips_session_commit(session.get()), LIPS_OK);
  ASSERT_EQ(lips_session_commit(session.get()), LIPS_OK) << "nothing to commit is no fault";
  Push(session, speech, 1, 24000);
  ASSERT_EQ(lips_session_finish(session.get()), LIPS_OK);
  std::vector<std::vector<uint8_t>> heard(3);
  int64_t before = -1;
  for (const Pulled& pulled : PullAll(session, 2)) {
    ASSERT_GE(pulled.frame.utterance, 1);
    ASSERT_LE(pulled.frame.utterance, 2);
    EXPECT_GT(pulled.frame.index, before);
    EXPECT_EQ(pulled.frame.pts_us, pulled.frame.index * 40'000);
    before = pulled.frame.index;
    auto& bytes = heard[static_cast<size_t>(pulled.frame.utterance)];
    bytes.insert(bytes.end(), pulled.audio.begin(), pulled.audio.end());
  }
  EXPECT_EQ(heard[1], BytesOf(speech));
  EXPECT_EQ(heard[2], BytesOf(speech));
  EXPECT_EQ(lips_session_push(session.get(), speech.data(), 10), LIPS_INVALID_INPUT);
  EXPECT_EQ(ErrorOf(session.get()), "the session is finished: nothing more can be pushed");
}

TEST(CapiSession, AfterAnInterruptionNoFrameOfWhatWasSaidIsPulled) {
  const AvatarHandle avatar = OpenAvatar("null");
  const SessionHandle session = OpenSession(avatar, SessionOptions());
  const std::vector<int16_t> speech = Speech16(3, 16000, 1);
  for (int64_t round = 1; round <= 20; ++round) {
    Push(session, speech, 1, 16000);
    if (round % 2 == 0) {
      ASSERT_EQ(lips_session_commit(session.get()), LIPS_OK);
    }
    Pulled pulled;
    for (int n = 0; n < 3; ++n) {
      do {
        ASSERT_EQ(Pull(session, 2, pulled), LIPS_OK) << lips_last_error();
      } while (pulled.frame.utterance == 0);
      EXPECT_EQ(pulled.frame.utterance, round);
    }
    ASSERT_EQ(lips_session_interrupt(session.get()), LIPS_OK);
    for (int status = LIPS_OK; status == LIPS_OK;) {
      status = Pull(session, 2, pulled, 5);
      if (status == LIPS_OK) {
        EXPECT_EQ(pulled.frame.utterance, 0) << "round " << round;
        EXPECT_EQ(pulled.frame.flags, LIPS_FRAME_IDLE);
        EXPECT_TRUE(pulled.audio.empty());
      } else {
        EXPECT_EQ(status, LIPS_NEED_MORE_INPUT);
      }
    }
  }
  Push(session, speech, 1, 5000);
  ASSERT_EQ(lips_session_finish(session.get()), LIPS_OK);
  std::vector<uint8_t> heard;
  for (const Pulled& pulled : PullAll(session, 2)) heard.insert(heard.end(), pulled.audio.begin(), pulled.audio.end());
  EXPECT_EQ(heard, BytesOf(speech));
}

TEST(CapiSession, OneThreadMayPushWhileAnotherPulls) {
  const AvatarHandle avatar = OpenAvatar("null");
  lips_session_options options = SessionOptions();
  options.ahead_frames = 2;
  const SessionHandle session = OpenSession(avatar, options);
  const std::vector<int16_t> speech = Speech16(6, 16000, 1);
  std::thread pusher([&] {
    Push(session, speech, 1, 320);
    EXPECT_EQ(lips_session_finish(session.get()), LIPS_OK);
  });
  std::vector<uint8_t> heard;
  for (;;) {
    Pulled pulled;
    const int status = Pull(session, 2, pulled, 20);
    if (status == LIPS_NEED_MORE_INPUT) continue;
    if (status != LIPS_OK) {
      EXPECT_EQ(status, LIPS_END_OF_STREAM);
      break;
    }
    heard.insert(heard.end(), pulled.audio.begin(), pulled.audio.end());
  }
  pusher.join();
  EXPECT_EQ(heard, BytesOf(speech));
}

TEST(CapiSession, EveryFormatOfSamplesIsTaken) {
  const AvatarHandle avatar = OpenAvatar("null");
  const std::vector<int16_t> speech = Speech16(0.4, 8000, 1);
  for (const lips_pcm format : {LIPS_PCM_S16, LIPS_PCM_S32, LIPS_PCM_F32, LIPS_PCM_U8}) {
    lips_session_options options = SessionOptions(8000, 1);
    options.pcm = format;
    const SessionHandle session = OpenSession(avatar, options);
    const size_t bytes_per_sample = format == LIPS_PCM_U8 ? 1 : format == LIPS_PCM_S16 ? 2 : 4;
    std::vector<uint8_t> bytes(speech.size() * bytes_per_sample, 1);
    ASSERT_EQ(lips_session_push(session.get(), bytes.data(), speech.size()), LIPS_OK) << lips_last_error();
    ASSERT_EQ(lips_session_finish(session.get()), LIPS_OK);
    size_t heard = 0;
    for (const Pulled& pulled : PullAll(session, bytes_per_sample)) heard += pulled.audio.size();
    EXPECT_EQ(heard, bytes.size());
  }
}

TEST(CapiSession, WhatIsWrongIsSaidAndNothingBreaks) {
  const AvatarHandle avatar = OpenAvatar("null");
  lips_session* session = nullptr;
  const auto refused = [&](auto change) {
    lips_session_options options = SessionOptions();
    change(options);
    EXPECT_EQ(lips_session_open(avatar.get(), &options, &session), LIPS_INVALID_INPUT);
    EXPECT_EQ(session, nullptr);
    return std::string(lips_last_error());
  };
  EXPECT_NE(refused([](auto& o) { o.rate_hz = 10; }), "");
  EXPECT_NE(refused([](auto& o) { o.channels = 0; }), "");
  EXPECT_EQ(refused([](auto& o) { o.ahead_frames = 0; }), "ahead_frames is 0; expected 1..250");
  EXPECT_EQ(refused([](auto& o) { o.pixels = static_cast<lips_pixels>(3); }),
            "pixels is 3; expected LIPS_PIXELS_I420 or LIPS_PIXELS_BGR");
  EXPECT_EQ(lips_session_open(nullptr, nullptr, &session), LIPS_INVALID_INPUT);
  EXPECT_EQ(lips_session_open(avatar.get(), nullptr, nullptr), LIPS_INVALID_INPUT);
  ASSERT_EQ(lips_session_open(avatar.get(), nullptr, &session), LIPS_OK) << lips_last_error();
  const SessionHandle held(session);
  lips_frame frame;
  lips_frame_init(&frame, sizeof(frame));
  EXPECT_EQ(lips_session_pull(session, &frame, -1), LIPS_NEED_MORE_INPUT) << "nobody pushed anything";
  EXPECT_EQ(lips_session_pull(session, nullptr, 0), LIPS_INVALID_INPUT);
  EXPECT_EQ(lips_session_pull(nullptr, &frame, 0), LIPS_INVALID_INPUT);
  frame.struct_size = 3;
  EXPECT_EQ(lips_session_pull(session, &frame, 0), LIPS_INVALID_INPUT);
  EXPECT_EQ(lips_session_push(session, nullptr, 10), LIPS_INVALID_INPUT);
  EXPECT_EQ(ErrorOf(session), "argument 'pcm' is NULL");
  EXPECT_EQ(lips_session_push(session, nullptr, 0), LIPS_OK);
  const std::vector<int16_t> minute(16000 * 31);
  EXPECT_EQ(lips_session_push(session, minute.data(), minute.size()), LIPS_RESOURCE_LIMIT);
  EXPECT_EQ(lips_session_push(session, minute.data(), 16000 * 30), LIPS_OK) << lips_last_error();
  int status = LIPS_OK;
  for (int i = 0; i < 40 && status == LIPS_OK; ++i) status = lips_session_push(session, minute.data(), 16000);
  EXPECT_EQ(status, LIPS_RESOURCE_LIMIT) << "nobody pulls";
  lips_session_close(nullptr);
}

}  // namespace
}  // namespace lips::testdata

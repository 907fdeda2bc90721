// What each video mode sends, with the encoders of src/media.
#include "base/file.h"
#include "image/text.h"
#include "media/audio_reader.h"
#include "tests/live/live_fixture.h"

namespace lips {
namespace {

using testdata::LiveTest;

class SessionModes : public LiveTest {
 protected:
  void SetUp() override {
    LiveHostOptions options;
    options.picture_encoder = OpenPictureEncoder;
    options.sound_encoder = OpenSoundEncoder;
    Start(options);
  }

  // A second of sound in a mode.
  Talk Say(VideoMode mode, AudioOut audio) {
    SessionSettings settings = Settings();
    settings.mode = mode;
    settings.audio_out = audio;
    Talk talk = Open(settings);
    talk.session->PushSamples(Tone(1000));
    talk.session->Commit();
    Run(2'000'000);
    EXPECT_TRUE(talk.sink->events<ProtocolError>().empty());
    EXPECT_EQ(talk.sink->events<UtteranceDoneEvent>().size(), 1U);
    return talk;
  }

  static bool BeginsWith(const MediaMessage& message, std::vector<uint8_t> bytes) {
    return message.payload->size() > bytes.size() && std::equal(bytes.begin(), bytes.end(), message.payload->begin());
  }
};

TEST_F(SessionModes, PatchesAreFacesInTheirPlace) {
  const auto video = Say(VideoMode::kPatch, AudioOut::kNone).sink->video();
  ASSERT_EQ(video.size(), 24U);
  for (const MediaMessage& message : video) {
    EXPECT_EQ(message.header.kind, MediaKind::kPatch);
    EXPECT_TRUE(BeginsWith(message, {0xFF, 0xD8}));
    EXPECT_LT(message.header.w, 480);
    EXPECT_LE(message.header.x + message.header.w, 480);
    EXPECT_LE(message.header.y + message.header.h, 360);
    EXPECT_EQ(message.header.x % 2 + message.header.y % 2, 0);
  }
}

TEST_F(SessionModes, JpegsAreWholeFrames) {
  const auto video = Say(VideoMode::kJpeg, AudioOut::kNone).sink->video();
  ASSERT_EQ(video.size(), 24U);
  EXPECT_EQ(video[5].header.kind, MediaKind::kFrame);
  EXPECT_EQ(video[5].header.w, 480);
  EXPECT_EQ(video[5].header.h, 360);
}

TEST_F(SessionModes, H264BeginsWithAKeyframeAndAgainWhenAsked) {
  const Talk talk = Say(VideoMode::kH264, AudioOut::kNone);
  auto video = talk.sink->video();
  ASSERT_EQ(video.size(), 24U);
  for (size_t n = 0; n < video.size(); ++n) {
    EXPECT_TRUE(BeginsWith(video[n], {0, 0, 0, 1}));
    EXPECT_EQ(video[n].header.codec, MediaCodec::kH264);
    EXPECT_EQ((video[n].header.flags & kMediaKey) != 0, n == 0) << n;
  }
  talk.session->RequestKeyframe();
  talk.session->PushSamples(Tone(1000));
  talk.session->Commit();
  Run(2'000'000);
  video = talk.sink->video();
  ASSERT_EQ(video.size(), 48U);
  EXPECT_NE(video[24].header.flags & kMediaKey, 0);
}

TEST_F(SessionModes, Mp4BeginsWithItsHeaderAndHoldsNothingBack) {
  const auto video = Say(VideoMode::kMp4, AudioOut::kNone).sink->video();
  ASSERT_GE(video.size(), 5U);
  EXPECT_EQ(video[0].header.kind, MediaKind::kMp4Init);
  for (size_t i = 1; i < video.size(); ++i) EXPECT_EQ(video[i].header.kind, MediaKind::kMp4Fragment);
  EXPECT_GE(video.back().header.pts_us, 600'000) << "the last fragment begins in the last 400 ms";
}

// The codec is a packet or two behind; nothing comes after the utterance to push them out.
TEST_F(SessionModes, Mp4HoldsTheWholeUtterancesSound) {
  const Path path = Path(testing::TempDir()) / "live_utterance.mp4";
  for (const int rate : {16000, 48000}) {
    SessionSettings settings = Settings();
    settings.mode = VideoMode::kMp4;
    settings.audio_rate_hz = rate;
    const Talk talk = Open(settings);
    for (int utterance = 0; utterance < 2; ++utterance) {  // the second comes when the first is over
      talk.session->PushSamples(Tone(1010, rate));
      talk.session->Commit();
      Run(1'000'000);
    }
    Run(2'000'000);
    ASSERT_EQ(talk.sink->events<UtteranceDoneEvent>().size(), 2U);
    std::vector<uint8_t> bytes;
    for (const MediaMessage& message : talk.sink->video()) {
      bytes.insert(bytes.end(), message.payload->begin(), message.payload->end());
    }
    ASSERT_TRUE(WriteFileAtomically(path, bytes).ok());
    auto reader = AudioReader::Open(path);
    ASSERT_TRUE(reader.ok()) << reader.error().message();
    std::vector<float> samples, piece;
    while (reader.value().Read(piece).ok()) samples.insert(samples.end(), piece.begin(), piece.end());
    const auto loud = std::ranges::count_if(samples, [](float sample) { return std::abs(sample) > 0.02f; });
    const double tone_s = static_cast<double>(loud) / (0.957 * reader.value().info().rate_hz);  // of a sine of 0.3
    EXPECT_NEAR(tone_s, 2.02, 0.045) << rate;  // a lost packet is 64 ms at 16 kHz; what blurs at four ends is less
    talk.session->Close(CloseCode::kNormal, "done");
  }
  std::filesystem::remove(path);
}

TEST_F(SessionModes, CodedSoundIsAllThere) {
  for (const AudioOut audio : {AudioOut::kAac, AudioOut::kOpus}) {
    SessionSettings settings = Settings();
    settings.audio_out = audio;
    settings.audio_rate_hz = 48000;
    const Talk talk = Open(settings);
    talk.session->PushSamples(Tone(1000, 48000));
    talk.session->Commit();
    Run(2'000'000);
    const auto sound = talk.sink->audio();
    const double packet_s = audio == AudioOut::kAac ? 1024 / 48000.0 : 0.02;
    EXPECT_GE(static_cast<double>(sound.size()) * packet_s, 0.99) << Name(audio);
    EXPECT_LE(static_cast<double>(sound.size()) * packet_s, 1.1) << Name(audio);
    EXPECT_EQ(sound[0].header.codec, audio == AudioOut::kAac ? MediaCodec::kAac : MediaCodec::kOpus);
    EXPECT_TRUE(talk.sink->events<ProtocolError>().empty());
  }
}

// Patches never touch the label: whoever draws them on the labelled template video keeps it.
TEST_F(SessionModes, ALabelStandsBesideTheFaceInEveryWholePicture) {
  if (const auto font = FindFont(); !font.ok()) GTEST_SKIP() << font.error().message();
  LiveAvatarOptions options = NullAvatar();
  options.label = LabelOptions{.text = "synthetic"};
  const Status loaded = host->LoadAvatar("labelled", testdata::SyntheticAvatar(), options);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message();
  const AvatarFacts facts = *host->FindAvatar("labelled");
  const AvatarFacts plain = *host->FindAvatar("anna");
  EXPECT_EQ(facts.label, "synthetic");
  EXPECT_NE(facts.background_version, plain.background_version);
  EXPECT_EQ(plain.ToJson().Find("label"), nullptr);
  EXPECT_EQ(facts.ToJson().Find("label")->Find("w")->as_int(), facts.label_area.width);
  const auto pictures = [&](const char* avatar) {
    SessionSettings settings = Settings();
    settings.avatar = avatar;
    settings.mode = VideoMode::kRaw;
    settings.pace = Pace::kFree;
    const Talk talk = Open(settings, true);
    talk.session->PushSamples(Tone(400));
    talk.session->Commit();
    Run(1'000'000);
    return talk.sink->video();
  };
  const auto with = pictures("labelled");
  const auto without = pictures("anna");
  ASSERT_EQ(with.size(), without.size());
  ASSERT_FALSE(with.empty());
  const Rect& area = facts.label_area;
  for (size_t i = 0; i < with.size(); ++i) {
    const ConstYuvView a = with[i].picture->view(), b = without[i].picture->view();
    int64_t inside = 0, outside = 0;
    for (int y = 0; y < a.height(); ++y) {
      for (int x = 0; x < a.width(); ++x) {
        if (a.y.Row(y)[x] == b.y.Row(y)[x]) continue;
        const bool in = x >= area.x && x < area.right() && y >= area.y && y < area.bottom();
        ++(in ? inside : outside);
      }
    }
    EXPECT_GT(inside, 100) << i;
    EXPECT_EQ(outside, 0) << i;
  }
  SessionSettings settings = Settings();
  settings.avatar = "labelled";
  const Talk talk = Open(settings);
  talk.session->PushSamples(Tone(2000));
  talk.session->Commit();
  Run(3'000'000);
  const auto patches = talk.sink->video();
  ASSERT_FALSE(patches.empty());
  for (const MediaMessage& patch : patches) {
    const MediaHeader& h = patch.header;
    EXPECT_TRUE(h.x >= area.right() || h.x + h.w <= area.x || h.y >= area.bottom() || h.y + h.h <= area.y);
  }
  options.label->text = std::string(400, 'W');
  EXPECT_FALSE(host->LoadAvatar("too_long", testdata::SyntheticAvatar(), options).ok());
}

}  // namespace
}  // namespace lips

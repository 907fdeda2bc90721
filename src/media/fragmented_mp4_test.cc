#include "media/fragmented_mp4.h"

#include <gtest/gtest.h>

#include <sstream>

#include "media/audio_reader.h"
#include "media/live_stream_fixture.h"
#include "media/test_audio_file.h"
#include "media/video_writer_fixture.h"

namespace lips {
namespace {

// A talking stream: frame k carries its k-th picture and the samples that are heard while it is shown.
struct Talk {
  explicit Talk(AudioCodec codec = AudioCodec::kAac, FrameRate fps = {25, 1}, int fragment_ms = 200) {
    H264StreamOptions options = SmallStream();
    options.fps = fps;
    video = std::make_unique<H264Stream>(H264Stream::Open(options).value());
    audio = std::make_unique<AudioStreamEncoder>(AudioStreamEncoder::Open({.codec = codec, .rate_hz = 48000}).value());
    mp4 = std::make_unique<FragmentedMp4>(FragmentedMp4::Create({.video = video->format(),
                                                                 .audio = audio->format(),
                                                                 .fragment_ms = fragment_ms,
                                                                 .metadata = {{"comment", "synthetic"}}})
                                              .value());
    rate = fps;
    sound = Glide(48000, 8);
  }
  void Speak(int64_t frame) {
    const auto end = static_cast<size_t>((frame + 1) * 48000 * rate.den / rate.num);
    const Status status = audio->Push(std::span(sound).subspan(said, end - said),
                                      [this](const AudioPacket& p) { return mp4->AddAudio(p); });
    EXPECT_TRUE(status.ok()) << MessageOf(status);
    said = end;
  }
  void Show(int64_t frame, bool key = false) {
    auto packet = video->Encode(Picture(96, 64, {}, frame).view(), key);
    ASSERT_TRUE(packet.ok());
    const Status status = mp4->AddVideo(frame, packet.value(), pieces.sink());
    ASSERT_TRUE(status.ok()) << MessageOf(status);
  }
  void Run(int64_t from, int64_t to) {
    for (int64_t k = from; k < to; ++k) {
      Speak(k);
      Show(k);
    }
  }

  FrameRate rate;
  std::unique_ptr<H264Stream> video;
  std::unique_ptr<AudioStreamEncoder> audio;
  std::unique_ptr<FragmentedMp4> mp4;
  std::vector<float> sound;
  size_t said = 0;
  Pieces pieces;
};

// First frame, last frame and a star for a key of every fragment.
std::string Shape(const Pieces& pieces) {
  std::string text;
  for (const auto& piece : pieces.list) {
    if (!text.empty()) text += " ";
    text += piece.init
                ? std::string("init")
                : std::to_string(piece.first_frame) + "-" + std::to_string(piece.last_frame) + (piece.key ? "*" : "");
  }
  return text;
}

TEST(FragmentedMp4, AFragmentIsComplete200MsAfterItBeganAndKeyPicturesComeFirst) {
  Talk talk;
  for (int64_t k = 0; k < 18; ++k) {
    talk.Speak(k);
    talk.Show(k, k == 12);
    if (k == 4) {
      EXPECT_EQ(Shape(talk.pieces), "init 0-4*") << "out with the picture that fills it";
    }
  }
  ASSERT_TRUE(talk.mp4->Flush(talk.pieces.sink()).ok());
  EXPECT_EQ(Shape(talk.pieces), "init 0-4* 5-9 10-11 12-16* 17-17");
  for (const auto& piece : talk.pieces.list) EXPECT_GT(piece.size, 100u);
  EXPECT_EQ(std::memcmp(talk.pieces.bytes.data() + 4, "ftyp", 4), 0);
  EXPECT_EQ(std::memcmp(talk.pieces.bytes.data() + talk.pieces.list[1].begin + 4, "moof", 4), 0);
  ASSERT_TRUE(talk.mp4->Flush(talk.pieces.sink()).ok());
  EXPECT_EQ(talk.pieces.list.size(), 6u) << "nothing new, no fragment";
}

TEST(FragmentedMp4, ReadsBackWithEveryPictureAndSample) {
  for (const AudioCodec codec : {AudioCodec::kAac, AudioCodec::kOpus}) {
    Talk talk(codec, {30000, 1001});
    talk.Run(0, 60);
    ASSERT_TRUE(talk.audio->Finish([&](const AudioPacket& p) { return talk.mp4->AddAudio(p); }).ok());
    ASSERT_TRUE(talk.mp4->Flush(talk.pieces.sink()).ok());
    auto reader = VideoReader::OpenBytes(talk.pieces.bytes, "stream", {});
    ASSERT_TRUE(reader.ok()) << MessageOf(reader);
    EXPECT_EQ(reader.value().info().frames, 60);
    EXPECT_EQ(reader.value().info().fps, (FrameRate{30000, 1001}));
    EXPECT_EQ(DecodeAll(talk.pieces.bytes).size(), 60u);
    auto sound = AudioReader::OpenBytes(talk.pieces.bytes, "stream");
    ASSERT_TRUE(sound.ok()) << MessageOf(sound);
    size_t samples = 0;
    std::vector<float> part;
    while (sound.value().Read(part).ok()) samples += part.size();
    // Both decode to whole packets at the end, and AAC's delay is part of what is decoded.
    const size_t expected = 60 * 1001 * 48000LL / 30000;
    EXPECT_GE(samples, expected) << Name(codec);
    EXPECT_LE(samples, expected + (codec == AudioCodec::kAac ? 2048 : 960)) << Name(codec);
  }
}

// Presentation times in units of 1 / `per_second`, as ffprobe reads them.
std::vector<int64_t> TimesOf(const Path& path, const char* stream, double per_second) {
  std::istringstream text(
      MediaFolder::Probe(path, std::string("-select_streams ") + stream + " -show_entries packet=pts_time"));
  std::vector<int64_t> times;
  for (std::string line; std::getline(text, line);) {
    times.push_back(std::llround(std::stod(line.substr(line.find('=') + 1)) * per_second));
  }
  return times;
}

TEST(FragmentedMp4, TimesAreFrameNumbersAndSampleNumbersEvenAfterAGap) {
  SKIP_WITHOUT_FFMPEG_PROGRAM();
  const MediaFolder folder;
  const Path path = folder.folder() / "a.mp4";
  for (const AudioCodec codec : {AudioCodec::kAac, AudioCodec::kOpus}) {
    Talk talk(codec);
    std::vector<int64_t> frames;
    for (int64_t k = 0; k < 100; ++k) {
      talk.Speak(k);
      const bool dropped = (k >= 23 && k < 61) || k == 80;
      if (dropped) continue;
      talk.Show(k, k == 61);
      frames.push_back(k);
    }
    ASSERT_TRUE(talk.mp4->Flush(talk.pieces.sink()).ok());
    ASSERT_TRUE(WriteFileAtomically(path, talk.pieces.bytes).ok());
    EXPECT_EQ(TimesOf(path, "v", 25), frames);
    const std::vector<int64_t> samples = TimesOf(path, "a", 48000);
    const AudioStreamFormat& format = talk.audio->format();
    ASSERT_GT(samples.size(), 150u);
    for (size_t i = 0; i < samples.size(); ++i) {
      // Six decimals of a second are what ffprobe prints.
      ASSERT_NEAR(static_cast<double>(samples[i]),
                  static_cast<double>(static_cast<int64_t>(i) * format.frame_samples - format.delay_samples), 1)
          << i;
    }
    EXPECT_EQ(MediaFolder::Probe(path, "-show_entries format_tags=comment"), "TAG:comment=synthetic\n");
  }
}

TEST(FragmentedMp4, AStreamThatBeginsLateSaysSoInItsFragments) {
  SKIP_WITHOUT_FFMPEG_PROGRAM();
  const MediaFolder folder;
  const Path path = folder.folder() / "a.mp4";
  Talk talk;
  std::vector<int64_t> frames;
  for (int64_t k = 0; k < 40; ++k) {
    talk.Speak(k);
    if (k < 7) continue;
    talk.Show(k);
    frames.push_back(k);
  }
  ASSERT_TRUE(talk.mp4->Flush(talk.pieces.sink()).ok());
  ASSERT_TRUE(WriteFileAtomically(path, talk.pieces.bytes).ok());
  EXPECT_EQ(TimesOf(path, "v", 25), frames);
  EXPECT_EQ(TimesOf(path, "a", 48000).at(0), -talk.audio->format().delay_samples);
}

TEST(FragmentedMp4, WhoComesLaterPlaysFromAKeyFragment) {
  Talk talk;
  for (int64_t k = 0; k < 60; ++k) {
    talk.Speak(k);
    talk.Show(k, k == 33);
  }
  ASSERT_TRUE(talk.mp4->Flush(talk.pieces.sink()).ok());
  const auto& list = talk.pieces.list;
  const auto later = std::find_if(list.begin() + 2, list.end(), [](const auto& piece) { return piece.key; });
  ASSERT_NE(later, list.end());
  ASSERT_EQ(later->first_frame, 33);
  std::vector<uint8_t> bytes(talk.pieces.bytes.begin(),
                             talk.pieces.bytes.begin() + static_cast<ptrdiff_t>(list[0].size));
  bytes.insert(bytes.end(), talk.pieces.bytes.begin() + static_cast<ptrdiff_t>(later->begin), talk.pieces.bytes.end());
  const std::vector<YuvImage> decoded = DecodeAll(bytes);
  ASSERT_EQ(decoded.size(), 27u);
  EXPECT_GT(LumaPsnr(decoded[0].view().y, Picture(96, 64, {}, 33).view().y), 34);
}

TEST(FragmentedMp4, TheFirstFragmentWaitsForTheSound) {
  Talk talk;
  for (int64_t k = 0; k < 7; ++k) talk.Show(k);
  EXPECT_EQ(Shape(talk.pieces), "");
  talk.Speak(2);
  talk.Show(7);
  EXPECT_EQ(Shape(talk.pieces), "init 0-7*");
  Talk silent;
  Status status;
  for (int64_t k = 0; k < 400 && status.ok(); ++k) {
    status = silent.mp4->AddVideo(k, silent.video->Encode(Picture(96, 64, {}, k).view()).value(), silent.pieces.sink());
  }
  EXPECT_EQ(MessageOf(status), "fragmented MP4: 10 s of pictures and no packet of the sound");
}

TEST(FragmentedMp4, RefusesWhatHasNoPlace) {
  auto video = H264Stream::Open(SmallStream());
  ASSERT_TRUE(video.ok());
  FragmentedMp4Options options = {.video = video.value().format(), .audio = {}, .metadata = {}};
  options.fragment_ms = 10;
  EXPECT_EQ(MessageOf(FragmentedMp4::Create(options)), "fragmented MP4: fragments of 10 ms; expected 20..10000");
  options.fragment_ms = 200;
  options.video.parameter_sets.clear();
  EXPECT_EQ(FragmentedMp4::Create(options).error().code(), ErrorCode::kInvalidInput);
  options.video = video.value().format();
  auto mp4 = FragmentedMp4::Create(options);
  ASSERT_TRUE(mp4.ok());
  Pieces pieces;
  const YuvImage picture = Picture(96, 64, {}, 0);
  ASSERT_TRUE(video.value().Encode(picture.view()).ok());
  H264Packet later = video.value().Encode(picture.view()).value();
  EXPECT_EQ(MessageOf(mp4.value().AddVideo(0, later, pieces.sink())),
            "fragmented MP4: the first picture is no key picture");
  EXPECT_EQ(MessageOf(mp4.value().AddAudio({})), "fragmented MP4: it has no sound track");
  H264Packet key = video.value().Encode(picture.view(), true).value();
  EXPECT_TRUE(mp4.value().AddVideo(5, key, pieces.sink()).ok());
  EXPECT_EQ(MessageOf(mp4.value().AddVideo(5, key, pieces.sink())), "fragmented MP4: frame 5 after frame 5");
}

}  // namespace
}  // namespace lips

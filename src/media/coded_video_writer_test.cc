#include "media/coded_video_writer.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "media/audio_reader.h"
#include "media/h264_stream.h"
#include "media/live_stream_fixture.h"
#include "media/test_audio_file.h"
#include "media/video_reader.h"
#include "media/video_writer_fixture.h"
#include "media/wav_writer.h"

namespace lips {
namespace {

class CodedVideo : public ::testing::Test {
 protected:
  CodedVideoOptions Options() const {
    const H264StreamOptions stream = SmallStream();
    CodedVideoOptions options;
    options.width = stream.width;
    options.height = stream.height;
    options.fps = stream.fps;
    return options;
  }

  // Codes `frames` pictures and writes those that are not in `missing`; the one after a gap is a key frame.
  Status Write(const CodedVideoOptions& options, int64_t frames, const std::vector<int64_t>& missing = {}) {
    ASSIGN_OR_RETURN(H264Stream stream, H264Stream::Open(SmallStream()));
    ASSIGN_OR_RETURN(CodedVideoWriter writer, CodedVideoWriter::Create(path_, options));
    bool lost = true;
    for (int64_t k = 0; k < frames; ++k) {
      if (std::ranges::find(missing, k) != missing.end()) {
        lost = true;
        continue;
      }
      const YuvImage picture = Picture(options.width, options.height, {}, k);
      ASSIGN_OR_RETURN(const H264Packet packet, stream.Encode(picture.view(), lost));
      RETURN_IF_ERROR(writer.Write(packet.bytes, k, packet.key));
      lost = false;
    }
    return writer.Finish(frames);
  }

  AudioFolder folder_;
  const Path path_ = folder_ / "out.mp4";
};

TEST_F(CodedVideo, KeepsEveryPictureInItsPlace) {
  const Status status = Write(Options(), 20);
  ASSERT_TRUE(status.ok()) << status.error().message();
  auto reader = VideoReader::Open(path_);
  ASSERT_TRUE(reader.ok()) << reader.error().message();
  EXPECT_EQ(reader.value().info().frames, 20);
  EXPECT_EQ(reader.value().info().fps, Options().fps);
  YuvImage read;
  for (int64_t k = 0; k < 20; ++k) {
    ASSERT_TRUE(reader.value().Read(read).ok()) << k;
    EXPECT_GT(LumaPsnr(read.view().y, Picture(Options().width, Options().height, {}, k).view().y), 34) << k;
  }
}

TEST_F(CodedVideo, BringsTheOriginalSound) {
  const Path sound = folder_ / "speech.wav";
  std::vector<float> samples(16000);
  for (size_t i = 0; i < samples.size(); ++i)
    samples[i] = static_cast<float>(0.3 * std::sin(0.1 * static_cast<double>(i)));
  ASSERT_TRUE(WriteSpeechWav(sound, samples, 16000).ok());
  CodedVideoOptions options = Options();
  options.audio = sound;
  const Status status = Write(options, 25);
  ASSERT_TRUE(status.ok()) << status.error().message();
  EXPECT_TRUE(HasSound(path_).value());
}

TEST_F(CodedVideo, LostPicturesMakeTheirPredecessorsStandLonger) {
  const Status status = Write(Options(), 20, {5, 6, 7});
  ASSERT_TRUE(status.ok()) << status.error().message();
  EXPECT_EQ(VideoReader::Open(path_).value().info().frames, 17);
}

TEST_F(CodedVideo, NeedsAKeyFrameFirstAndPicturesInOrder) {
  auto writer = std::move(CodedVideoWriter::Create(path_, Options())).value();
  const std::vector<uint8_t> picture = {0, 0, 0, 1, 0x65};
  EXPECT_FALSE(writer.Write(picture, 0, false).ok());
  EXPECT_FALSE(writer.Write(picture, 0, true).ok());  // the first error stays
  auto other = std::move(CodedVideoWriter::Create(path_, Options())).value();
  EXPECT_TRUE(other.Write(picture, 3, true).ok());
  EXPECT_FALSE(other.Write(picture, 3, true).ok());
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(CodedVideo, RefusesOtherContainers) {
  EXPECT_FALSE(CodedVideoWriter::Create(folder_ / "out.mkv", Options()).ok());
  auto nothing = std::move(CodedVideoWriter::Create(path_, Options())).value();
  EXPECT_FALSE(nothing.Finish(0).ok());
}

}  // namespace
}  // namespace lips

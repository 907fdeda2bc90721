// Avatars with alpha or in front of a screen: what is transparent stays so, whatever the mouth does.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>

#include "base/json.h"
#include "image/colour.h"
#include "media/media_test_files.h"
#include "media/picture.h"
#include "media/video_reader.h"
#include "media/video_writer.h"
#include "render/pack.h"
#include "render/render.h"
#include "tests/testdata/speech.h"
#include "tests/testdata/synthetic_avatar.h"

namespace lips {
namespace {

constexpr int kFrames = 24;  // of a render of one second
constexpr uint8_t kKeyBlue = 40, kKeyGreen = 190, kKeyRed = 30;

// How much of the picture is the person: 1 inside an oval around the head, fading over `edge` pixels.
double Person(int x, int y, int width, int height, int frame, double edge) {
  const double dx = (x - width / 2.0 - frame % 5) / (0.34 * width);
  const double dy = (y - 0.62 * height) / (0.60 * height);
  const double distance = (1 - std::sqrt(dx * dx + dy * dy)) * 0.34 * width;
  return std::clamp(0.5 + distance / edge, 0.0, 1.0);
}

// Frames of a video, kept.
std::vector<YuvImage> Frames(const Path& path, std::vector<Plane>* alphas = nullptr) {
  std::vector<YuvImage> frames;
  auto reader = VideoReader::Open(path);
  EXPECT_TRUE(reader.ok()) << path;
  if (!reader.ok()) return frames;
  EXPECT_EQ(reader.value().info().alpha, alphas != nullptr) << path;
  for (;;) {
    YuvImage frame;
    Plane alpha;
    if (!reader.value().Read(frame, &alpha).ok()) return frames;
    frames.push_back(std::move(frame));
    if (alphas != nullptr) alphas->push_back(std::move(alpha));
  }
}

int MostDifferent(ConstPlaneView a, ConstPlaneView b) {
  int most = 0;
  for (int y = 0; y < a.height; ++y) {
    for (int x = 0; x < a.width; ++x) most = std::max(most, std::abs(a.Row(y)[x] - b.Row(y)[x]));
  }
  return most;
}

class Transparency : public testing::Test, public MediaFolder {
 protected:
  enum class Kind { kAlpha, kScreen };

  // The synthetic avatar with its full frames written anew, lossless: with an alpha, or in front of a screen.
  Path Person(Kind kind, double edge = 6) {
    const Path avatar = folder() / (kind == Kind::kAlpha ? "alpha" : "screen");
    std::filesystem::copy(testdata::SyntheticAvatar(), avatar, std::filesystem::copy_options::recursive);
    std::vector<YuvImage> frames = Frames(avatar / "full_body_video.mp4");
    std::filesystem::remove(avatar / "full_body_video.mp4");
    VideoWriterOptions options;
    options.width = frames[0].width();
    options.height = frames[0].height();
    options.format = frames[0].format();
    options.codec = "ffv1";
    options.alpha = kind == Kind::kAlpha;
    auto writer = VideoWriter::Create(avatar / "person.mkv", options);
    EXPECT_TRUE(writer.ok());
    Image picture(options.width, options.height);
    Plane alpha(options.width, options.height, 0);
    for (size_t n = 0; n < frames.size(); ++n) {
      YuvToBgr(std::as_const(frames[n]).view(), picture.view());
      for (int y = 0; y < options.height; ++y) {
        for (int x = 0; x < options.width; ++x) {
          const double share = lips::Person(x, y, options.width, options.height, static_cast<int>(n), edge);
          alpha.view().Row(y)[x] = static_cast<uint8_t>(std::lround(255 * share));
          uint8_t* at = picture.view().Row(y) + ptrdiff_t{3} * x;
          const uint8_t key[] = {kKeyBlue, kKeyGreen, kKeyRed};
          for (int c = 0; c < 3; ++c) at[c] = static_cast<uint8_t>(std::lround(share * at[c] + (1 - share) * key[c]));
        }
      }
      if (kind == Kind::kScreen) BgrToYuv(std::as_const(picture).view(), frames[n].view());
      EXPECT_TRUE(writer.value().Write(std::as_const(frames[n]).view(), std::as_const(alpha).view()).ok());
    }
    EXPECT_TRUE(writer.value().Finish().ok());
    return avatar;
  }
  RenderRequest Request(const Path& avatar, const char* output) {
    RenderRequest request;
    request.job.avatar = avatar;
    request.job.audio = folder() / "speech.wav";
    EXPECT_TRUE(testdata::WriteWav(request.job.audio, testdata::SynthesizeSpeech(1, 7).samples, 16000, 1).ok());
    request.video = folder() / output;
    return request;
  }
  static std::string Rendered(const RenderRequest& request) {
    const auto report = Render(request);
    return report.ok() ? "" : report.error().message();
  }
  // The render without any transparency, lossless.
  std::vector<YuvImage> Opaque(const Path& avatar) {
    RenderRequest request = Request(avatar, "opaque.mkv");
    request.codec = "ffv1";
    request.finish.alpha = false;
    EXPECT_EQ(Rendered(request), "");
    return Frames(*request.video);
  }
};

KeyColour Key() { return {.blue = kKeyBlue, .green = kKeyGreen, .red = kKeyRed}; }

TEST_F(Transparency, AGeneratedMouthNeverChangesTheAlpha) {
  const Path avatar = Person(Kind::kAlpha);
  std::vector<Plane> wanted;
  Frames(avatar / "person.mkv", &wanted);
  for (const CompositeMode mode : {CompositeMode::kNatural, CompositeMode::kCompatible}) {
    RenderRequest request = Request(avatar, "out.mkv");
    request.codec = "ffv1";
    request.job.composite = mode;
    request.frames_folder = folder() / "pictures";
    ASSERT_EQ(Rendered(request), "");
    std::vector<Plane> alphas;
    const auto frames = Frames(*request.video, &alphas);
    ASSERT_EQ(frames.size(), size_t{kFrames});
    for (size_t n = 0; n < frames.size(); ++n) {
      ASSERT_EQ(MostDifferent(alphas[n].view(), wanted[n].view()), 0) << n;
    }
    Plane alpha;
    ASSERT_TRUE(ReadPicture(folder() / "pictures" / "000007.png", &alpha).ok());
    EXPECT_EQ(MostDifferent(alpha.view(), wanted[7].view()), 0);
  }
  // The colours are those of the same render without alpha.
  RenderRequest request = Request(avatar, "out.mkv");
  request.codec = "ffv1";
  ASSERT_EQ(Rendered(request), "");
  std::vector<Plane> alphas;
  const auto frames = Frames(*request.video, &alphas);
  const auto opaque = Opaque(avatar);
  ASSERT_EQ(opaque.size(), frames.size());
  for (size_t n = 0; n < frames.size(); ++n) EXPECT_EQ(HashOf(frames[n].view()), HashOf(opaque[n].view()));
}

TEST_F(Transparency, GoesIntoEveryFileThatHoldsIt) {
  const Path avatar = Person(Kind::kAlpha);
  std::vector<Plane> wanted;
  Frames(avatar / "person.mkv", &wanted);
  for (const auto& [name, codec, tolerance] : {std::tuple{"out.mov", "prores", 0}, {"out.webm", "vp9", 40}}) {
    RenderRequest request = Request(avatar, name);
    request.job.engine.session.backend = Backend::kNull;
    request.crf = 12;
    ASSERT_EQ(Rendered(request), "");
    std::vector<Plane> alphas;
    ASSERT_EQ(Frames(*request.video, &alphas).size(), size_t{kFrames}) << name;
    double sum = 0;
    for (size_t n = 0; n < alphas.size(); ++n) {
      EXPECT_LE(MostDifferent(alphas[n].view(), wanted[n].view()), tolerance) << name;
      for (int y = 0; y < alphas[n].height(); ++y) {
        for (int x = 0; x < alphas[n].width(); ++x) {
          sum += std::abs(std::as_const(alphas[n]).view().Row(y)[x] - wanted[n].view().Row(y)[x]);
        }
      }
    }
    EXPECT_LE(sum / (kFrames * alphas[0].width() * alphas[0].height()), tolerance / 40.0) << name;
    const std::string probe = Probe(*request.video, "-select_streams v -show_entries stream=codec_name,pix_fmt");
    EXPECT_NE(probe.find(codec), std::string::npos) << probe;
    const std::string format = std::string(codec) == "prores" ? "yuva444p" : "pix_fmt=yuv";
    EXPECT_NE(probe.find(format), std::string::npos) << probe;
  }
}

TEST_F(Transparency, IsRefusedWhereTheFileHoldsNone) {
  const Path avatar = Person(Kind::kAlpha);
  const std::string said = Rendered(Request(avatar, "out.mp4"));
  EXPECT_NE(said.find("prores (.mov, .mkv), vp9 (.webm, .mkv)"), std::string::npos) << said;
  EXPECT_NE(said.find("put a background behind the avatar"), std::string::npos) << said;
  RenderRequest pictures = Request(avatar, "");
  pictures.video.reset();
  pictures.frames_folder = folder() / "jpegs";
  pictures.frames_extension = "jpg";
  EXPECT_NE(Rendered(pictures).find("expected png"), std::string::npos);

  RenderRequest behind = Request(testdata::SyntheticAvatar(), "out.mp4");
  behind.finish.background = Make("flat.png", "-f lavfi -i color=red:s=64x64 -frames:v 1 -update 1");
  EXPECT_NE(Rendered(behind).find("is opaque"), std::string::npos);
}

// Against the plainest arithmetic, with a background of three greys that loops.
TEST_F(Transparency, ABackgroundShowsThroughAsMuchAsItShould) {
  SKIP_WITHOUT_FFMPEG_PROGRAM();
  const Path avatar = Person(Kind::kAlpha);
  std::vector<Plane> alphas;
  Frames(avatar / "person.mkv", &alphas);
  RenderRequest request = Request(avatar, "out.mkv");
  request.codec = "ffv1";
  request.finish.background = Make("grey.mkv",
                                   "-f lavfi -i \"color=black:s=200x400:r=25:d=0.12,format=yuv420p,"
                                   "geq=lum='60+50*N':cb=128:cr=128\" -color_range tv -colorspace bt470bg "
                                   "-c:v ffv1");
  ASSERT_EQ(Rendered(request), "");
  const auto frames = Frames(*request.video);
  const auto opaque = Opaque(avatar);
  ASSERT_EQ(frames.size(), size_t{kFrames});
  for (size_t n = 0; n < frames.size(); ++n) {
    const double grey = 60 + 50 * static_cast<double>(n % 3);
    int most = 0;
    for (int y = 0; y < frames[n].height(); ++y) {
      for (int x = 0; x < frames[n].width(); ++x) {
        const double a = alphas[n].view().Row(y)[x] / 255.0;
        const double wanted = a * opaque[n].view().y.Row(y)[x] + (1 - a) * grey;
        most = std::max(most, static_cast<int>(std::abs(frames[n].view().y.Row(y)[x] - wanted) + 0.49));
      }
    }
    EXPECT_LE(most, 1) << n;
  }
}

TEST_F(Transparency, ACloseFittingPictureOrVideoCoversTheFrame) {
  SKIP_WITHOUT_FFMPEG_PROGRAM();
  const Path avatar = Person(Kind::kAlpha);
  // Left half red, right half blue, much wider than the frame: the middle of it shows.
  const std::string halves =
      "-f lavfi -i \"color=red:s=800x200,drawbox=x=400:w=400:h=200:color=blue:t=fill\" -frames:v 1 ";
  for (const Path& background : {Make("wide.png", halves + "-update 1"), Make("wide.jpg", halves + "-update 1"),
                                 Make("wide.mp4", halves + "-pix_fmt yuv420p")}) {
    RenderRequest request = Request(avatar, "out.mp4");
    request.job.engine.session.backend = Backend::kNull;
    request.job.duration_s = 0.4;
    request.finish.background = background;
    ASSERT_EQ(Rendered(request), "") << background;
    const auto frames = Frames(*request.video);
    ASSERT_FALSE(frames.empty());
    Image shown(frames[0].width(), frames[0].height());
    YuvToBgr(frames[0].view(), shown.view());
    const uint8_t* left = shown.view().Row(5) + 3 * 5;
    const uint8_t* right = shown.view().Row(5) + 3 * (shown.width() - 6);
    EXPECT_GT(left[2], 200) << background;
    EXPECT_LT(left[0], 60) << background;
    EXPECT_GT(right[0], 200) << background;
    EXPECT_LT(right[2], 60) << background;
  }
}

TEST_F(Transparency, AKeyColourTakesTheScreenAwayAndItsLight) {
  const Path avatar = Person(Kind::kScreen);
  RenderRequest request = Request(avatar, "out.mkv");
  request.codec = "ffv1";
  request.finish.key = Key();
  ASSERT_EQ(Rendered(request), "");
  std::vector<Plane> alphas;
  const auto frames = Frames(*request.video, &alphas);
  ASSERT_EQ(frames.size(), size_t{kFrames});
  Image shown(frames[0].width(), frames[0].height());
  double error = 0;
  for (size_t n = 0; n < frames.size(); ++n) {
    YuvToBgr(frames[n].view(), shown.view());
    for (int y = 0; y < shown.height(); ++y) {
      for (int x = 0; x < shown.width(); ++x) {
        const double share = lips::Person(x, y, shown.width(), shown.height(), static_cast<int>(n), 6);
        const int alpha = alphas[n].view().Row(y)[x];
        error += std::abs(share - alpha / 255.0);
        const bool near = share > 0 && share < 1;
        if (!near && lips::Person(x, y, shown.width(), shown.height(), static_cast<int>(n), 14) == 1) {
          ASSERT_EQ(alpha, 255) << x << ' ' << y;
          const uint8_t* at = std::as_const(shown).view().Row(y) + ptrdiff_t{3} * x;
          ASSERT_LE(at[1] - std::max(at[0], at[2]), 24) << "green light on the person at " << x << ' ' << y;
        }
        if (!near && lips::Person(x, y, shown.width(), shown.height(), static_cast<int>(n), 14) == 0) {
          ASSERT_EQ(alpha, 0) << x << ' ' << y;
        }
      }
    }
  }
  EXPECT_LE(error / (kFrames * shown.width() * shown.height()), 0.01);
}

TEST_F(Transparency, AnAvatarsManifestAndItsPackMayNameTheKey) {
  const Path avatar = Person(Kind::kScreen);
  const Path manifest =
      avatar / (std::filesystem::exists(avatar / "package_info.json") ? "package_info.json" : "dataset_manifest.json");
  Json json = ParseJson(ReadTextFile(manifest).value()).value();
  json.Set("key", Json::Object({{"colour", "#1ebe28"}, {"tolerance", 0.35}}));
  ASSERT_TRUE(WriteFileAtomically(manifest, json.Dump()).ok());
  RenderRequest request = Request(avatar, "out.mkv");
  request.job.engine.session.backend = Backend::kNull;
  request.codec = "ffv1";
  ASSERT_EQ(Rendered(request), "");
  std::vector<Plane> alphas;
  const auto frames = Frames(*request.video, &alphas);
  EXPECT_EQ(alphas[0].view().Row(2)[2], 0);
  EXPECT_EQ(alphas[0].view().Row(alphas[0].height() / 2)[alphas[0].width() / 2], 255);

  PackRequest pack;
  pack.avatar = avatar;
  pack.output = folder() / "screen.lips";
  pack.date = "2026-11-25";
  ASSERT_TRUE(PackAvatar(pack).ok());
  request.job.avatar = pack.output;
  request.video = folder() / "packed.mkv";
  ASSERT_EQ(Rendered(request), "");
  std::vector<Plane> packed_alphas;
  const auto packed = Frames(*request.video, &packed_alphas);
  ASSERT_EQ(packed.size(), frames.size());
  for (size_t n = 0; n < frames.size(); ++n) {
    EXPECT_EQ(HashOf(packed[n].view()), HashOf(frames[n].view()));
    EXPECT_EQ(MostDifferent(packed_alphas[n].view(), alphas[n].view()), 0);
  }

  json.Set("key", Json::Object({{"colour", "#808080"}}));
  ASSERT_TRUE(WriteFileAtomically(manifest, json.Dump()).ok());
  RenderRequest grey = Request(avatar, "grey.mkv");
  EXPECT_EQ(Avatar::Open(avatar, {}).value().key(), std::nullopt) << "a broken manifest counts as absent";
}

TEST_F(Transparency, ALabelStandsInVideosAndPicturesAlike) {
  RenderRequest request = Request(testdata::SyntheticAvatar(), "out.mkv");
  request.codec = "ffv1";
  request.frames_folder = folder() / "pictures";
  request.finish.label = LabelOptions{.text = "AI-generated"};
  const std::string said = Rendered(request);
  if (said.find("no font") != std::string::npos) GTEST_SKIP() << said;
  ASSERT_EQ(said, "");
  const auto labelled = Frames(*request.video);
  const auto plain = Opaque(testdata::SyntheticAvatar());
  ASSERT_EQ(labelled.size(), plain.size());
  const Avatar avatar = Avatar::Open(testdata::SyntheticAvatar(), {}).value();
  const Rect area =
      Label::Create(*request.finish.label, plain[0].width(), plain[0].height(), avatar.rects()).value().area();
  for (size_t n = 0; n < plain.size(); ++n) {
    int inside = 0;
    for (int y = 0; y < plain[n].height(); ++y) {
      for (int x = 0; x < plain[n].width(); ++x) {
        const bool differs = labelled[n].view().y.Row(y)[x] != plain[n].view().y.Row(y)[x];
        const bool in = x >= area.x && x < area.right() && y >= area.y && y < area.bottom();
        if (in) inside += differs ? 1 : 0;
        ASSERT_TRUE(in || !differs) << n << ": " << x << ' ' << y;
      }
    }
    EXPECT_GT(inside, area.width * area.height / 2);
  }
  Image shown(plain[0].width(), plain[0].height());
  YuvToBgr(labelled[3].view(), shown.view());
  const auto picture = ReadPicture(folder() / "pictures" / "000003.png");
  ASSERT_TRUE(picture.ok());
  for (int y = 0; y < shown.height(); ++y) {
    const uint8_t* row = std::as_const(shown).view().Row(y);
    ASSERT_TRUE(std::equal(row, row + ptrdiff_t{3} * shown.width(), picture.value().view().Row(y)));
  }
}

}  // namespace
}  // namespace lips

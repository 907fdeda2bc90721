#include "avatar/avatar.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>

#include "avatar/steady_rects.h"
#include "avatar/test_package.h"
#include "base/sha256.h"
#include "media/video_reader.h"

namespace lips {
namespace {

using Fill = void (TestPackage::*)() const;

// One package of each layout, written once; a test that breaks one works on a copy.
class AvatarPackages : public testing::Test {
 protected:
  void SetUp() override { SKIP_WITHOUT_FFMPEG_PROGRAM(); }
  static void SetUpTestSuite() { root() = TestFolder("avatar_test"); }
  static void TearDownTestSuite() { std::filesystem::remove_all(root()); }
  static Path& root() {
    static Path folder;
    return folder;
  }
  static Path Made(const std::string& name, Fill fill) {
    const Path folder = root() / "made" / name;
    if (!std::filesystem::exists(folder)) (TestPackage(folder, TestPerson{}).*fill)();
    return folder;
  }
  static Path LayoutA() { return Made("anna_a", &TestPackage::LayoutA); }
  static Path CopyOf(const Path& package) {
    const Path copy = root() / testing::UnitTest::GetInstance()->current_test_info()->name() / package.filename();
    std::filesystem::remove_all(copy);
    std::filesystem::create_directories(copy.parent_path());
    std::filesystem::copy(package, copy, std::filesystem::copy_options::recursive);
    return copy;
  }
  static Error FaultOf(const Path& folder, const AvatarOptions& options = {}) {
    auto avatar = Avatar::Open(folder, options);
    EXPECT_FALSE(avatar.ok());
    return avatar.ok() ? Error(ErrorCode::kIo, "opened") : std::move(avatar).TakeError();
  }
};

TemplateFace FirstFace(const Avatar& avatar) {
  TemplateFace face;
  auto reader = avatar.OpenTemplates();
  EXPECT_TRUE(reader.ok()) << reader.error().message();
  if (reader.ok()) {
    const Status read = reader.value()->Read(0, face);
    EXPECT_TRUE(read.ok()) << read.error().message();
  }
  return face;
}

Image ToBgr(const YuvImage& frame) {
  Image image(frame.width(), frame.height());
  YuvToBgr(frame.view(), image.view());
  return image;
}

TEST_F(AvatarPackages, EveryLayoutOpensAndShowsTheSameFirstFrame) {
  struct Case {
    const char* name;
    Fill fill;
    AvatarLayout layout;
    bool package_inputs;
  };
  const Case cases[] = {
      {"anna_a", &TestPackage::LayoutA, AvatarLayout::kPackage2, true},
      {"anna_b", &TestPackage::LayoutB, AvatarLayout::kTest, true},
      {"anna_c", &TestPackage::LayoutC, AvatarLayout::kFlattenedOnnx, true},
      {"anna_c_pictures", &TestPackage::LayoutCPicturesOnly, AvatarLayout::kFlattenedOnnx, true},
      {"anna_d", &TestPackage::LayoutD, AvatarLayout::kTrainingTree, false},
      {"anna_e", &TestPackage::LayoutE, AvatarLayout::kOld, true},
  };
  const Image drawn = TestPerson::Frame(0);
  const FaceInputs drawn_inputs = TestPerson::Inputs(0);
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto avatar = Avatar::Open(Made(c.name, c.fill), {});
    ASSERT_TRUE(avatar.ok()) << avatar.error().message();
    EXPECT_EQ(avatar.value().layout(), c.layout) << Name(avatar.value().layout());
    EXPECT_EQ(avatar.value().video().frames, 6);
    EXPECT_EQ(avatar.value().rects()[3], TestPerson::FaceOf(3));
    EXPECT_EQ(avatar.value().has_package_inputs(), c.package_inputs);
    EXPECT_EQ(avatar.value().mask(), kMaskPackage2);
    const TemplateFace face = FirstFace(avatar.value());
    ASSERT_EQ(face.frame.width(), TestPerson::kWidth);
    EXPECT_EQ(face.frame.format(), YuvFormat{});
    EXPECT_GT(PsnrOf(ToBgr(face.frame).view(), drawn.view()), 36);
    EXPECT_GT(PsnrOf(face.inputs.crop.view(), drawn_inputs.crop.view()), 36);
    EXPECT_GT(PsnrOf(face.inputs.roi.view(), drawn_inputs.roi.view()), 36);
    EXPECT_GT(PsnrOf(face.inputs.masked.view(), drawn_inputs.masked.view()), 34);
  }
}

TEST_F(AvatarPackages, DerivedInputsAreTheFramesOwnPixels) {
  const auto avatar = Avatar::Open(LayoutA(), {.inputs = InputSource::kDerived});
  ASSERT_TRUE(avatar.ok()) << avatar.error().message();
  EXPECT_TRUE(avatar.value().has_package_inputs());
  const TemplateFace face = FirstFace(avatar.value());
  FaceInputs expected;
  DeriveInputs(ToBgr(face.frame).view().Crop(TestPerson::FaceOf(0)), kFace320, kMaskPackage2, expected);
  EXPECT_TRUE(
      std::equal(expected.roi.view().data, expected.roi.view().data + 320 * 320 * 3, face.inputs.roi.view().data));
  EXPECT_TRUE(std::equal(expected.masked.view().data, expected.masked.view().data + 320 * 320 * 3,
                         face.inputs.masked.view().data));
}

TEST_F(AvatarPackages, PackageInputsAreItsPicturesToTheBit) {
  const auto avatar = Avatar::Open(LayoutA(), {.inputs = InputSource::kPackage});
  ASSERT_TRUE(avatar.ok()) << avatar.error().message();
  const TemplateFace face = FirstFace(avatar.value());
  auto reader = VideoReader::Open(LayoutA() / "rois_320_video.mp4");
  YuvImage decoded;
  ASSERT_TRUE(reader.ok() && reader.value().Read(decoded).ok());
  const Image roi = ToBgr(decoded);
  EXPECT_TRUE(std::equal(roi.view().data, roi.view().data + 320 * 320 * 3, face.inputs.roi.view().data));
}

TEST_F(AvatarPackages, TheRawMaskConventionIsMeasured) {
  const Path copy = CopyOf(LayoutA());
  const TestPackage package(copy, TestPerson{});
  package.Video(
      "model_inputs_video.mp4", [](int i) { return TestPerson::Inputs(i, kMaskRaw).masked.Clone(); }, 6);
  const auto avatar = Avatar::Open(copy, {});
  ASSERT_TRUE(avatar.ok()) << avatar.error().message();
  EXPECT_EQ(avatar.value().mask(), kMaskRaw);
}

TEST_F(AvatarPackages, MaskedPicturesWithoutAMaskAreAnErrorUnlessInputsAreDerived) {
  const Path copy = CopyOf(LayoutA());
  std::filesystem::copy_file(copy / "rois_320_video.mp4", copy / "model_inputs_video.mp4",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_NE(FaultOf(copy).message().find("mask cannot be measured"), std::string::npos);
  const auto derived = Avatar::Open(copy, {.inputs = InputSource::kDerived});
  ASSERT_TRUE(derived.ok());
  EXPECT_EQ(derived.value().mask(), kMaskPackage2);
}

TEST_F(AvatarPackages, AskingForPackageInputsThatAreMissingSaysWhich) {
  const Error fault = FaultOf(Made("anna_d", &TestPackage::LayoutD), {.inputs = InputSource::kPackage});
  EXPECT_EQ(fault.code(), ErrorCode::kInvalidInput);
  EXPECT_NE(fault.message().find("no ROI pictures"), std::string::npos) << fault.message();
}

TEST_F(AvatarPackages, ShortInputVideosAreNotUsed) {
  const Path copy = CopyOf(LayoutA());
  TestPackage(copy, TestPerson{})
      .Video(
          "rois_320_video.mp4", [](int i) { return TestPerson::Inputs(i).roi.Clone(); }, 4);
  const auto avatar = Avatar::Open(copy, {});
  ASSERT_TRUE(avatar.ok()) << avatar.error().message();
  EXPECT_FALSE(avatar.value().has_package_inputs());
  EXPECT_EQ(avatar.value().video().frames, 6);
  EXPECT_NE(FaultOf(copy, {.inputs = InputSource::kPackage}).message().find("rois_320_video.mp4 has 4 frames"),
            std::string::npos);
}

TEST_F(AvatarPackages, MoreFramesThanRectanglesUseTheFirstOnesAndTheCheckSaysSo) {
  const Path copy = CopyOf(LayoutA());
  TestPackage(copy, TestPerson{}).Video("full_body_video.mp4", TestPerson::Frame, 8);
  const auto avatar = Avatar::Open(copy, {});
  ASSERT_TRUE(avatar.ok()) << avatar.error().message();
  EXPECT_EQ(avatar.value().video().frames, 6);
  const auto check = CheckAvatar(copy, {});
  ASSERT_TRUE(check.ok());
  const auto count = std::ranges::find(check.value().items, "frame count", &AvatarCheck::Item::what);
  ASSERT_NE(count, check.value().items.end());
  EXPECT_FALSE(count->ok);
  EXPECT_EQ(count->found, "full_body_video.mp4 has 8 frames but there are 6 rectangles: the first 6 of both are used");
}

TEST_F(AvatarPackages, BrokenPackagesGetOneSentenceEach) {
  const auto broken = [](const char* file, std::string_view text) {
    const Path copy = CopyOf(LayoutA());
    EXPECT_TRUE(WriteFileAtomically(copy / file, text).ok());
    return FaultOf(copy).message();
  };
  const std::string where = "avatar 'anna_a': cache/crop_rectangles.json: ";
  EXPECT_EQ(broken("cache/crop_rectangles.json", R"({"0":[200,100,300,200]})"),
            where + "frame 0: rect [200,100,300,200] leaves the 240x180 picture");
  EXPECT_EQ(broken("cache/crop_rectangles.json", R"({"0":[0,0,9,9],"2":[0,0,9,9]})"),
            "avatar 'anna_a': crop_rectangles.json: 1 of 3 frames missing: 1");
  EXPECT_NE(broken("cache/crop_rectangles.json", R"({"0":[0,0)").find("crop_rectangles.json: not valid JSON at byte"),
            std::string::npos);
  EXPECT_NE(broken("full_body_video.mp4", "").find("full_body_video.mp4"), std::string::npos);
  EXPECT_NE(broken("full_body_video.mp4", "not a video at all").find("full_body_video.mp4"), std::string::npos);
  EXPECT_NE(broken("rois_320_video.mp4", "garbage").find("rois_320_video.mp4"), std::string::npos);
}

TEST_F(AvatarPackages, ABadLandmarkLineNamesFileAndLine) {
  const Path copy = CopyOf(Made("anna_d", &TestPackage::LayoutD));
  std::ofstream(copy / "landmarks" / "4.lms") << "1 2\nx y\n";
  EXPECT_EQ(FaultOf(copy).message(), "avatar 'anna_d': landmarks/4.lms: line 2 is 'x y'; expected two numbers 'x y'");
  std::filesystem::remove(copy / "landmarks" / "4.lms");
  EXPECT_NE(FaultOf(copy).message().find("frame 4 is missing"), std::string::npos);
}

TEST_F(AvatarPackages, AnEmptyOrMissingFolderSaysWhatWasLookedFor) {
  const Path empty = root() / "empty";
  std::filesystem::create_directories(empty);
  const Error none = FaultOf(empty);
  EXPECT_EQ(none.code(), ErrorCode::kInvalidInput);
  EXPECT_NE(none.message().find("full_body_video.mp4"), std::string::npos) << none.message();
  EXPECT_EQ(FaultOf(root() / "nowhere").code(), ErrorCode::kIo);
  const Path no_rects = CopyOf(Made("anna_e", &TestPackage::LayoutE));
  std::filesystem::remove_all(no_rects / "face_bounds");
  EXPECT_NE(FaultOf(no_rects).message().find("no face rectangles"), std::string::npos);
}

// The person moves evenly, so that smoothed rectangles lie between pixels only near the ends; the face in a crop stands
// where its place says, to a fraction of a pixel.
TEST_F(AvatarPackages, SmoothRectanglesCutFacesBetweenPixelsOutOfTheFullFrames) {
  const auto avatar = Avatar::Open(LayoutA(), {.rectangles = Rectangles::kSmooth});
  ASSERT_TRUE(avatar.ok()) << avatar.error().message();
  EXPECT_FALSE(avatar.value().uses_package_inputs());
  const Place place = avatar.value().places()[0];
  EXPECT_EQ(avatar.value().places(), SteadyRects(avatar.value().rects()));
  ASSERT_GT(place.x - TestPerson::FaceOf(0).x, 0.3) << "or this test tells nothing";
  const TemplateFace face = FirstFace(avatar.value());
  const Image frame = ToBgr(face.frame);
  double worst = 0;
  for (int v = 20; v < 300; v += 7) {
    for (int u = 20; u < 300; u += 7) {  // green is linear down, blue across: where does this pixel come from?
      const double x = place.x + (u + 0.5) * place.width / 328 - 0.5,
                   y = place.y + (v + 0.5) * place.height / 328 - 0.5;
      const int left = static_cast<int>(x), top = static_cast<int>(y);
      const auto at = [&](int px, int py) { return static_cast<double>(frame.view().Row(py)[3 * px + 1]); };
      const double fx = x - left, fy = y - top;
      const double want = (at(left, top) * (1 - fx) + at(left + 1, top) * fx) * (1 - fy) +
                          (at(left, top + 1) * (1 - fx) + at(left + 1, top + 1) * fx) * fy;
      worst = std::max(worst, std::abs(face.inputs.crop.view().Row(v)[3 * u + 1] - want));
    }
  }
  EXPECT_LT(worst, 12) << "levels, at the mouth's edges; cubic against linear";
  const auto both = Avatar::Open(LayoutA(), {.inputs = InputSource::kPackage, .rectangles = Rectangles::kSmooth});
  ASSERT_FALSE(both.ok());
  EXPECT_EQ(both.error().code(), ErrorCode::kInvalidInput);
}

TEST_F(AvatarPackages, MissingModelsListThePlacesAndACheckpointSaysConvert) {
  const auto avatar = Avatar::Open(Made("anna_d", &TestPackage::LayoutD), {});
  ASSERT_TRUE(avatar.ok());
  const auto model = avatar.value().generator_model();
  ASSERT_FALSE(model.ok());
  EXPECT_EQ(model.error().code(), ErrorCode::kIo);
  EXPECT_NE(model.error().message().find("checkpoint/model_best.onnx"), std::string::npos);
  EXPECT_NE(model.error().message().find("checkpoint/anna/120.pth, a PyTorch checkpoint"), std::string::npos)
      << model.error().message();
  EXPECT_FALSE(avatar.value().audio_encoder_model().ok());
  const Path own = Made("anna_d", &TestPackage::LayoutD).parent_path() / "own.onnx";
  ASSERT_TRUE(WriteFileAtomically(own, "not read").ok());
  const auto chosen = Avatar::Open(Made("anna_d", &TestPackage::LayoutD), {.model = own});
  EXPECT_EQ(chosen.value().generator_model().value().path(), own);
}

TEST_F(AvatarPackages, TheCheckGoesOnAfterAFaultAndListsThemAll) {
  const Path copy = CopyOf(LayoutA());
  const TestPackage package(copy, TestPerson{});
  package.Text("checkpoint/model_best.onnx", "garbage");
  package.Text("landmarks/2.lms", "1 2\n");
  package.Text("cache/frame_metadata.json", R"({"processed_frames": 7, "original_shape": [180, 240]})");
  package.Text("aud_ave.bin", "12345");
  const auto check = CheckAvatar(copy, {});
  ASSERT_TRUE(check.ok());
  EXPECT_FALSE(check.value().ok());
  std::map<std::string, bool> found;
  for (const AvatarCheck::Item& item : check.value().items) found[item.what] = item.ok;
  const std::map<std::string, bool> expected = {
      {"audio encoder", false},   {"features", false},   {"frame count", true},
      {"frame size", false},      {"full frames", true}, {"generator", false},
      {"landmarks", false},       {"manifest", true},    {"mask", true},
      {"package inputs", true},   {"pictures", true},    {"ROI against full frames", true},
      {"rectangle count", false}, {"rectangles", true},  {"rectangles inside", true}};
  EXPECT_EQ(found, expected);
}

TEST_F(AvatarPackages, TheContentHashFollowsPicturesAndRectangles) {
  const auto hash = [](const Path& folder) {
    const auto avatar = Avatar::Open(folder, {});
    EXPECT_TRUE(avatar.ok());
    return avatar.value().ContentHash().value();
  };
  const std::string original = hash(LayoutA());
  const Path copy = CopyOf(LayoutA());
  EXPECT_EQ(hash(copy), original);
  std::string json = ReadTextFile(copy / "cache" / "crop_rectangles.json").value();
  const size_t corner = json.find("[60,30,");
  ASSERT_NE(corner, std::string::npos);
  EXPECT_TRUE(WriteFileAtomically(copy / "cache" / "crop_rectangles.json", json.replace(corner, 7, "[59,30,")).ok());
  EXPECT_NE(hash(copy), original);
}

TEST_F(AvatarPackages, DeclaredHashesAreCompared) {
  const Path copy = CopyOf(Made("anna_c", &TestPackage::LayoutC));
  const TestPackage package(copy, TestPerson{});
  package.Text("models/generator.onnx", "weights");
  const auto declared_item = [&](const std::string& hash) {
    package.Text("onnx_dist_config.json", R"({"generator": {"file": "generator.onnx", "sha256": ")" + hash + "\"}}");
    const auto check = CheckAvatar(copy, {});
    for (const AvatarCheck::Item& item : check.value().items) {
      if (item.what == "declared hash") return item;
    }
    return AvatarCheck::Item{"no such item", false, ""};
  };
  const std::string weights = "weights";
  const std::string right = Sha256Hex({reinterpret_cast<const uint8_t*>(weights.data()), weights.size()});
  EXPECT_TRUE(declared_item(right).ok) << declared_item(right).found;
  const AvatarCheck::Item wrong = declared_item(std::string(64, '0'));
  EXPECT_FALSE(wrong.ok);
  EXPECT_NE(wrong.found.find(right), std::string::npos) << wrong.found;
}

TEST(Sanders, OpensWithEverythingFound) {
  SKIP_WITHOUT_SANDERS();
  const auto avatar = Avatar::Open(SandersFolder(), {});
  ASSERT_TRUE(avatar.ok()) << avatar.error().message();
  EXPECT_EQ(avatar.value().name(), "sanders");
  EXPECT_EQ(avatar.value().layout(), AvatarLayout::kPackage2);
  EXPECT_EQ(avatar.value().video().frames, 523);
  EXPECT_EQ(avatar.value().video().width, 1280);
  EXPECT_TRUE(avatar.value().has_package_inputs());
  EXPECT_EQ(avatar.value().mask(), (Rect{5, 5, 306, 301}));  // x 5..310, y 5..305 inclusive
  EXPECT_EQ(avatar.value().generator_model().value().path().filename(), "model_best.onnx");
  EXPECT_EQ(avatar.value().audio_encoder_model().value().path().filename(), "audio_encoder.onnx");
  const Json info = avatar.value().Info();
  EXPECT_EQ(info.Find("mask")->Find("known")->as_string(), "measured");
  EXPECT_EQ(info.Find("rects")->Find("side_min_px")->as_int(), 173);
  EXPECT_EQ(info.Find("rects")->Find("side_max_px")->as_int(), 189);
  EXPECT_NE(info.Find("models")->Find("generator")->Find("binding"), nullptr) << info.Dump();
  EXPECT_NE(info.Find("models")->Find("audio_encoder")->Find("binding"), nullptr);
}

TEST(Sanders, PassesItsCheck) {
  SKIP_WITHOUT_SANDERS();
  const auto check = CheckAvatar(SandersFolder(), {});
  ASSERT_TRUE(check.ok()) << check.error().message();
  for (const AvatarCheck::Item& item : check.value().items) EXPECT_TRUE(item.ok) << item.what << ": " << item.found;
  const auto landmarks = std::ranges::find(check.value().items, "landmarks", &AvatarCheck::Item::what);
  ASSERT_NE(landmarks, check.value().items.end());
  EXPECT_EQ(landmarks->found, "523 files; 523 of 523 rectangles follow from them");
}

}  // namespace
}  // namespace lips

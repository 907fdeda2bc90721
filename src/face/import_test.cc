#include "face/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "avatar/avatar.h"
#include "avatar/test_package.h"
#include "media/picture.h"
#include "model/pth_writer.h"

namespace lips {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kFrames = 6;

// A number of any size as pickle.dump writes it.
std::string Number(int value) {
  std::string bytes = "J";
  for (int k = 0; k < 4; ++k) bytes.push_back(static_cast<char>(static_cast<uint32_t>(value) >> (8 * k)));
  return bytes;
}

// What pickle.dump writes of a list of tuples.
std::string Pickled(const std::vector<std::array<int, 4>>& rows) {
  std::string pickle = "\x80\x04](";
  for (const auto& row : rows) pickle += "(" + Number(row[0]) + Number(row[1]) + Number(row[2]) + Number(row[3]) + "t";
  return pickle + "e.";
}

class ImportAvatarTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    Must(MakeFolder(folder_ / "source").ok(), folder_);
    request_.source = folder_ / "source";
    request_.create.output = folder_ / "made";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Path At(const char* file) const { return folder_ / "source" / file; }
  static std::string Numbered(int k) { return std::string(7, '0') + std::to_string(k) + ".png"; }

  void WriteFrames(int frames = kFrames) {
    Must(MakeFolder(At("full_imgs")).ok(), At("full_imgs"));
    for (int k = 0; k < frames; ++k) {
      Must(WritePng(At("full_imgs") / Numbered(k), TestPerson::Frame(k).view()).ok(), At("full_imgs"));
    }
  }
  // Faces as they lie in `boxes`, shrunk or grown to `side`.
  void WriteFaces(const std::vector<Rect>& boxes, int side) {
    Must(MakeFolder(At("face_imgs")).ok(), At("face_imgs"));
    for (size_t k = 0; k < boxes.size(); ++k) {
      const Image frame = TestPerson::Frame(static_cast<int>(k));
      Image face(side, side);
      for (int y = 0; y < side; ++y) {
        for (int x = 0; x < side; ++x) {
          const uint8_t* from =
              frame.view().Row(boxes[k].y + y * boxes[k].height / side) + 3 * (boxes[k].x + x * boxes[k].width / side);
          std::copy_n(from, 3, face.view().Row(y) + 3 * x);
        }
      }
      Must(WritePng(At("face_imgs") / Numbered(static_cast<int>(k)), face.view()).ok(), At("face_imgs"));
    }
  }
  void Write(const char* file, std::string_view bytes) { Must(WriteFileAtomically(At(file), bytes).ok(), At(file)); }

  std::vector<Rect> Import() {
    auto report = ImportAvatar(request_);
    EXPECT_TRUE(report.ok()) << report.error().message();
    if (!report.ok()) return {};
    report_ = std::move(report).value();
    const auto avatar = Avatar::Open(folder_ / "made", {});
    EXPECT_TRUE(avatar.ok()) << avatar.error().message();
    return avatar.ok() ? avatar.value().rects() : std::vector<Rect>();
  }
  std::string ImportError() {
    const auto report = ImportAvatar(request_);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "made"));
    return report.ok() ? "no error" : report.error().message();
  }

  Path folder_ = Path(::testing::TempDir()) / ("import_" + std::to_string(::getpid()));
  ImportRequest request_;
  ImportReport report_;
};

TEST_F(ImportAvatarTest, MakesSquaresOfWav2LipsBoxesWhichAreInItsOwnOrder) {
  WriteFrames();
  std::vector<std::array<int, 4>> coords;
  std::vector<Rect> boxes;
  for (int k = 0; k < kFrames; ++k) {
    boxes.push_back({62 + k, 10, 100, 130});
    coords.push_back({10, 140, 62 + k, 162 + k});  // y1, y2, x1, x2
  }
  WriteFaces(boxes, 96);
  Write("coords.pkl", Pickled(coords));
  const auto rects = Import();
  ASSERT_EQ(rects.size(), 6U);
  EXPECT_EQ(rects[3], (Rect{65, 40, 100, 100}));  // as wide, ending where the box ends
  EXPECT_EQ(report_.layout, "Wav2Lip avatar of LiveTalking");
  EXPECT_THAT(report_.lost, Contains(HasSubstr("Wav2Lip's networks are of another family")));
  EXPECT_THAT(report_.created.warnings, Contains(HasSubstr("no sound")));
}

// Boxes that would do in either order: the saved faces say which it is.
TEST_F(ImportAvatarTest, FindsTheOrderOfBoxesByThePicturesCutFromThem) {
  WriteFrames(1);
  const Rect box{30, 70, 80, 90};
  WriteFaces({box}, 256);
  Write("coords.pkl", Pickled({{30, 70, 110, 160}}));  // as y1, y2, x1, x2 it would be 50x40 at 110, 30
  EXPECT_EQ(Import(), (std::vector<Rect>{{30, 80, 80, 80}}));
}

TEST_F(ImportAvatarTest, TakesUltralightsRectanglesAsTheyAreAndSaysWhyItsNetworkIsNone) {
  WriteFrames();
  std::vector<std::array<int, 4>> coords;
  std::vector<Rect> boxes;
  for (int k = 0; k < kFrames; ++k) {
    boxes.push_back(TestPerson::FaceOf(k));
    coords.push_back({boxes.back().x, boxes.back().y, boxes.back().right(), boxes.back().bottom()});
  }
  WriteFaces(boxes, 168);
  Write("coords.pkl", Pickled(coords));
  StateDict state;
  state.emplace("somebody.elses.weight", Tensor(DType::kF32, {2, 2}));
  Must(WriteFileAtomically(At("ultralight.pth"), SerializePth(state).value()).ok(), At("ultralight.pth"));
  EXPECT_EQ(Import(), boxes);
  EXPECT_EQ(report_.layout, "Ultralight avatar of LiveTalking");
  EXPECT_EQ(report_.created.rects, "kept");
  EXPECT_FALSE(report_.created.has_generator);
  EXPECT_THAT(report_.lost, Contains(HasSubstr("ultralight.pth: neither a generator")));
}

TEST_F(ImportAvatarTest, MuseTalksFramesThereAndBackAreTakenOnceAndLostFacesGuessed) {
  WriteFrames(8);
  Write("latents.pt", "whatever");
  Write("coords.pkl", Pickled({{60, 20, 160, 140},
                               {0, 0, 0, 0},
                               {64, 22, 164, 142},
                               {70, 20, 170, 140},
                               {70, 20, 170, 140},
                               {64, 22, 164, 142},
                               {0, 0, 0, 0},
                               {60, 20, 160, 140}}));
  const auto rects = Import();
  ASSERT_EQ(rects.size(), 4U);
  EXPECT_EQ(rects[1], (Rect{62, 41, 100, 100}));  // between its neighbours
  EXPECT_EQ(report_.layout, "MuseTalk avatar");
  EXPECT_EQ(report_.created.interpolated, 1);
  EXPECT_THAT(report_.lost, Contains(HasSubstr("latents.pt")));
  EXPECT_THAT(report_.kept, Contains(HasSubstr("first half")));
}

TEST_F(ImportAvatarTest, TrainingTreesKeepLandmarksAndFeatures) {
  Must(MakeFolder(At("full_body_img")).ok(), At("full_body_img"));
  Must(MakeFolder(At("landmarks")).ok(), At("landmarks"));
  for (int k = 0; k < kFrames; ++k) {
    Must(WriteJpeg(At("full_body_img") / (std::to_string(k) + ".jpg"), TestPerson::Frame(k).view(), 95).ok(), folder_);
    std::string text;
    for (int point = 0; point < 110; ++point) {
      const Rect face = TestPerson::FaceOf(k);
      const int x = point == 1 ? face.x : point == 31 ? (k == 2 ? face.x : face.right()) : face.x + 50;
      text += std::to_string(x) + " " + std::to_string(point == 52 ? face.y : face.y + 20) + "\n";
    }
    Must(WriteFileAtomically(At("landmarks") / (std::to_string(k) + ".lms"), text).ok(), folder_);
  }
  Write("aud_hu.npy", "features");
  const auto rects = Import();
  ASSERT_EQ(rects.size(), 6U);
  EXPECT_EQ(rects[1], TestPerson::FaceOf(1));
  EXPECT_EQ(rects[2], TestPerson::FaceOf(2));  // its own landmarks make none: guessed
  EXPECT_EQ(report_.created.interpolated, 1);
  EXPECT_EQ(ReadTextFile(folder_ / "made" / "landmarks" / "5.lms").value(),
            ReadTextFile(At("landmarks") / "5.lms").value());
  EXPECT_EQ(ReadTextFile(folder_ / "made" / "aud_hu.npy").value(), "features");
}

TEST_F(ImportAvatarTest, OnePictureAndOneBoxAreEnough) {
  Must(WritePng(At("face.png"), TestPerson::Frame(0).view()).ok(), At("face.png"));
  Write("box.json", "[[60,20,180,150]]");
  request_.source = At("face.png");
  request_.boxes = At("box.json");
  EXPECT_EQ(Import(), (std::vector<Rect>{{60, 30, 120, 120}}));
  EXPECT_EQ(report_.layout, "pictures with boxes");
}

TEST_F(ImportAvatarTest, SaysInOneSentenceWhatDoesNotFit) {
  EXPECT_THAT(ImportError(), HasSubstr("nor is it a LiveTalking folder"));
  WriteFrames(2);
  Write("coords.pkl", Pickled({{10, 100, 10, 100}, {10, 100, 10, 100}, {10, 100, 10, 100}}));
  EXPECT_THAT(ImportError(), HasSubstr("there are 3 boxes and 2 frames"));
  Write("coords.pkl",
        "\x80\x04"
        "cos\nsystem\n(U\x02idtR.");
  EXPECT_THAT(ImportError(), HasSubstr("'os.system' is not allowed"));
  Write("coords.pkl", "(lp0\n.");
  EXPECT_THAT(ImportError(), HasSubstr("no pickle of protocol 2"));
  Write("coords.pkl", Pickled({{0, 0, 0, 0}, {0, 0, 0, 0}}));
  EXPECT_THAT(ImportError(), HasSubstr("no frame has a box"));
  Write("coords.pkl", Pickled({{100, 10, 10, 100}, {100, 10, 10, 100}}));
  EXPECT_THAT(ImportError(), HasSubstr("box 0: rect"));
  request_.source = At("coords.pkl");
  EXPECT_THAT(ImportError(), HasSubstr("--boxes"));
  request_.source = At("nothing");
  EXPECT_THAT(ImportError(), HasSubstr("does not exist"));
}

}  // namespace
}  // namespace lips

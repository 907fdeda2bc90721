#include "face/box_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "tensor/npy.h"

namespace lips {
namespace {

using ::testing::HasSubstr;
using std::string_literals::operator""s;
using Box = std::array<double, 4>;

class ReadBoxFileTest : public ::testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(file_); }
  Result<BoxFile> Read(std::string_view text, int64_t frames = 2) {
    EXPECT_TRUE(WriteFileAtomically(file_, text).ok());
    return ReadBoxFile(file_, frames);
  }
  std::string ErrorOf(std::string_view text, int64_t frames = 2) {
    const auto file = Read(text, frames);
    return file.ok() ? "no error" : file.error().message();
  }
  Path file_ = Path(::testing::TempDir()) / ("boxes_" + std::to_string(::getpid()));
};

TEST_F(ReadBoxFileTest, TellsPicklesArraysAndTextByTheirContents) {
  const auto rows = Read("\x80\x04]((K\x01K\x02K\x03K\x04t(K\x00K\x00K\x00K\x00tNe."s);
  ASSERT_TRUE(rows.ok()) << rows.error().message();
  ASSERT_EQ(rows.value().boxes.size(), 3U);
  EXPECT_EQ(rows.value().boxes[0], (Box{1, 2, 3, 4}));
  EXPECT_EQ(rows.value().boxes[1], std::nullopt);  // MuseTalk's way to say that there is no face
  EXPECT_EQ(rows.value().boxes[2], std::nullopt);
  EXPECT_EQ(rows.value().order, BoxOrder::kUnknown);

  ASSERT_TRUE(WriteNpy(file_, Tensor::Of<float>({2, 5}, std::vector<float>{1, 2, 3, 4, .9F, 5, 6, 7, 8, .8F})).ok());
  const auto array = ReadBoxFile(file_, 2);
  ASSERT_TRUE(array.ok()) << array.error().message();
  EXPECT_EQ(array.value().boxes[1], (Box{5, 6, 7, 8}));  // without the score

  const auto text = Read("10,20,30,50\n");
  ASSERT_TRUE(text.ok()) << text.error().message();
  EXPECT_EQ(text.value().boxes.at(1), (Box{10, 20, 30, 50}));
  EXPECT_EQ(text.value().order, BoxOrder::kX1Y1X2Y2);
}

TEST_F(ReadBoxFileTest, RefusesWhatIsNoBoxAndRunsNothing) {
  EXPECT_THAT(ErrorOf("\x80\x04"
                      "cos\nsystem\n."),
              HasSubstr("'os.system' is not allowed"));
  EXPECT_THAT(ErrorOf("\x80\x04](K\x01K\x02ta."), HasSubstr("has 2 numbers"));
  EXPECT_THAT(ErrorOf("\x80\x04]."), HasSubstr("holds no box"));
  EXPECT_THAT(ErrorOf("\x80\x04](G\x7f\xf8\x00\x00\x00\x00\x00\x00K\x01K\x01K\x01ta."s), HasSubstr("is none"));
  ASSERT_TRUE(WriteNpy(file_, Tensor(DType::kF32, {2, 3, 4})).ok());
  EXPECT_THAT(ReadBoxFile(file_, 2).error().message(), HasSubstr("[2,3,4]"));
  EXPECT_THAT(ErrorOf("[[1,2,3,4],[1,2,3,4]]", 3), HasSubstr("2 rectangles for 3 frames"));
}

TEST(GuessBoxOrder, FollowsFromBoxesThatFitOneWayOnly) {
  const auto guess = [](std::vector<std::optional<Box>> boxes) {
    return GuessBoxOrder({std::move(boxes), {}}, 640, 480);
  };
  EXPECT_EQ(guess({Box{100, 200, 180, 300}}).value(), BoxOrder::kUnknown);  // 80x100 one way, 120x100 the other
  EXPECT_EQ(guess({Box{100, 200, 180, 300}, Box{300, 100, 400, 220}}).value(), BoxOrder::kX1Y1X2Y2);
  EXPECT_EQ(guess({Box{200, 320, 80, 180}}).value(), BoxOrder::kY1Y2X1X2);
  EXPECT_THAT(guess({Box{100, 200, 180, 300}, Box{9, 1, 1, 9}}).error().message(), HasSubstr("box 1 is no face"));
}

}  // namespace
}  // namespace lips

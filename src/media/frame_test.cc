#include "media/frame.h"

#include <gtest/gtest.h>

namespace lips {
namespace {

TEST(ParseFrameRate, UnderstandsWholeDecimalAndFractionalRates) {
  EXPECT_EQ(ParseFrameRate("25").value(), (FrameRate{25, 1}));
  EXPECT_EQ(ParseFrameRate("50/2").value(), (FrameRate{25, 1}));
  EXPECT_EQ(ParseFrameRate("30000/1001").value(), (FrameRate{30000, 1001}));
  EXPECT_EQ(ParseFrameRate("29.97").value(), (FrameRate{30000, 1001}));
  EXPECT_EQ(ParseFrameRate("23.976").value(), (FrameRate{24000, 1001}));
  EXPECT_EQ(ParseFrameRate("59.94").value(), (FrameRate{60000, 1001}));
  EXPECT_EQ(ParseFrameRate("12.5").value(), (FrameRate{25, 2}));
  EXPECT_EQ(ParseFrameRate("240").value(), (FrameRate{240, 1}));
  EXPECT_EQ(ParseFrameRate("1").value(), (FrameRate{1, 1}));
}

TEST(ParseFrameRate, RefusesEverythingElse) {
  for (const char* text : {"",
                           "abc",
                           "25fps",
                           "25 ",
                           " 25",
                           "0",
                           "-25",
                           "241",
                           "1/2",
                           "25/0",
                           "0/25",
                           "25/",
                           "/25",
                           "1/0x2",
                           "nan",
                           "inf",
                           "1e2",
                           "99999999999999999999",
                           "2147483647/1",
                           "25/1/1",
                           "-25/-1"}) {
    auto fps = ParseFrameRate(text);
    ASSERT_FALSE(fps.ok()) << "'" << text << "' became " << fps.value().num << "/" << fps.value().den;
    EXPECT_EQ(fps.error().code(), ErrorCode::kInvalidInput);
  }
  EXPECT_EQ(ParseFrameRate("fast").error().message(),
            "'fast' is no frame rate; expected one like 25, 29.97 or 30000/1001");
}

}  // namespace
}  // namespace lips

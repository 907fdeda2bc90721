#include "talker/presence.h"

#include <gtest/gtest.h>

#include <cmath>

namespace lips {
namespace {

TEST(Presence, BeginsWithTheTemplateAndStaysThereInSilence) {
  Presence presence;
  for (int n = 0; n < 50; ++n) EXPECT_EQ(presence.Next(true, 25), 0);
}

TEST(Presence, IsThereBeforeAMouthOpensAndGoesSlowly) {
  for (const double fps : {24.0, 25.0, 29.97, 50.0, 60.0}) {
    Presence presence;
    int in = 0;
    float last = 0;
    for (float seen = 0; seen < 1; ++in) {
      seen = presence.Next(false, fps);
      EXPECT_GT(seen, last);
      last = seen;
    }
    EXPECT_NEAR(in / fps, 0.12, 1 / fps) << fps;
    EXPECT_EQ(presence.Next(false, fps), 1);
    int out = 0;
    for (float seen = 1; seen > 0; ++out) {
      seen = presence.Next(true, fps);
      EXPECT_LT(seen, last);
      last = seen;
    }
    EXPECT_EQ(out, Presence::FadeFrames(fps)) << fps;
    EXPECT_NEAR(out / fps, 0.32, 1 / fps) << fps;
  }
}

TEST(Presence, TurnsAroundWhereItIs) {
  Presence presence;
  for (int n = 0; n < 5; ++n) presence.Next(false, 25);
  float seen = 1;
  for (int n = 0; n < 4; ++n) seen = presence.Next(true, 25);
  EXPECT_NEAR(seen, 0.5, 1e-6);
  EXPECT_GT(presence.Next(false, 25), seen);
  for (int n = 0; n < 2; ++n) seen = presence.Next(false, 25);
  EXPECT_EQ(seen, 1);
}

TEST(Presence, AFrameASecondIsStillOneStep) {
  Presence presence;
  EXPECT_EQ(presence.Next(false, 1), 1);
  EXPECT_EQ(presence.Next(true, 1), 0);
}

}  // namespace
}  // namespace lips

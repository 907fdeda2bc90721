// What the program leaves on the machine of the person who ran it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "command.h"
#include "engine/session.h"
#include "tests/testdata/speech.h"
#include "tests/testdata/synthetic_avatar.h"

namespace lips::e2e {
namespace {

// ONNX Runtime's official builds send telemetry unless told otherwise; its first trace is an identifier in the cache.
TEST(Privacy, TheEngineKeepsNoIdentifierOfTheUser) {
  if (const auto version = OnnxRuntimeVersion(); !version.ok()) GTEST_SKIP() << version.error().message();
  const ScratchFolder folder;
  const Path audio = folder / "speech.wav";
  ASSERT_TRUE(testdata::WriteWav(audio, testdata::SynthesizeSpeech(0.5, 7).samples, 16000, 1).ok());
  // The names of its own process come through /usr/bin/env; this process has told the library already.
  const Outcome outcome =
      RunProgram("/usr/bin/env", {"-u", "ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME=" + folder.path().string(),
                                  LIPSTREAM_BINARY, "render", "--avatar", testdata::SyntheticAvatar(), "--audio", audio,
                                  "--engine", "ort", "-q", "-o", folder / "out.mp4"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(folder.Names(), ::testing::ElementsAre("lipstream", "out.mp4", "speech.wav"));
}

}  // namespace
}  // namespace lips::e2e

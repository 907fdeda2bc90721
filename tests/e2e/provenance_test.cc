// Signing and checking, as people do it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "command.h"
#include "tests/testdata/speech.h"
#include "tests/testdata/synthetic_avatar.h"

namespace lips::e2e {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ProvenanceRun : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"anna", "ben"}) {
      const Outcome made = RunProgram("/usr/bin/openssl", {"genpkey", "-algorithm", "ed25519", "-out", At(name)});
      if (made.exit_code != 0) GTEST_SKIP() << "the openssl program is not installed";
      ASSERT_EQ(
          RunProgram("/usr/bin/openssl", {"pkey", "-in", At(name), "-pubout", "-out", At(name) + ".pub"}).exit_code, 0);
    }
    const Path speech = folder / "speech.wav";
    ASSERT_TRUE(testdata::WriteWav(speech, testdata::SynthesizeSpeech(0.5, 7).samples, 16000, 1).ok());
    arguments = {"render",   "--avatar", testdata::SyntheticAvatar().string(), "--audio", speech.string(),
                 "--engine", "null"};
  }
  std::string At(const std::string& name) const { return (folder.path() / name).string(); }
  Outcome Render(std::vector<std::string> more) const {
    std::vector<std::string> all = arguments;
    all.insert(all.end(), more.begin(), more.end());
    return Lipstream(all);
  }
  Outcome Verify(std::vector<std::string> more = {}) const {
    std::vector<std::string> all = {"verify", "--provenance", At("talk.mp4")};
    all.insert(all.end(), more.begin(), more.end());
    return Lipstream(all);
  }

  const ScratchFolder folder;
  std::vector<std::string> arguments;
};

TEST_F(ProvenanceRun, WhatWasSignedIsVerifiedAndEveryChangeIsFound) {
  const Outcome rendered = Render({"-o", At("talk.mp4"), "--sign", At("anna"), "--consent", "Anna agreed"});
  ASSERT_EQ(rendered.exit_code, 0) << rendered.err;
  const Outcome good = Verify({"--key", At("anna.pub")});
  EXPECT_EQ(good.exit_code, 0) << good.err;
  EXPECT_THAT(good.out, AllOf(StartsWith("ok: made by lipstream "), HasSubstr("Anna agreed"), HasSubstr("talk.mp4"),
                              HasSubstr("it is the key expected")));
  const Outcome unknown = Verify();
  EXPECT_EQ(unknown.exit_code, 0);
  EXPECT_THAT(unknown.out, HasSubstr("the key came with the manifest"));
  const Outcome json = Verify({"--json"});
  EXPECT_TRUE(ParseJson(json.out).value().Find("ok")->as_bool());
  EXPECT_FALSE(ParseJson(json.out).value().Find("trusted")->as_bool());

  const auto problem = [](const Outcome& outcome) {
    EXPECT_EQ(outcome.exit_code, 3);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, AllOf(StartsWith("not verified: "), EndsWith("\n")));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    return outcome.err;
  };
  EXPECT_THAT(problem(Verify({"--key", At("ben.pub")})), HasSubstr("is signed with another key"));

  const std::string sidecar = At("talk.mp4.provenance.json");
  const std::string manifest = ReadTextFile(sidecar).value();
  std::string changed = manifest;
  changed.replace(changed.find("agreed"), 6, "AGREED");
  ASSERT_TRUE(WriteFileAtomically(sidecar, changed).ok());
  EXPECT_THAT(problem(Verify()), HasSubstr("manifest '" + sidecar + "' was changed after it was signed"));
  std::filesystem::remove(sidecar);
  EXPECT_THAT(problem(Verify()), HasSubstr("has no manifest"));

  ASSERT_TRUE(WriteFileAtomically(sidecar, manifest).ok());
  std::vector<uint8_t> video = ReadFile(At("talk.mp4")).value();
  video[video.size() / 2] ^= 1;
  ASSERT_TRUE(WriteFileAtomically(At("talk.mp4"), video).ok());
  EXPECT_THAT(problem(Verify({"--key", At("anna.pub")})), HasSubstr("talk.mp4' was changed after it was signed"));
}

TEST_F(ProvenanceRun, MistakesAreFoundBeforeTheRender) {
  const Outcome nothing = Render({"-o", At("talk.mp4"), "--sign", At("nobody")});
  EXPECT_EQ(nothing.exit_code, 1);
  EXPECT_FALSE(std::filesystem::exists(At("talk.mp4")));
  const Outcome pictures = Render({"--frames", At("pictures"), "--sign", At("anna")});
  EXPECT_EQ(pictures.exit_code, 1);
  EXPECT_THAT(pictures.err, HasSubstr("cannot be signed"));
  EXPECT_EQ(Render({"-o", At("talk.mp4"), "--consent", "yes"}).exit_code, 2);
  EXPECT_EQ(Lipstream({"verify", "--provenance"}).exit_code, 2);
  EXPECT_EQ(Verify().exit_code, 1);  // there is no video
}

TEST_F(ProvenanceRun, FlagsOfTransparencyAndLabelsSayWhatIsWrong) {
  EXPECT_EQ(Render({"-o", At("a.mp4"), "--key-colour", "#12"}).exit_code, 1);
  EXPECT_EQ(Render({"-o", At("a.mp4"), "--key-softness", "0.5"}).exit_code, 2);
  EXPECT_EQ(Render({"-o", At("a.mp4"), "--no-alpha", "--key-colour", "green"}).exit_code, 2);
  EXPECT_EQ(Render({"-o", At("a.mp4"), "--label", "AI", "--label-position", "middle"}).exit_code, 2);
  const Outcome keyed = Render({"-o", At("a.mp4"), "--key-colour", "green"});
  EXPECT_EQ(keyed.exit_code, 1);
  EXPECT_THAT(keyed.err, HasSubstr("h264 video has no alpha; expected prores"));
  EXPECT_FALSE(std::filesystem::exists(At("a.mp4")));
}

}  // namespace
}  // namespace lips::e2e

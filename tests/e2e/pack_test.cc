// A pack stands for its folder everywhere, to the bit, and never shows a damaged picture.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/json.h"
#include "base/sha256.h"
#include "command.h"
#include "tests/testdata/synthetic_avatar.h"

namespace lips::e2e {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Outcome Pack(const Path& output, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {"avatar", "pack", testdata::SyntheticAvatar(), "-o", output, "--date", "today"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return Lipstream(arguments);
}

Json Render(const Path& avatar, const Path& output, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {"render",     "--avatar", avatar, "--audio", testdata::SyntheticSpeech(),
                                        "--duration", "2",        "-o",   output,    "--json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const Outcome outcome = Lipstream(arguments);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  return outcome.exit_code == 0 ? ParseJson(outcome.out).value() : Json();
}

TEST(Pack, RendersWhatTheFolderRenders) {
  const ScratchFolder folder;
  const Path pack = folder / "drawn.lips";
  ASSERT_EQ(Pack(pack).exit_code, 0);
  for (const std::string inputs : {"package", "derived"}) {
    Render(testdata::SyntheticAvatar(), folder / "folder.mp4", {"--inputs", inputs});
    Render(pack, folder / "pack.mp4", {"--inputs", inputs});
    EXPECT_EQ(Sha256OfFile(folder / "pack.mp4").value(), Sha256OfFile(folder / "folder.mp4").value()) << inputs;
  }
  EXPECT_EQ(Lipstream({"avatar", "check", pack}).exit_code, 0);
  EXPECT_THAT(Lipstream({"avatar", "info", pack}).out, HasSubstr("packed by"));
  ASSERT_EQ(Pack(folder / "again.lips").exit_code, 0);
  EXPECT_EQ(Sha256OfFile(folder / "again.lips").value(), Sha256OfFile(pack).value()) << "equal dates, equal bytes";
}

TEST(Pack, TheNetworkInItIsUsedAndDamageToItIsNamed) {
  const ScratchFolder folder;
  const Path pack = folder / "drawn.lips";
  const Outcome packed = Pack(pack, {"--precision", "f32", "--json"});
  ASSERT_EQ(packed.exit_code, 0) << packed.err;
  EXPECT_GT(ParseJson(packed.out).value().Find("network_bytes")->as_int(), 0);
  const std::vector<std::string> more = {"--precision", "f32"};
  const Json from_folder = Render(testdata::SyntheticAvatar(), folder / "folder.mp4", more);
  const Json from_pack = Render(pack, folder / "pack.mp4", more);
  EXPECT_EQ(from_pack.Find("engine")->as_string(), from_folder.Find("engine")->as_string());
  EXPECT_EQ(Sha256OfFile(folder / "pack.mp4").value(), Sha256OfFile(folder / "folder.mp4").value());
  auto damaged = ReadFile(pack).value();
  damaged[5000] ^= 1;  // the network comes first in the file
  ASSERT_TRUE(WriteFileAtomically(pack, damaged).ok());
  const Outcome outcome = Lipstream({"render", "--avatar", pack, "--audio", testdata::SyntheticSpeech(), "--precision",
                                     "f32", "-o", folder / "out.mp4"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("engine/cpu/"));
}

// The demo's person has no features of her own, so that 8 bits are calibrated with sound through her audio encoder;
// pack and folder do so each for themselves, with nothing remembered.
TEST(Pack, RendersIn8BitsWhatTheFolderRenders) {
  const ScratchFolder folder;
  const char* usual = std::getenv("XDG_CACHE_HOME");
  const std::string kept_cache = usual != nullptr ? usual : "";
  const auto remember_in = [&](const char* name) { ::setenv("XDG_CACHE_HOME", (folder / name).c_str(), 1); };
  const Path person = folder / "person";
  ASSERT_EQ(Lipstream({"avatar", "demo", "-o", person, "--seconds", "0.4", "--size", "480x270"}).exit_code, 0);
  const std::vector<std::string> more = {"--precision", "int8", "--engine", "cpu"};
  remember_in("first");
  const Outcome packed = Lipstream({"avatar", "pack", person, "-o", folder / "person.lips", "--precision", "int8"});
  ASSERT_EQ(packed.exit_code, 0) << packed.err;
  remember_in("second");
  const Json from_folder = Render(person, folder / "folder.mp4", more);
  remember_in("third");
  const Json from_pack = Render(folder / "person.lips", folder / "pack.mp4", more);
  ::setenv("XDG_CACHE_HOME", kept_cache.c_str(), 1);
  EXPECT_THAT(from_folder.Find("engine")->as_string(), HasSubstr("int8"));
  EXPECT_EQ(from_pack.Find("engine")->as_string(), from_folder.Find("engine")->as_string());
  EXPECT_EQ(Sha256OfFile(folder / "pack.mp4").value(), Sha256OfFile(folder / "folder.mp4").value());
}

TEST(Pack, TemplatesInItAreUsedAndGiveTheSameBytes) {
  const ScratchFolder folder;
  const Path pack = folder / "drawn.lips";
  ASSERT_EQ(Pack(pack, {"--features", "1", "--engine", "null"}).exit_code, 0);
  Render(testdata::SyntheticAvatar(), folder / "folder.mp4", {"--engine", "null"});
  const Json report = Render(pack, folder / "pack.mp4", {"--engine", "null"});
  EXPECT_EQ(report.Find("template_cache")->Find("from_pack")->as_int(), 30);
  EXPECT_EQ(report.Find("template_cache")->Find("misses")->as_int(), 0);
  EXPECT_EQ(Sha256OfFile(folder / "pack.mp4").value(), Sha256OfFile(folder / "folder.mp4").value());
  const Json other = Render(pack, folder / "other.mp4", {"--engine", "null", "--rectangles", "package"});
  EXPECT_EQ(other.Find("template_cache")->Find("from_pack")->as_int(), 0) << "they are of other pictures";
}

TEST(Pack, DamageIsNamedAndBecomesNoVideo) {
  const ScratchFolder folder;
  const Path pack = folder / "drawn.lips";
  ASSERT_EQ(Pack(pack, {"--features", "1", "--engine", "null"}).exit_code, 0);
  const auto sound = ReadFile(pack).value();
  // The templates come first in the file, from byte 4096 on.
  for (const size_t at : {size_t{20}, size_t{5000}, sound.size() - 10}) {
    auto damaged = sound;
    damaged[at] ^= 1;
    ASSERT_TRUE(WriteFileAtomically(pack, damaged).ok());
    const Outcome outcome = Lipstream({"render", "--avatar", pack, "--audio", testdata::SyntheticSpeech(), "--engine",
                                       "null", "-o", folder / "out.mp4"});
    EXPECT_EQ(outcome.exit_code, 1) << at;
    EXPECT_THAT(outcome.err, HasSubstr("drawn.lips"));
    EXPECT_NE(Lipstream({"avatar", "check", pack}).exit_code, 0) << at;
    EXPECT_THAT(folder.Names(), ElementsAre("drawn.lips"));
  }
}

TEST(Pack, APackOfAPackIsRefused) {
  const ScratchFolder folder;
  ASSERT_EQ(Pack(folder / "a.lips").exit_code, 0);
  const Outcome again = Lipstream({"avatar", "pack", folder / "a.lips", "-o", folder / "b.lips"});
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_THAT(again.err, HasSubstr("is a pack already"));
  EXPECT_THAT(folder.Names(), ElementsAre("a.lips"));
}

}  // namespace
}  // namespace lips::e2e

// lipstream serve and its clients as users run them: processes that talk over a socket of this machine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <thread>

#include "client/server_address.h"
#include "command.h"
#include "media/audio_reader.h"
#include "media/video_reader.h"
#include "tests/testdata/speech.h"
#include "tests/testdata/synthetic_avatar.h"

namespace lips::e2e {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

// "http://localhost:41234"
std::string UrlOf(const BackgroundProgram& server) {
  const size_t at = server.printed().find("http");
  return server.printed().substr(at, server.printed().find("/\n", at) - at);
}

double MeanLumaDifference(ConstYuvView a, ConstYuvView b) {
  if (a.width() != b.width() || a.height() != b.height()) return 255;
  double sum = 0;
  for (int y = 0; y < a.height(); ++y) {
    for (int x = 0; x < a.width(); ++x) sum += std::abs(a.y.Row(y)[x] - b.y.Row(y)[x]);
  }
  return sum / (static_cast<double>(a.width()) * a.height());
}

std::vector<std::string> Quick() {
  return {"serve",  "--avatars",   testdata::SyntheticAvatar().string(),
          "--port", "0",           "--engine",
          "null",   "--admit-all", "--drain-seconds",
          "2"};
}

TEST(Serve, SaysAFileThroughAServerAndEndsOnASignal) {
  const ScratchFolder folder;
  ASSERT_TRUE(testdata::WriteWav(folder / "speech.wav", testdata::SynthesizeSpeech(3.0, 5).samples, 16000, 1).ok());
  BackgroundProgram server(Quick());
  ASSERT_TRUE(server.Prints("ready")) << server.printed();
  ASSERT_TRUE(server.Prints("page: "));

  const Outcome said = Lipstream({"say", "--server", UrlOf(server), (folder / "speech.wav").string(), "-o",
                                  (folder / "out.mp4").string(), "--json"});
  ASSERT_EQ(said.exit_code, 0) << said.err;
  const Json report = ParseJson(said.out).value();
  constexpr int64_t kFrames = 74;  // of three seconds, as render makes them
  EXPECT_EQ(report.Find("frames")->as_int(), kFrames) << said.out;
  EXPECT_EQ(report.Find("frames_dropped")->as_int(), 0) << said.out;
  auto video = VideoReader::Open(folder / "out.mp4");
  ASSERT_TRUE(video.ok()) << video.error().message();
  EXPECT_EQ(video.value().info().frames, kFrames);
  EXPECT_EQ(video.value().info().width, 480);
  EXPECT_TRUE(HasSound(folder / "out.mp4").value());

  for (const char* mode : {"patch", "jpeg", "fmp4"}) {
    const Path path = folder / (std::string(mode) + ".mp4").c_str();
    const Outcome other = Lipstream({"say", "--server", UrlOf(server), "--mode", mode, (folder / "speech.wav").string(),
                                     "-o", path.string(), "--json"});
    ASSERT_EQ(other.exit_code, 0) << mode << other.err;
    EXPECT_EQ(ParseJson(other.out).value().Find("frames")->as_int(), kFrames) << mode << other.out;
    auto made = VideoReader::Open(path);
    ASSERT_TRUE(made.ok()) << made.error().message();
    EXPECT_LE(std::abs(made.value().info().frames - kFrames), 1)
        << mode;  // what is drawn anew lasts as long as the sound
    EXPECT_TRUE(HasSound(path).value()) << mode;
    YuvImage drawn, coded;
    ASSERT_TRUE(made.value().Seek(40).ok() && made.value().Read(drawn).ok()) << mode;
    ASSERT_TRUE(video.value().Seek(40).ok() && video.value().Read(coded).ok());
    EXPECT_LT(MeanLumaDifference(drawn.view(), coded.view()), 3) << mode;
  }

  const Outcome bench = Lipstream(
      {"bench", "--live", "2", "--server", UrlOf(server), "--seconds", "3", "--interrupt-every", "1", "--json"});
  ASSERT_EQ(bench.exit_code, 0) << bench.err << bench.out;
  const Json live = *ParseJson(bench.out).value().Find("live");
  EXPECT_EQ(live.Find("connected")->as_int(), 2) << bench.out;
  EXPECT_GT(live.Find("frames")->as_int(), 0) << bench.out;
  EXPECT_EQ(live.Find("violations")->as_int(), 0) << bench.out;
  EXPECT_GT(live.Find("interrupts")->as_int(), 0) << bench.out;
  EXPECT_GT(live.Find("server")->Find("rss_bytes")->as_int(), 0);

  EXPECT_EQ(server.End(), 0);
}

TEST(Serve, GivesEverythingBackAndEndsInTimeWithSessionsOpen) {
  std::vector<std::string> arguments = Quick();
  arguments.insert(arguments.end(), {"--connect-rate", "0", "--resume-seconds", "1"});
  BackgroundProgram server(arguments);
  ASSERT_TRUE(server.Prints("ready") && server.Prints("page: ")) << server.printed();
  const Outcome bench = Lipstream({"bench", "--churn", "40", "--server", UrlOf(server), "--json"});
  ASSERT_EQ(bench.exit_code, 0) << bench.err << bench.out;
  const Json churn = *ParseJson(bench.out).value().Find("churn");
  EXPECT_EQ(churn.Find("connects")->as_int(), 40);
  EXPECT_EQ(churn.Find("aborted")->as_int(), 20);
  EXPECT_EQ(churn.Find("sessions_left")->as_int(), 0);
  EXPECT_EQ(churn.Find("connections_left")->as_int(), 0);
  EXPECT_EQ(churn.Find("fds_after")->as_int(), churn.Find("fds_before")->as_int());
  EXPECT_LT(churn.Find("rss_growth_bytes")->as_int(), 16 << 20) << "50 went before, so nothing is new";

  BackgroundProgram load({"bench", "--live", "4", "--server", UrlOf(server), "--seconds", "60", "--json"});
  std::string metrics;
  const ServerAddress address = ParseServerUrl(UrlOf(server), std::nullopt).value();
  constexpr const char* kAll = "lipsync_sessions{state=\"speaking\"} 4";
  for (int i = 0; i < 600 && metrics.find(kAll) == std::string::npos; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    FetchRequest ask;
    ask.target = "/metrics";
    const auto answer = FetchNow(address, ask);
    if (answer.ok()) metrics = answer.value().text();
  }
  ASSERT_THAT(metrics, HasSubstr(kAll));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(server.End(), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
  load.End(0);
  EXPECT_THAT(load.printed(), HasSubstr("\"lost\""));
}

TEST(Say, NamesWhatIsWrong) {
  const ScratchFolder folder;
  const std::string out = (folder / "out.mp4").string();
  const std::string speech = testdata::SyntheticSpeech().string();
  const Outcome nobody = Lipstream({"say", "--server", "http://127.0.0.1:1", speech, "-o", out});
  EXPECT_EQ(nobody.exit_code, 1);
  EXPECT_THAT(nobody.err, HasSubstr("error: cannot connect to 127.0.0.1 port 1"));
  EXPECT_THAT(Lipstream({"say", "--server", "localhost", speech, "-o", out}).err, HasSubstr("no server address"));
  EXPECT_THAT(Lipstream({"say", (folder / "none.wav").string(), "-o", out}).err, HasSubstr("none.wav"));
  EXPECT_TRUE(folder.Names().empty());
}

TEST(Serve, RefusesUnknownAvatarsToClients) {
  const ScratchFolder folder;
  BackgroundProgram server(Quick());
  ASSERT_TRUE(server.Prints("ready")) << server.printed();
  const Outcome said = Lipstream({"say", "--server", UrlOf(server), "--avatar", "nobody",
                                  testdata::SyntheticSpeech().string(), "-o", (folder / "out.mp4").string()});
  EXPECT_EQ(said.exit_code, 1);
  EXPECT_THAT(said.err, HasSubstr("404"));
  EXPECT_THAT(said.err, HasSubstr("no such avatar"));
}

TEST(Serve, ChecksItsConfiguration) {
  const ScratchFolder folder;
  const std::string avatar = testdata::SyntheticAvatar().string();
  const auto check = [&](const std::string& json, std::vector<std::string> more = {}) {
    EXPECT_TRUE(WriteFileAtomically(folder / "serve.json", json).ok());
    more.insert(more.begin(), {"serve", "--config", (folder / "serve.json").string(), "--check-config"});
    return Lipstream(more);
  };
  const Outcome good = check(R"({"port":9000})", {"--avatars", avatar});
  EXPECT_EQ(good.exit_code, 0) << good.err;
  EXPECT_THAT(good.out, HasSubstr("in order: 1 avatar"));
  const Outcome typo = check(R"({"prt":9000})", {"--avatars", avatar});
  EXPECT_EQ(typo.exit_code, 1);
  EXPECT_THAT(typo.err, HasSubstr("unknown key 'prt' (did you mean 'port'?)"));
  EXPECT_THAT(check("{}").err, HasSubstr("--avatars"));
  EXPECT_THAT(check("{}", {"--avatars", avatar, "--bind", "0.0.0.0"}).err, HasSubstr("needs a token"));
  EXPECT_THAT(check("{}", {"--avatars", folder.path().string()}).err, HasSubstr("is no avatar and holds none"));
  EXPECT_THAT(check("{}", {"--avatars", avatar, "--engine", "warp"}).err, ContainsRegex("error: .*warp"));
}

TEST(Serve, SaysSoWhenNoAvatarCanBeUsed) {
  const ScratchFolder folder;
  std::filesystem::copy(testdata::SyntheticAvatar(), folder / "anna", std::filesystem::copy_options::recursive);
  std::filesystem::resize_file(folder.path() / "anna" / "cache" / "crop_rectangles.json", 10);
  const Outcome served =
      Lipstream({"serve", "--avatars", (folder / "anna").string(), "--port", "0", "--engine", "null"});
  EXPECT_EQ(served.exit_code, 1);
  EXPECT_THAT(served.err, HasSubstr("crop_rectangles.json"));
}

}  // namespace
}  // namespace lips::e2e

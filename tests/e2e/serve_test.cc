// lipstream serve and its clients as users run them: processes that talk over a socket of this machine.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>

#include "command.h"
#include "media/audio_reader.h"
#include "media/video_reader.h"
#include "tests/testdata/speech.h"
#include "tests/testdata/synthetic_avatar.h"

namespace lips::e2e {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

// `lipstream serve` in the background, ended with the object.
class RunningServer {
 public:
  explicit RunningServer(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "serve");
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      std::vector<char*> argv = {const_cast<char*>(LIPSTREAM_BINARY)};
      for (std::string& argument : arguments) argv.push_back(argument.data());
      argv.push_back(nullptr);
      ::execv(LIPSTREAM_BINARY, argv.data());
      ::_exit(127);
    }
    ::close(ends[1]);
    out_ = ends[0];
  }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;
  ~RunningServer() {
    if (child_ > 0) Terminate();
    ::close(out_);
  }

  // Whether it prints `text` within a minute.
  bool Prints(const std::string& text) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (printed_.find(text) == std::string::npos && std::chrono::steady_clock::now() < deadline) {
      pollfd fd = {out_, POLLIN, 0};
      if (::poll(&fd, 1, 100) <= 0) continue;
      char buffer[1024];
      const ssize_t n = ::read(out_, buffer, sizeof(buffer));
      if (n <= 0) break;
      printed_.append(buffer, static_cast<size_t>(n));
    }
    return printed_.find(text) != std::string::npos;
  }
  // "http://localhost:41234"
  std::string url() const {
    const size_t at = printed_.find("http");
    return printed_.substr(at, printed_.find("/\n", at) - at);
  }
  // SIGTERM; the exit code.
  int Terminate() {
    ::kill(child_, SIGTERM);
    int status = 0;
    ::waitpid(child_, &status, 0);
    child_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  const std::string& printed() const { return printed_; }

 private:
  pid_t child_ = -1;
  int out_ = -1;
  std::string printed_;
};

std::vector<std::string> Quick() {
  return {"--avatars",
          testdata::SyntheticAvatar().string(),
          "--port",
          "0",
          "--engine",
          "null",
          "--admit-all",
          "--drain-seconds",
          "2"};
}

TEST(Serve, SaysAFileThroughAServerAndEndsOnASignal) {
  const ScratchFolder folder;
  ASSERT_TRUE(testdata::WriteWav(folder / "speech.wav", testdata::SynthesizeSpeech(3.0, 5).samples, 16000, 1).ok());
  RunningServer server(Quick());
  ASSERT_TRUE(server.Prints("ready")) << server.printed();
  ASSERT_TRUE(server.Prints("page: "));

  const Outcome said = Lipstream({"say", "--server", server.url(), (folder / "speech.wav").string(), "-o",
                                  (folder / "out.mp4").string(), "--json"});
  ASSERT_EQ(said.exit_code, 0) << said.err;
  const Json report = ParseJson(said.out).value();
  // All 75 on an idle machine; a busy one leaves out what would come late.
  const int64_t frames = report.Find("frames")->as_int();
  EXPECT_GT(frames, 0) << said.out;
  EXPECT_LE(frames, 75) << said.out;
  auto video = VideoReader::Open(folder / "out.mp4");
  ASSERT_TRUE(video.ok()) << video.error().message();
  EXPECT_EQ(video.value().info().frames, frames);
  EXPECT_EQ(video.value().info().width, 480);
  EXPECT_TRUE(HasSound(folder / "out.mp4").value());

  const Outcome bench = Lipstream(
      {"bench", "--live", "2", "--server", server.url(), "--seconds", "3", "--interrupt-every", "1", "--json"});
  ASSERT_EQ(bench.exit_code, 0) << bench.err << bench.out;
  const Json live = *ParseJson(bench.out).value().Find("live");
  EXPECT_EQ(live.Find("connected")->as_int(), 2) << bench.out;
  EXPECT_GT(live.Find("frames")->as_int(), 0) << bench.out;
  EXPECT_EQ(live.Find("violations")->as_int(), 0) << bench.out;
  EXPECT_GT(live.Find("interrupts")->as_int(), 0) << bench.out;
  EXPECT_GT(live.Find("server")->Find("rss_bytes")->as_int(), 0);

  EXPECT_EQ(server.Terminate(), 0);
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
  RunningServer server(Quick());
  ASSERT_TRUE(server.Prints("ready")) << server.printed();
  const Outcome said = Lipstream({"say", "--server", server.url(), "--avatar", "nobody",
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

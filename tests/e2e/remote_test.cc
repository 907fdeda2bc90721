// A render whose network runs in another process, as two hosts would do it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "command.h"
#include "media/video_reader.h"
#include "tests/testdata/speech.h"
#include "tests/testdata/synthetic_avatar.h"

namespace lips::e2e {
namespace {

using ::testing::HasSubstr;

constexpr int kFrames = 249;  // of ten seconds: docs/formats.md

class RemoteRender : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(testdata::WriteWav(folder_ / "speech.wav", testdata::SynthesizeSpeech(10.0, 5).samples, 16000, 1).ok());
  }

  static std::vector<std::string> Generator(const std::string& port) {
    return {"serve",       "--role", "generator", "--avatars", testdata::SyntheticAvatar().string(), "--port", port,
            "--precision", "f32",    "--threads", "1"};
  }
  // Where it listens: "127.0.0.1:41234".
  static std::string AddressOf(BackgroundProgram& generator) {
    EXPECT_TRUE(generator.Prints(", ready; ")) << generator.printed();
    const size_t at = generator.printed().find("127.0.0.1:");
    return generator.printed().substr(at, generator.printed().find(',', at) - at);
  }
  std::vector<std::string> Arguments(const std::string& engine, const char* output) const {
    return {"render",
            "--avatar",
            testdata::SyntheticAvatar().string(),
            "--audio",
            folder_ / "speech.wav",
            "-o",
            folder_ / output,
            "--preset",
            "ultrafast",
            "--threads",
            "1",
            "--engine",
            engine};
  }
  // Waits until the render has begun its output, which is after it met its generator.
  bool HasBegun(size_t names_before) const {
    for (int i = 0; i < 3000; ++i) {
      if (folder_.Names().size() > names_before) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  void ExpectSamePictures(const char* one, const char* other) const {
    auto a = VideoReader::Open(folder_ / one), b = VideoReader::Open(folder_ / other);
    ASSERT_TRUE(a.ok() && b.ok());
    YuvImage left, right;
    int frames = 0;
    for (; a.value().Read(left).ok(); ++frames) {
      ASSERT_TRUE(b.value().Read(right).ok()) << "frame " << frames;
      ASSERT_TRUE(SamePixels(left.view(), right.view())) << "frame " << frames;
    }
    EXPECT_FALSE(b.value().Read(right).ok());
    EXPECT_EQ(frames, kFrames);
  }
  static bool SamePixels(ConstYuvView a, ConstYuvView b) {
    const auto same = [](ConstPlaneView one, ConstPlaneView other) {
      if (one.width != other.width || one.height != other.height) return false;
      for (int y = 0; y < one.height; ++y) {
        if (!std::equal(one.Row(y), one.Row(y) + one.width, other.Row(y))) return false;
      }
      return true;
    };
    return same(a.y, b.y) && same(a.u, b.u) && same(a.v, b.v);
  }

  ScratchFolder folder_;
};

TEST_F(RemoteRender, EqualsALocalOneBitForBitAlsoWhenItsGeneratorIsRestarted) {
  auto local = Arguments("cpu", "local.mp4");
  local.insert(local.end(), {"--precision", "f32"});
  const Outcome rendered = Lipstream(local);
  ASSERT_EQ(rendered.exit_code, 0) << rendered.err;

  auto generator = std::make_unique<BackgroundProgram>(Generator("0"));
  const std::string address = AddressOf(*generator);
  const Outcome remote = Lipstream(Arguments("remote=" + address, "remote.mp4"));
  ASSERT_EQ(remote.exit_code, 0) << remote.err;
  EXPECT_THAT(remote.out, HasSubstr("engine remote " + address));
  ExpectSamePictures("local.mp4", "remote.mp4");

  const size_t names = folder_.Names().size();
  BackgroundProgram interrupted(Arguments("remote=" + address, "restart.mp4"));
  ASSERT_TRUE(HasBegun(names)) << interrupted.printed();
  EXPECT_EQ(generator->End(SIGKILL), 128 + SIGKILL);
  generator = std::make_unique<BackgroundProgram>(Generator(address.substr(address.find(':') + 1)));
  EXPECT_EQ(interrupted.End(0), 0) << interrupted.printed();
  EXPECT_THAT(interrupted.printed(), HasSubstr("remote generator lost"));
  ExpectSamePictures("local.mp4", "restart.mp4");
  EXPECT_EQ(generator->End(), 0) << "a signal ends it in order";
}

TEST_F(RemoteRender, SaysWhatIsWrongWithItsGenerator) {
  BackgroundProgram generator(Generator("0"));
  const std::string address = AddressOf(generator);
  const Outcome whole = [&] {
    auto arguments = Arguments("remote=" + address, "whole.mp4");
    arguments.insert(arguments.end(), {"--composite", "compatible"});
    return Lipstream(arguments);
  }();
  EXPECT_EQ(whole.exit_code, 1);
  EXPECT_THAT(whole.err, HasSubstr("start it with --composite compatible"));

  const size_t names = folder_.Names().size();
  BackgroundProgram orphan(Arguments("remote=" + address, "orphan.mp4"));
  ASSERT_TRUE(HasBegun(names)) << orphan.printed();
  generator.End(SIGKILL);
  EXPECT_EQ(orphan.End(0), 1);
  EXPECT_THAT(orphan.printed(), HasSubstr("remote generator " + address + ": lost, and not found again in 10000 ms: "));
  EXPECT_EQ(folder_.Names().size(), names) << "no half a video";

  const Outcome nobody = Lipstream(Arguments("remote=" + address, "none.mp4"));
  EXPECT_EQ(nobody.exit_code, 1);
  EXPECT_THAT(nobody.err, HasSubstr("error: remote generator: cannot reach " + address + ": Connection refused"));
  EXPECT_THAT(Lipstream(Arguments("remote=here", "none.mp4")).err,
              HasSubstr("'here' is no address; expected HOST:PORT"));
  const Outcome elsewhere = Lipstream({"model", "check", "x.onnx", "--engine", "remote=" + address});
  EXPECT_NE(elsewhere.exit_code, 0);
  const auto refused = [](std::vector<std::string> more) {
    more.insert(more.begin(), {"serve", "--role", "generator", "--avatars", testdata::SyntheticAvatar().string()});
    return Lipstream(more).err;
  };
  EXPECT_THAT(refused({"--bind", "0.0.0.0"}), HasSubstr("needs --insecure"));
  EXPECT_THAT(refused({"--api-key", "key"}), HasSubstr("leave those settings out"));
  EXPECT_THAT(refused({"--engine", "remote=" + address}), HasSubstr("this command runs its networks itself"));
}

}  // namespace
}  // namespace lips::e2e

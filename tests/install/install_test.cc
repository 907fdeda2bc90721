// The product installed into an empty prefix and used from there, by programs that know nothing of the source tree.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "media/video_reader.h"
#include "tests/e2e/command.h"
#include "tests/testdata/speech.h"
#include "tests/testdata/synthetic_avatar.h"

namespace lips::e2e {
namespace {

using ::testing::HasSubstr;

// `command` of a shell.
Outcome Shell(const std::string& command) { return RunProgram("/bin/sh", {"-c", command}); }

std::string Quoted(const Path& path) { return "'" + path.string() + "'"; }

class Installed : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new ScratchFolder();
    const Outcome outcome =
        RunProgram(LIPSTREAM_CMAKE, {"--install", LIPSTREAM_BUILD_FOLDER, "--prefix", Prefix().string()});
    installed_ = outcome.exit_code == 0;
    EXPECT_TRUE(installed_) << outcome.out << outcome.err;
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }
  void SetUp() override { ASSERT_TRUE(installed_); }

  static Path Prefix() { return *folder_ / "prefix"; }
  static Path In(const char* name) { return *folder_ / name; }
  // The folder of the installed library: lib, or lib/x86_64-linux-gnu.
  static Path LibraryFolder() {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(Prefix())) {
      if (entry.path().filename() == "liblipstream.so") return entry.path().parent_path();
    }
    return {};
  }
  static std::string WithLibrary(const std::string& command) {
    return "LD_LIBRARY_PATH=" + Quoted(LibraryFolder()) + " " + command;
  }
  // Two seconds of speech, 16 bits, mono.
  static Path Speech() {
    const Path path = In("speech.wav");
    EXPECT_TRUE(testdata::WriteWav(path, testdata::SynthesizeSpeech(2.0, 3).samples, 16000, 1).ok());
    return path;
  }

 private:
  static ScratchFolder* folder_;
  static bool installed_;
};
ScratchFolder* Installed::folder_ = nullptr;
bool Installed::installed_ = false;

TEST_F(Installed, TheLibraryShowsNothingButItsHeadersFunctions) {
  const Outcome symbols = Shell("nm -D --defined-only " + Quoted(LibraryFolder() / "liblipstream.so"));
  ASSERT_EQ(symbols.exit_code, 0) << symbols.err;
  const std::string header = ReadTextFile(Prefix() / "include" / "lipstream.h").value();
  std::istringstream lines(symbols.out);
  int functions = 0;
  for (std::string address, kind, name; lines >> address >> kind >> name;) {
    if (kind == "A") continue;  // the version's own name
    name = name.substr(0, name.find('@'));
    EXPECT_EQ(name.rfind("lips_", 0), 0u) << name << " is exported";
    EXPECT_THAT(header, HasSubstr(" " + name + "(")) << name << " is not declared";
    ++functions;
  }
  const auto declared = [&header] {
    int count = 0;
    for (size_t at = 0; (at = header.find("\nLIPS_API ", at)) != std::string::npos; ++at) ++count;
    return count;
  };
  EXPECT_EQ(functions, declared());
  EXPECT_GT(functions, 20);
}

TEST_F(Installed, TheHeaderIsCAndCppOfAnyAge) {
  const std::string source = Quoted(In("header.c"));
  ASSERT_TRUE(WriteFileAtomically(In("header.c"), std::string("#include <lipstream.h>\n#include <lipstream.h>\n"
                                                              "int main(void) { return lips_abi() - LIPS_ABI; }\n"))
                  .ok());
  const std::string flags = " -Wall -Wextra -Wpedantic -Wconversion -Werror -I " + Quoted(Prefix() / "include") + " ";
  const std::string link = " " + source + " -L " + Quoted(LibraryFolder()) + " -llipstream -o ";
  for (const char* compiler : {"cc -std=c99", "cc -std=c11", "c++ -x c++ -std=c++11", "c++ -x c++ -std=c++20"}) {
    const Outcome built = Shell(compiler + flags + link + Quoted(In("header")));
    ASSERT_EQ(built.exit_code, 0) << compiler << "\n" << built.err;
    EXPECT_EQ(Shell(WithLibrary(Quoted(In("header")))).exit_code, 0);
  }
}

TEST_F(Installed, TheCExamplesBuildByTheCMakePackageAndSpeak) {
  const std::string build = Quoted(In("example_build"));
  const Outcome built = Shell(LIPSTREAM_CMAKE " -S '" LIPSTREAM_EXAMPLES "/c' -B " + build +
                              " -D CMAKE_PREFIX_PATH=" + Quoted(Prefix()) + " && " LIPSTREAM_CMAKE " --build " + build);
  ASSERT_EQ(built.exit_code, 0) << built.out << built.err;
  const std::string arguments = " " + Quoted(testdata::SyntheticAvatar()) + " " + Quoted(Speech()) + " ";
  const Outcome rendered = Shell(Quoted(In("example_build") / "render") + arguments + Quoted(In("a.mp4")));
  EXPECT_EQ(rendered.exit_code, 0) << rendered.err;
  EXPECT_THAT(rendered.out, HasSubstr("49 frames, 480x360"));
  EXPECT_EQ(VideoReader::Open(In("a.mp4")).value().info().frames, 49);

  const Outcome spoken = Shell(Quoted(In("example_build") / "speak") + arguments + Quoted(In("a.y4m")));
  EXPECT_EQ(spoken.exit_code, 0) << spoken.err;
  EXPECT_THAT(spoken.out, HasSubstr("49 frames of 480x360"));
  EXPECT_EQ(VideoReader::Open(In("a.y4m")).value().info().frames, 49);
  EXPECT_EQ(std::filesystem::file_size(In("a.y4m.pcm")), 2u * 32000) << "every sample comes back";
}

TEST_F(Installed, PkgConfigSaysHowToLink) {
  if (Shell("pkg-config --version").exit_code != 0) GTEST_SKIP() << "needs pkg-config";
  const std::string environment = "PKG_CONFIG_PATH=" + Quoted(LibraryFolder() / "pkgconfig") + " ";
  EXPECT_EQ(Shell(environment + "pkg-config --modversion lipstream").out.rfind("0.", 0), 0u);
  const Outcome built = Shell("cc '" LIPSTREAM_EXAMPLES "/c/render.c' -o " + Quoted(In("by_pkg_config")) + " $(" +
                              environment + "pkg-config --cflags --libs lipstream)");
  ASSERT_EQ(built.exit_code, 0) << built.err;
  const Outcome usage = Shell(WithLibrary(Quoted(In("by_pkg_config"))));
  EXPECT_EQ(usage.exit_code, 2) << usage.err;
}

TEST_F(Installed, ThePythonExampleSpeaksAndRenders) {
  const Outcome outcome =
      Shell("LIPSTREAM_LIBRARY=" + Quoted(LibraryFolder() / "liblipstream.so") +
            " python3 '" LIPSTREAM_EXAMPLES "/python/speak.py' " + Quoted(testdata::SyntheticAvatar()) + " " +
            Quoted(Speech()) + " " + Quoted(In("b.mp4")));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("live: 49 frames, 32000 samples"));
  EXPECT_EQ(VideoReader::Open(In("b.mp4")).value().info().frames, 49);
}

TEST_F(Installed, TheProgramRunsFromThere) {
  const Outcome outcome = RunProgram(Prefix() / "bin" / "lipstream", {"--version"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.out, "");
}

// What the page offers to whoever has no sound at hand, and the demo's networks.
TEST_F(Installed, TheServersSamplesAndTheDemosNetworksComeAlong) {
  BackgroundProgram server(
      {"serve", "--avatars", testdata::SyntheticAvatar().string(), "--port", "0", "--engine", "null"},
      Prefix() / "bin" / "lipstream");
  ASSERT_TRUE(server.Prints("page: ") && server.Prints("/\n")) << server.printed();
  const size_t at = server.printed().find("http");
  const std::string url = server.printed().substr(at, server.printed().find("/\n", at) - at);
  const std::string ask =
      "python3 -c 'import sys, urllib.request as u; sys.stdout.write(str(u.urlopen(sys.argv[1]).read()[:200]))' ";
  const Outcome list = Shell(ask + url + "/v1/samples");
  EXPECT_THAT(list.out, HasSubstr("/v1/samples/hello.wav")) << list.err;
  EXPECT_THAT(Shell(ask + url + "/v1/samples/hello.wav").out, HasSubstr("RIFF"));
  EXPECT_EQ(server.End(), 0);
  EXPECT_TRUE(std::filesystem::exists(Prefix() / "share" / "lipstream" / "demo" / "generator.onnx"));
}

}  // namespace
}  // namespace lips::e2e

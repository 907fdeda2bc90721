// make_demo_avatar OUTDIR [small]: writes OUTDIR/avatar and OUTDIR/speech.wav for `./dev demo`; small ones for tests
// that run in real time beside a browser.
//
// Does nothing when OUTDIR already holds what these sources make.
#include <cstdio>
#include <string_view>
#include <system_error>

#include "tests/testdata/package.h"
#include "tests/testdata/speech.h"
#include "tests/testdata/synthetic_avatar.h"

namespace lips::testdata {
namespace {

constexpr double kSpeechSeconds = 8;

PackageRecipe DemoRecipe(bool small) {
  PackageRecipe recipe;
  recipe.name = "demo";
  if (small) return recipe;
  recipe.width = 1280;
  recipe.height = 720;
  recipe.frames = 100;
  return recipe;
}

bool UpToDate(const Path& stamp) {
  const Result<std::string> hash = ReadTextFile(stamp);
  return hash.ok() && hash.value() == SourceHash();
}

Status Make(const Path& folder, bool small) {
  const Path stamp = folder / "made_by";
  const Path avatar = folder / "avatar";
  const Path speech = folder / "speech.wav";
  RETURN_IF_ERROR(MakeFolder(folder));
  if (!UpToDate(stamp)) {
    std::error_code ignored;
    std::filesystem::remove(stamp, ignored);
    std::filesystem::remove_all(avatar, ignored);
    RETURN_IF_ERROR(WritePackage(avatar, DemoRecipe(small)));
    RETURN_IF_ERROR(WriteWav(speech, SynthesizeSpeech(kSpeechSeconds, 3).samples, kSpeechRateHz, 1));
    RETURN_IF_ERROR(WriteFileAtomically(stamp, SourceHash()));
  }
  std::printf("avatar %s (a drawn person; networks constructed by hand, not trained)\n", avatar.c_str());
  std::printf("speech %s (synthetic vowels, %.0f s)\n", speech.c_str(), kSpeechSeconds);
  return {};
}

}  // namespace
}  // namespace lips::testdata

int main(int argc, char** argv) {
  const bool small = argc == 3 && std::string_view(argv[2]) == "small";
  if (argc != 2 && !small) {
    std::fprintf(stderr, "usage: make_demo_avatar OUTDIR [small]\n");
    return 2;
  }
  const lips::Status made = lips::testdata::Make(argv[1], small);
  if (!made.ok()) {
    std::fprintf(stderr, "error: %s\n", made.error().message().c_str());
    return 1;
  }
  return 0;
}

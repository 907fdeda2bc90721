#include "tests/testdata/synthetic_avatar.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <system_error>

#include "tests/testdata/speech.h"

namespace lips::testdata {
namespace {

Status Make(const Path& folder) {
  RETURN_IF_ERROR(WritePackage(folder / "avatar", PackageRecipe()));
  return WriteWav(folder / "speech.wav", SynthesizeSpeech(8, 3).samples, kSpeechRateHz, 1);
}

// The folder with both, made under another name first, so that it appears complete or not at all.
Path MakeOnce() {
  const Path root = LIPS_TESTDATA_FOLDER;
  Path ready = root / SourceHash().substr(0, 16);
  std::error_code error;
  if (std::filesystem::exists(ready, error)) return ready;
  const Path building = ready.string() + ".making." + std::to_string(getpid());
  const Status made = Make(building);
  if (!made.ok()) {
    std::fprintf(stderr, "cannot make the synthetic avatar in %s: %s\n", building.c_str(),
                 made.error().message().c_str());
    std::abort();
  }
  std::filesystem::rename(building, ready, error);
  if (error) std::filesystem::remove_all(building, error);  // another process was faster: its copy is the same
  return ready;
}

const Path& Folder() {
  static const Path kFolder = MakeOnce();
  return kFolder;
}

}  // namespace

std::string SourceHash() { return LIPS_TESTDATA_HASH; }

const Path& SyntheticAvatar() {
  static const Path kAvatar = Folder() / "avatar";
  return kAvatar;
}

const Path& SyntheticSpeech() {
  static const Path kSpeech = Folder() / "speech.wav";
  return kSpeech;
}

}  // namespace lips::testdata

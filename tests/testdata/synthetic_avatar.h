// The avatar every test may use: made once per build folder, then shared.
#pragma once

#include <string>

#include "base/file.h"
#include "tests/testdata/package.h"

namespace lips::testdata {

// Identifies the sources all of this was made with; changes whenever one of them does.
std::string SourceHash();

// A package 2.0 of 30 frames, 480x360, with narrow networks that follow the sound. Made on first use inside the build
// folder (a few seconds), found there afterwards; safe when several test processes ask at once. Aborts with the reason
// when it cannot be made, since nothing could be tested then. Read only: copy it before you damage it.
const Path& SyntheticAvatar();

// Eight seconds of 16 kHz mono speech beside it, beginning and ending with silence.
const Path& SyntheticSpeech();

}  // namespace lips::testdata

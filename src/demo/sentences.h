// Recorded sentences with their phones, laid one after the other on a timeline of 25 frames a second.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "demo/phones.h"

namespace lips::demo {

struct Sentence {
  std::string name;  // of its files, without extension
  Path wav;
  bool held_out = false;  // the name begins with "heldout_"
};

// The NAME.wav of the folder, each of which must have a NAME.phones, held-out ones last, else by name. Errors: kIo,
// kInvalidInput when there is none, or one without phones.
Result<std::vector<Sentence>> FindSentences(const Path& folder);

// One sentence, read.
struct SpokenSentence {
  std::vector<float> samples_16k;  // cut or padded with zeros to whole frames
  std::vector<Mouth> mouths;       // one a frame
};
// Errors: those of ReadSpeech and ReadPhones; kInvalidInput when the phones end more than half a second after the
// sound.
Result<SpokenSentence> ReadSentence(const Sentence& sentence);

}  // namespace lips::demo

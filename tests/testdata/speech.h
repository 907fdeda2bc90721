// Synthetic speech from formants: vowels and pauses drawn by our own code; nobody's voice.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace lips::testdata {

inline constexpr int kSpeechRateHz = 16000;

// A stretch of the utterance, for tests that need to know where it is quiet.
struct SpeechPart {
  int64_t first_sample = 0;
  int64_t samples = 0;
  bool silent = false;  // digital zero (but for the last vowel's 20 ms of ringing)
};

struct Speech {
  std::vector<float> samples;  // mono, 16 kHz, within [-0.7, 0.7]
  std::vector<SpeechPart> parts;
};

// A few babbled phrases with pauses of about half a second between them, cut or continued to `seconds`. It begins and
// ends with silence. Equal arguments give equal samples.
Speech SynthesizeSpeech(double seconds, uint64_t seed);

// Writes 16-bit PCM. `interleaved` is [frames, channels], clamped to [-1, 1]. Errors: kIo.
Status WriteWav(const Path& path, std::span<const float> interleaved, int rate_hz, int channels);

}  // namespace lips::testdata

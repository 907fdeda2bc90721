// Sound that resembles speech to an audio encoder, for whoever has no speech at hand.
#pragma once

#include <vector>

namespace lips {

// Ten seconds at 16 kHz: voiced and unvoiced syllables with pauses. The same every time.
std::vector<float> SampleSpeech();

}  // namespace lips

// Tells from a state dict's names and shapes which network of the family it is, and makes it.
#pragma once

#include "base/result.h"
#include "model/family_graph.h"

namespace lips {

// A generator (of any width, with four or five levels: 160 or 320 px) or an audio encoder, with its weights.
//
// What the weights cannot tell is how wide the audio input of a generator with 32 channels is: [32,16,16] (AVE), or
// [32,32,32] when `hubert`. With 256 channels it is WeNet's [256,16,32]. Encoders may lack the prefix "audio_encoder.",
// and floating-point weights may be of any type. "num_batches_tracked" is passed over.
//
// Errors: kInvalidInput naming what is missing, what does not fit and what is left over (the first few of each), or
// saying that it is neither network, with the first names found.
Result<Graph> FamilyGraph(StateDict state, bool hubert);

}  // namespace lips

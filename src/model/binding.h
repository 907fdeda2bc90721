// What a network is for, told by the shapes of its inputs and outputs, never by names.
#pragma once

#include <string>

#include "model/graph.h"

namespace lips {

// A mouth generator: image [N,6,S,S] and audio [N,a,b,c] to image [N,3,S,S].
struct GeneratorBinding {
  int image_input = 0;  // index into Graph::inputs
  int audio_input = 0;
  int output = 0;           // index into Graph::outputs
  int size_px = 320;        // S: 320 or 160
  Dims audio_dims;          // [32,16,16], [32,32,32], [256,16,32], without the batch
  int64_t fixed_batch = 0;  // 0: dynamic
  int64_t audio_floats() const { return audio_dims[0] * audio_dims[1] * audio_dims[2]; }
};

// An audio encoder: mel [N,1,80,16] to rows [N,512] (or [N,512,1,1]).
struct EncoderBinding {
  int input = 0;
  int output = 0;
  int row_floats = 512;
  int64_t fixed_batch = 0;  // 0: dynamic
};

// Inputs and outputs must be f32. Dims left open (even all of them) are tried with every shape above, largest image
// first, and taken when the shapes of the whole network then work out; a batch that is declared open but turns out to
// be baked into the network is reported as fixed. Networks with operators InferShapes does not know are bound by
// their declared shapes. Errors: kUnsupported listing every input and output with its shape and what was expected.
Result<GeneratorBinding> BindGenerator(const Graph& graph);
Result<EncoderBinding> BindEncoder(const Graph& graph);

// "image 'input' [?,6,320,320], audio 'audio' [?,32,16,16] -> 'output' [?,3,320,320]"
std::string Describe(const Graph& graph, const GeneratorBinding& binding);
std::string Describe(const Graph& graph, const EncoderBinding& binding);

}  // namespace lips

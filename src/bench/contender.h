// One way to make frames, as a benchmark times it: a whole network in a session, or a generator.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "bench/material.h"
#include "engine/generator.h"
#include "image/image.h"
#include "model/graph.h"

namespace lips {

// One thread at a time. Refers to the material it was opened with.
class Contender {
 public:
  virtual ~Contender() = default;
  // Chooses what the next Run makes, by indices into FaceSamples::faces. Whatever a real use has at hand anyway is
  // made ready here, outside the time taken: float inputs of a session, templates prepared before.
  virtual Status Load(std::span<const size_t> frames) = 0;
  // Makes the frames: this is what is timed.
  virtual Status Run() = 0;
  // The pictures of the last Run, in the order of Load, [size_px, size_px] each.
  virtual Status Fetch(std::vector<Image>& mouths) = 0;
};

// The uncut network on any backend, pictures and audio in, picture out, as a peer would be used: float tensors in,
// float tensors out. A network with a batch left open runs all loaded frames at once, one with a fixed batch that many.
Result<std::unique_ptr<Contender>> OpenWholeModel(const Graph& graph, const GeneratorBinding& binding,
                                                  const SessionOptions& options, const FaceSamples& material);

// A generator. `cached`: templates of all frames are prepared here, and Run is Generate; else Run is Prepare of each
// frame and Generate. So many `copies` of each template are prepared, and the jobs of a batch use one after the other:
// then a batch reads as much memory as that many faces take. Generators may be shared by contenders that do not run at
// the same time.
Result<std::unique_ptr<Contender>> MakeGeneratorContender(std::shared_ptr<Generator> generator, bool cached,
                                                          const FaceSamples& material, int copies = 1);

}  // namespace lips

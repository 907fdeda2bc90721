// What a backend must show before it serves: that its result is the reference engine's.
#pragma once

#include <span>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "base/result.h"
#include "engine/session.h"
#include "model/graph.h"
#include "tensor/tensor.h"

namespace lips {

// Half of one step of an 8-bit picture: what no viewer and hardly any pixel can show.
inline constexpr double kProofTolerance = 0.5 / 255;

// A smooth input that resembles nothing but exercises everything: sums of slow waves, within [0, 1]. Deterministic.
Tensor ProofInput(const Dims& dims);

// Errors: kCorrupted with the largest error and its place when `actual` is not within kProofTolerance times the larger
// of 1 and the largest magnitude of `expected`, or holds NaN or infinity.
Status CheckProof(const Tensor& expected, const Tensor& actual);

// Remembers, per user and machine, which proofs succeeded: a file whose name is a hash of everything the proof depends
// on (graph, engine, engine's version, our version), in $XDG_CACHE_HOME/lipstream or ~/.cache/lipstream.
class ProofRecord {
 public:
  // `engine` is Session::Describe(): backend, library version and provider.
  static Result<ProofRecord> For(const Graph& graph, std::string_view engine);

  bool Exists() const;
  void Keep() const;  // failing to write only costs the next proof

 private:
  explicit ProofRecord(Path path) : path_(std::move(path)) {}
  Path path_;  // empty where there is no home folder
};

// Runs `graph` on the reference engine with `inputs` and compares output `output` with `actual`. Errors: CheckProof's;
// kUnsupported when the reference engine lacks an operator.
Status Prove(const Graph& graph, std::span<const Tensor> inputs, int output, const Tensor& actual, int threads);

}  // namespace lips

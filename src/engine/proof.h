// What a backend must show before it serves: that its result is the reference engine's.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
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

// Of networks that compute in f16: rounding alone takes single pixels this far (docs/numerics.md), a wrong picture goes
// much farther.
inline constexpr double kHalfProofTolerance = 4.0 / 255;

// What a finding of kind "proof" says.
inline constexpr std::string_view kProven = "proven\n";

// A smooth input that resembles nothing but exercises everything: sums of slow waves, within [0, 1]. Deterministic.
Tensor ProofInput(const Dims& dims);

// Errors: kCorrupted with the largest error and its place when `actual` is not within `tolerance` times the larger of 1
// and the largest magnitude of `expected`, or holds NaN or infinity.
Status CheckProof(const Tensor& expected, const Tensor& actual, double tolerance = kProofTolerance);

// A hash of everything a graph computes with: operators, attributes, shapes, names and constants.
std::string HashOfGraph(const Graph& graph);

// Remembers, per user and machine, what was found out about networks: a file whose name is a hash of everything the
// finding depends on, in $XDG_CACHE_HOME/lipstream or ~/.cache/lipstream. Nothing is remembered where there is no home.
class Findings {
 public:
  // `what` is one of a few words ("proof"); `keys` are what the finding depends on, our version aside.
  Findings(std::string_view what, std::initializer_list<std::string_view> keys);

  std::optional<std::string> Read() const;
  void Keep(std::string_view text) const;  // failing to write only costs finding it out again

 private:
  Path path_;
};

// Runs `graph` on the reference engine with `inputs` and compares output `output` with `actual`, which a session with
// `options` made. Errors: CheckProof's; kUnsupported when the reference engine lacks an operator.
Status Prove(const Graph& graph, std::span<const Tensor> inputs, int output, const Tensor& actual,
             const SessionOptions& options);

}  // namespace lips

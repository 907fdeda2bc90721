#include "engine/proof.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <numbers>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/sha256.h"
#include "base/stats.h"
#include "model/onnx.h"

namespace lips {
namespace {

constexpr std::string_view kProven = "proven\n";

Path CacheFolder() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/') {
    return Path(cache) / "lipstream";
  }
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/') {
    return Path(home) / ".cache" / "lipstream";
  }
  return {};
}

std::span<const uint8_t> BytesOf(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string ShortNumber(double value) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.3g", value);
  return text.data();
}

}  // namespace

Tensor ProofInput(const Dims& dims) {
  Tensor tensor(DType::kF32, dims);
  // Golden-ratio steps: no two axes or planes share a phase.
  constexpr double kStep = 0.1 * std::numbers::phi;
  const int64_t width = dims.empty() ? 1 : std::max<int64_t>(dims.back(), 1);
  int64_t i = 0;
  for (float& value : tensor.As<float>()) {
    const auto x = static_cast<double>(i % width);
    const auto row = static_cast<double>(i / width);
    value = static_cast<float>(0.5 + 0.25 * std::sin(kStep * x + 0.37 * row) +
                               0.25 * std::sin(0.011 * row * kStep + 0.02 * x));
    ++i;
  }
  return tensor;
}

Status CheckProof(const Tensor& expected, const Tensor& actual) {
  if (expected.dtype() != DType::kF32 || actual.dtype() != DType::kF32 || expected.dims() != actual.dims()) {
    return Error(ErrorCode::kCorrupted, "the proof gave " + std::string(Name(actual.dtype())) + " " +
                                            ToString(actual.dims()) + ", engine reference gives " +
                                            std::string(Name(expected.dtype())) + " " + ToString(expected.dims()));
  }
  const auto want = expected.As<float>();
  const auto got = actual.As<float>();
  double largest = 1;
  double worst = 0;
  size_t place = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    if (!std::isfinite(want[i]) || !std::isfinite(got[i])) {
      return Error(ErrorCode::kCorrupted, "the network gives NaN or infinity at element " + std::to_string(i) +
                                              " of its output, expected finite numbers");
    }
    largest = std::max(largest, std::abs(double{want[i]}));
    const double error = std::abs(double{want[i]} - double{got[i]});
    if (error > worst) {
      worst = error;
      place = i;
    }
  }
  if (worst <= kProofTolerance * largest) return {};
  return Error(ErrorCode::kCorrupted, "the proof failed: the output differs from engine reference by " +
                                          ShortNumber(worst) + " at element " + std::to_string(place) +
                                          ", expected at most " + ShortNumber(kProofTolerance * largest));
}

Result<ProofRecord> ProofRecord::For(const Graph& graph, std::string_view engine) {
  const Path folder = CacheFolder();
  if (folder.empty()) return ProofRecord({});
  ASSIGN_OR_RETURN(const std::vector<uint8_t> model, SerializeOnnx(graph));
  Sha256 hash;
  hash.Add(model);
  hash.Add(BytesOf(engine));
  hash.Add(BytesOf(LIPSTREAM_VERSION));
  return ProofRecord(folder / ("proof-" + hash.Hex()));
}

bool ProofRecord::Exists() const {
  if (path_.empty()) return false;
  const auto text = ReadTextFile(path_);
  return text.ok() && text.value() == kProven;
}

void ProofRecord::Keep() const {
  if (path_.empty()) return;
  Status written = MakeFolder(path_.parent_path());
  if (written.ok()) written = WriteFileAtomically(path_, kProven);
  if (!written.ok()) Log(LogLevel::kInfo, "proof not kept", {{"why", written.error().message()}});
}

Status Prove(const Graph& graph, std::span<const Tensor> inputs, int output, const Tensor& actual, int threads) {
  const Stopwatch watch;
  ASSIGN_OR_RETURN(const auto reference, OpenSession(graph, {.backend = Backend::kReference, .threads = threads}));
  const std::vector<TensorView> views(inputs.begin(), inputs.end());
  std::vector<Tensor> expected(graph.outputs.size());
  RETURN_IF_ERROR(reference->Run(views, expected));
  Log(LogLevel::kInfo, "proof ran", {{"ms", watch.ElapsedMs()}});
  return CheckProof(expected[static_cast<size_t>(output)], actual);
}

}  // namespace lips

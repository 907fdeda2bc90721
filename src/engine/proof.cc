#include "engine/proof.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <numbers>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/places.h"
#include "base/sha256.h"
#include "base/stats.h"

namespace lips {
namespace {

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

Status CheckProof(const Tensor& expected, const Tensor& actual, double tolerance) {
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
  if (worst <= tolerance * largest) return {};
  return Error(ErrorCode::kCorrupted, "the proof failed: the output differs from engine reference by " +
                                          ShortNumber(worst) + " at element " + std::to_string(place) +
                                          ", expected at most " + ShortNumber(tolerance * largest));
}

std::string HashOfGraph(const Graph& graph) {
  Sha256 hash;
  const auto add_text = [&](std::string_view text) {
    hash.Add(BytesOf(text));
    hash.Add(BytesOf(std::string_view("\0", 1)));
  };
  const auto add_ints = [&](std::span<const int64_t> values) {
    add_text(std::to_string(values.size()));
    hash.AddValues(values);
  };
  const auto add_tensor = [&](const Tensor& tensor) {
    add_text(Name(tensor.dtype()));
    add_ints(tensor.dims());
    hash.Add({tensor.data(), tensor.bytes()});
  };
  add_ints(std::array{int64_t{graph.opset}});
  for (const auto* ids : {&graph.inputs, &graph.outputs}) {
    for (const ValueId id : *ids) {
      add_ints(std::array{int64_t{id}});
      add_ints(graph.values[static_cast<size_t>(id)].dims);
    }
  }
  for (const Node& node : graph.nodes) {
    add_text(node.op);
    for (const auto* ids : {&node.inputs, &node.outputs}) {
      for (const ValueId id : *ids) add_ints(std::array{int64_t{id}});
    }
    for (const auto& [key, attribute] : node.attributes) {
      add_text(key);
      std::visit(
          [&]<typename T>(const T& value) {
            if constexpr (std::is_same_v<T, Tensor>) {
              add_tensor(value);
            } else if constexpr (std::is_same_v<T, std::string>) {
              add_text(value);
            } else if constexpr (std::is_same_v<T, int64_t> || std::is_same_v<T, float>) {
              hash.AddValues(std::span<const T>(&value, 1));
            } else {
              add_text(std::to_string(value.size()));
              hash.AddValues(std::span(std::as_const(value)));
            }
          },
          attribute);
    }
  }
  for (const auto& [id, tensor] : graph.constants) {
    add_ints(std::array{int64_t{id}});
    add_tensor(tensor);
  }
  return hash.Hex();
}

Findings::Findings(std::string_view what, std::initializer_list<std::string_view> keys) {
  const Path folder = CacheFolder();
  if (folder.empty()) return;
  Sha256 hash;
  for (const std::string_view key : keys) {
    hash.Add(BytesOf(std::to_string(key.size()) + ":"));
    hash.Add(BytesOf(key));
  }
  hash.Add(BytesOf(LIPSTREAM_VERSION));
  path_ = folder / (std::string(what) + "-" + hash.Hex());
}

std::optional<std::string> Findings::Read() const {
  if (path_.empty()) return {};
  auto text = ReadTextFile(path_);
  if (!text.ok()) return {};
  return std::move(text).value();
}

void Findings::Keep(std::string_view text) const {
  if (path_.empty()) return;
  Status written = MakeFolder(path_.parent_path());
  if (written.ok()) written = WriteFileAtomically(path_, text);
  if (!written.ok()) Log(LogLevel::kInfo, "finding not kept", {{"why", written.error().message()}});
}

Status Prove(const Graph& graph, std::span<const Tensor> inputs, int output, const Tensor& actual,
             const SessionOptions& options) {
  const Stopwatch watch;
  ASSIGN_OR_RETURN(const auto reference,
                   OpenSession(graph, {.backend = Backend::kReference, .threads = options.threads}));
  const std::vector<TensorView> views(inputs.begin(), inputs.end());
  std::vector<Tensor> expected(graph.outputs.size());
  RETURN_IF_ERROR(reference->Run(views, expected));
  Log(LogLevel::kInfo, "proof ran", {{"ms", watch.ElapsedMs()}});
  return CheckProof(expected[static_cast<size_t>(output)], actual,
                    options.precision == Precision::kF16 || options.backend == Backend::kCuda ? kHalfProofTolerance
                                                                                              : kProofTolerance);
}

}  // namespace lips

#include "audio/shaped_features.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <utility>

#include "audio/encoder_window.h"
#include "audio/mel.h"
#include "audio/speech_gate.h"
#include "audio/window.h"

namespace lips {
namespace {

// Moves a row towards `rest`.
void ShapeRow(std::span<const float> rest, float factor, std::span<float> row) {
  if (factor == 1) return;
  if (factor == 0) {
    std::ranges::copy(rest, row.begin());
    return;
  }
  for (size_t i = 0; i < row.size(); ++i) {
    const float shaped = rest[i] + factor * (row[i] - rest[i]);
    row[i] = row[i] >= 0 && rest[i] >= 0 ? std::max(shaped, 0.0F) : shaped;
  }
}

}  // namespace

Result<std::vector<float>> SilentRow(const EncodeRowsFn& encode, int row_floats) {
  const std::vector<float> silence(size_t{kEncoderSteps - 1} * kMelHopSamples, 0.0F);
  std::vector<float> input(size_t{kMelBands} * kEncoderSteps);
  FillEncoderInput(Mel(silence), 0, input);
  std::vector<float> row(static_cast<size_t>(row_floats));
  RETURN_IF_ERROR(encode(input, 1, row));
  return row;
}

struct ShapedFeatureStream::State {
  EncodeRowsFn encode;
  FeatureShape shape;
  FeatureStream stream;
  SpeechGate gate;
  size_t row_floats;
  std::vector<float> rest;   // empty until needed
  std::vector<float> gates;  // scratch

  State(EncodeRowsFn encode_rows, int floats, FeatureShape wanted)
      : encode(std::move(encode_rows)),
        shape(wanted),
        stream(encode, floats),
        row_floats(static_cast<size_t>(floats)) {}

  // Rows from `begin` floats on are new; `gates` has one for each where silence matters.
  Status Shape(size_t begin, std::vector<float>& rows) {
    if (rows.size() == begin) return {};
    if (rest.empty()) {
      auto silent = SilentRow(encode, static_cast<int>(row_floats));
      if (!silent.ok()) {
        rows.resize(begin);
        return std::move(silent).TakeError();
      }
      rest = std::move(silent).value();
    }
    assert(!shape.rest_in_silence || gates.size() * row_floats == rows.size() - begin);
    size_t at = begin;
    for (size_t k = 0; at < rows.size(); ++k, at += row_floats) {
      const float gated = shape.rest_in_silence ? gates[k] : 1.0F;
      ShapeRow(rest, gated * shape.mouth_gain, std::span(rows).subspan(at, row_floats));
    }
    return {};
  }
};

ShapedFeatureStream::ShapedFeatureStream(EncodeRowsFn encode, int row_floats, FeatureShape shape)
    : state_(std::make_unique<State>(std::move(encode), row_floats, shape)) {}
ShapedFeatureStream::ShapedFeatureStream(ShapedFeatureStream&&) noexcept = default;
ShapedFeatureStream& ShapedFeatureStream::operator=(ShapedFeatureStream&&) noexcept = default;
ShapedFeatureStream::~ShapedFeatureStream() = default;

Status ShapedFeatureStream::Push(std::span<const float> samples, std::vector<float>& rows) {
  State& s = *state_;
  if (s.shape.changes_nothing()) return s.stream.Push(samples, rows);
  const size_t begin = rows.size();
  s.gates.clear();
  if (s.shape.rest_in_silence) s.gate.Push(samples, s.gates);
  RETURN_IF_ERROR(s.stream.Push(samples, rows));
  return s.Shape(begin, rows);
}

Status ShapedFeatureStream::Finish(std::vector<float>& rows) {
  State& s = *state_;
  if (s.shape.changes_nothing()) return s.stream.Finish(rows);
  const size_t begin = rows.size();
  s.gates.clear();
  if (s.shape.rest_in_silence) s.gate.Finish(s.gates);
  RETURN_IF_ERROR(s.stream.Finish(rows));
  return s.Shape(begin, rows);
}

int64_t ShapedFeatureStream::samples() const { return state_->stream.samples(); }

std::span<const float> ShapedFeatureStream::gates() const { return state_->gates; }

void SmoothWindow(std::span<float> window, int row_floats, int first, int end, float strength) {
  assert(window.size() == static_cast<size_t>(kWindowRows) * static_cast<size_t>(row_floats));
  assert(0 <= first && first <= end && end <= kWindowRows);
  if (strength == 0 || end - first < 2) return;
  const auto floats = static_cast<size_t>(row_floats);
  for (size_t i = 0; i < floats; ++i) {
    float* column = window.data() + i;
    float before = column[static_cast<size_t>(first) * floats];
    for (int k = first; k < end; ++k) {
      float& here = column[static_cast<size_t>(k) * floats];
      const float old = here;
      const float after = column[static_cast<size_t>(std::min(k + 1, end - 1)) * floats];
      here = old + strength * ((before - old) + (after - old));
      before = old;
    }
  }
}

}  // namespace lips

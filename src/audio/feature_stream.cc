#include "audio/feature_stream.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "audio/encoder_window.h"
#include "audio/mel.h"

namespace lips {
namespace {

constexpr size_t kInputFloats = size_t{kMelBands} * kEncoderSteps;
constexpr int64_t kMinSamples = (kEncoderSteps - 1) * kMelHopSamples;  // the fewest with 16 mel columns
constexpr size_t kSliceSamples = 20480;  // 32 rows: bounds the memory of one huge Push, feeds the encoder in batches

std::string Milliseconds(int64_t samples) {
  const int64_t tenths = samples * 10000 / kModelRateHz;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " ms";
}

}  // namespace

// When is a row decided? The window of encoder row i wants columns s .. s+15, s = floor(16 i / 5), and is pulled back
// only where the signal ends before column s+15. While the signal goes on, n samples complete n/200 - 1 columns, two
// fewer than the signal would have if it ended now. So a row whose sixteen columns are complete is not pulled back in
// any future, and it is not the doubled last one either (that one's window reaches the last column or beyond). Until
// they are complete its value is open. Hence: row i comes out with sample 200 s + 3400, no earlier, no later, and
// only Finish doubles and pulls back.
struct FeatureStream::State {
  EncodeRowsFn encode;
  size_t row_floats;

  MelStream mel;
  std::vector<float> columns;  // [.., 80], the complete columns from first_column on that are still needed
  int64_t first_column = 0;
  int64_t next_row = 0;  // the encoder row that comes next
  int64_t samples = 0;
  std::vector<float> inputs;

  State(EncodeRowsFn encode_rows, int floats)
      : encode(std::move(encode_rows)), row_floats(static_cast<size_t>(floats)) {}

  int64_t EndColumn() const { return first_column + static_cast<int64_t>(columns.size()) / kMelBands; }

  // Encodes rows [next_row, end), whose windows are complete; `mel_columns` as EncoderFirstColumn wants it.
  Status AppendRows(int64_t end, int64_t mel_columns, std::vector<float>& rows) {
    const int64_t count = end - next_row;
    if (count <= 0) return {};
    inputs.resize(static_cast<size_t>(count) * kInputFloats);
    for (int64_t i = 0; i < count; ++i) {
      FillEncoderInput(columns, EncoderFirstColumn(next_row + i, mel_columns) - first_column,
                       std::span(inputs).subspan(static_cast<size_t>(i) * kInputFloats, kInputFloats));
    }
    const size_t old_size = rows.size();
    const size_t doubled = next_row == 0 ? row_floats : 0;
    rows.resize(old_size + doubled + static_cast<size_t>(count) * row_floats);
    if (Status status = encode(inputs, count, std::span(rows).subspan(old_size + doubled)); !status.ok()) {
      rows.resize(old_size);
      return status;
    }
    if (doubled > 0) {
      const auto first = rows.begin() + static_cast<ptrdiff_t>(old_size);
      std::copy_n(first + static_cast<ptrdiff_t>(row_floats), row_floats, first);
    }
    next_row = end;
    return {};
  }

  Status PushSlice(std::span<const float> slice, std::vector<float>& rows) {
    mel.Push(slice, columns);
    samples += static_cast<int64_t>(slice.size());
    const int64_t end_column = EndColumn();
    int64_t end_row = next_row;
    while (end_row * kEncoderSteps / 5 + kEncoderSteps <= end_column) ++end_row;
    RETURN_IF_ERROR(AppendRows(end_row, end_column, rows));
    // Finish may pull the last window back to two columns before the end of what is complete now.
    const int64_t needed_from = std::min(next_row * kEncoderSteps / 5, end_column + 2 - kEncoderSteps);
    if (needed_from > first_column) {
      columns.erase(columns.begin(),
                    columns.begin() + static_cast<ptrdiff_t>((needed_from - first_column) * kMelBands));
      first_column = needed_from;
    }
    return {};
  }
};

FeatureStream::FeatureStream(EncodeRowsFn encode, int row_floats)
    : state_(std::make_unique<State>(std::move(encode), row_floats)) {}
FeatureStream::FeatureStream(FeatureStream&&) noexcept = default;
FeatureStream& FeatureStream::operator=(FeatureStream&&) noexcept = default;
FeatureStream::~FeatureStream() = default;

Status FeatureStream::Push(std::span<const float> samples, std::vector<float>& rows) {
  while (!samples.empty()) {
    const auto slice = samples.first(std::min(samples.size(), kSliceSamples));
    RETURN_IF_ERROR(state_->PushSlice(slice, rows));
    samples = samples.subspan(slice.size());
  }
  return {};
}

Status FeatureStream::Finish(std::vector<float>& rows) {
  State& s = *state_;
  s.mel.Finish(s.columns);
  const int64_t samples = s.samples;
  const int64_t mel_columns = s.EndColumn();
  if (mel_columns < kEncoderSteps) {
    return Error(ErrorCode::kInvalidInput, "the audio has " + std::to_string(samples) + " samples at 16 kHz (" +
                                               Milliseconds(samples) + "); at least " + std::to_string(kMinSamples) +
                                               " (" + Milliseconds(kMinSamples) + ") are needed");
  }
  RETURN_IF_ERROR(s.AppendRows(EncoderRows(mel_columns), mel_columns, rows));
  rows.resize(rows.size() + s.row_floats);
  std::copy_n(rows.end() - static_cast<ptrdiff_t>(2 * s.row_floats), s.row_floats,
              rows.end() - static_cast<ptrdiff_t>(s.row_floats));
  return {};
}

int64_t FeatureStream::samples() const { return state_->samples; }

Result<std::vector<float>> ComputeFeatures(std::span<const float> samples, const EncodeRowsFn& encode, int row_floats) {
  std::vector<float> rows;
  FeatureStream stream(encode, row_floats);
  RETURN_IF_ERROR(stream.Push(samples, rows));
  RETURN_IF_ERROR(stream.Finish(rows));
  return rows;
}

}  // namespace lips

#include "audio/encoder_window.h"

#include <algorithm>
#include <cassert>
#include <cstddef>

#include "audio/mel.h"

namespace lips {

int64_t EncoderRows(int64_t mel_columns) {
  if (mel_columns < kEncoderSteps) return 0;
  // In floating point, because the reference's is: T = 384 gives 114.99999999999999 rows there, not 115, and a
  // feature file of the family then has a row less than exact arithmetic would say.
  return static_cast<int64_t>(static_cast<double>(mel_columns - kEncoderSteps) / 80.0 * 25.0) + 2;
}

int64_t FeatureRows(int64_t mel_columns) {
  const int64_t rows = EncoderRows(mel_columns);
  return rows == 0 ? 0 : rows + 2;
}

int64_t EncoderFirstColumn(int64_t row, int64_t mel_columns) {
  return std::min(row * kEncoderSteps / 5, mel_columns - kEncoderSteps);
}

int64_t EncoderRowOfFeature(int64_t feature_row, int64_t encoder_rows) {
  return std::clamp<int64_t>(feature_row - 1, 0, encoder_rows - 1);
}

void FillEncoderInput(std::span<const float> mel, int64_t first_column, std::span<float> out) {
  assert(out.size() == size_t{kMelBands} * kEncoderSteps);
  const auto window = mel.subspan(static_cast<size_t>(first_column) * kMelBands, out.size());
  for (size_t band = 0; band < kMelBands; ++band) {
    for (size_t step = 0; step < kEncoderSteps; ++step) {
      out[band * kEncoderSteps + step] = window[step * kMelBands + band];
    }
  }
}

}  // namespace lips

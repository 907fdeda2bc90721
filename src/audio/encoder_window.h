// Where the audio encoder's inputs lie in the mel, and how its rows become feature rows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"

namespace lips {

inline constexpr int kEncoderSteps = 16;  // mel columns one encoder row sees (200 ms)

// Encoder rows of a finished signal with `mel_columns` columns: int((T - 16) / 80 * 25) + 2; 0 when T < 16.
int64_t EncoderRows(int64_t mel_columns);

// Feature rows, which is also the number of 25-per-second video frames: EncoderRows + 2; 0 when T < 16.
int64_t FeatureRows(int64_t mel_columns);

// First mel column of encoder row `row`: floor(16 row / 5), pulled back so that 16 columns fit into a finished
// signal of `mel_columns`.
int64_t EncoderFirstColumn(int64_t row, int64_t mel_columns);

// Which encoder row stands at feature row `feature_row` of a finished signal: the first and last are doubled.
int64_t EncoderRowOfFeature(int64_t feature_row, int64_t encoder_rows);

// One encoder input, [80, 16] (bands x time), from `mel` [columns, 80]. `first_column` + 16 <= columns.
void FillEncoderInput(std::span<const float> mel, int64_t first_column, std::span<float> out);

}  // namespace lips

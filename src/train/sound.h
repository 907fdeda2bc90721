// Sound as a network in training hears it: the encoder's inputs for runs of consecutive feature rows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "train/random.h"

namespace lips {

// Immutable; any number of threads may ask it.
class Sound {
 public:
  // Errors: those of reading the file; kInvalidInput when it is shorter than what the encoder hears at once.
  static Result<Sound> Open(const Path& audio);

  int64_t rows() const { return rows_; }               // feature rows, 25 a second
  std::span<const float> mel() const { return mel_; }  // [columns, 80]
  // Column of the mel at which begin the 16 that row `row` of [0, rows()) hears.
  int64_t FirstColumn(int64_t row) const;

  // The encoder's inputs [count, 80, 16] for rows [first, first + count); of rows before or behind the sound nothing is
  // written. With `random` the sound is varied (VaryMel), the same in every row that hears a moment.
  void Fill(int64_t first, int64_t count, Random* random, std::span<float> inputs) const;

 private:
  std::vector<float> mel_;  // [columns_, 80]
  int64_t columns_ = 0;
  int64_t rows_ = 0;
};

// Varies a strip of mel [columns, 80] in place: loudness, tone of the microphone, noise floor, length of the vocal
// tract.
void VaryMel(Random& random, std::span<float> mel);

}  // namespace lips

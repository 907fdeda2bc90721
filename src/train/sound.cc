#include "train/sound.h"

#include <algorithm>
#include <array>

#include "audio/encoder_window.h"
#include "audio/mel.h"
#include "media/speech.h"

namespace lips {
namespace {

constexpr size_t kInputFloats = size_t{kMelBands} * kEncoderSteps;
constexpr float kMelSilence = -4;

}  // namespace

Result<Sound> Sound::Open(const Path& audio) {
  ASSIGN_OR_RETURN(const Speech speech, ReadSpeech(audio));
  Sound sound;
  sound.mel_ = Mel(speech.samples_16k);
  sound.columns_ = MelColumns(static_cast<int64_t>(speech.samples_16k.size()));
  sound.rows_ = FeatureRows(sound.columns_);
  if (sound.rows_ > 0) return sound;
  return Error(ErrorCode::kInvalidInput, "'" + audio.string() + "' is shorter than what the network hears at once");
}

int64_t Sound::FirstColumn(int64_t row) const {
  return EncoderFirstColumn(EncoderRowOfFeature(row, EncoderRows(columns_)), columns_);
}

void Sound::Fill(int64_t first, int64_t count, Random* random, std::span<float> inputs) const {
  const int64_t begin = std::max<int64_t>(first, 0);
  const int64_t end = std::min(first + count, rows_);
  if (begin >= end) return;
  const int64_t left = FirstColumn(begin);
  const int64_t right = FirstColumn(end - 1) + kEncoderSteps;
  const auto strip_of =
      std::span(mel_).subspan(static_cast<size_t>(left * kMelBands), static_cast<size_t>((right - left) * kMelBands));
  std::vector<float> strip(strip_of.begin(), strip_of.end());
  if (random != nullptr) VaryMel(*random, strip);
  for (int64_t row = begin; row < end; ++row) {
    FillEncoderInput(strip, FirstColumn(row) - left,
                     inputs.subspan(static_cast<size_t>(row - first) * kInputFloats, kInputFloats));
  }
}

void VaryMel(Random& random, std::span<float> mel) {
  const float gain = random.Uniform(-1.2f, 0.6f);  // 1 is 12.5 dB
  const float tilt = random.Uniform(-0.6f, 0.6f);
  const bool noisy = random.Chance(0.5f);
  const float floor = random.Uniform(-4.0f, -1.5f);
  const int shift = random.Chance(0.5f) ? static_cast<int>(random.Below(9)) - 4 : 0;  // bands
  std::array<float, kMelBands> column = {};
  for (size_t start = 0; start + kMelBands <= mel.size(); start += kMelBands) {
    const auto at = mel.subspan(start, kMelBands);
    for (int band = 0; band < kMelBands; ++band) {
      const int from = band - shift;
      const float heard = from >= 0 && from < kMelBands ? at[static_cast<size_t>(from)] : kMelSilence;
      float value = heard + gain + tilt * (2.0f * static_cast<float>(band) / (kMelBands - 1) - 1);
      if (noisy) value = std::max(value, floor + 0.35f * random.Normal());
      column[static_cast<size_t>(band)] = std::clamp(value, -4.0f, 4.0f);
    }
    std::ranges::copy(column, at.begin());
  }
}

}  // namespace lips

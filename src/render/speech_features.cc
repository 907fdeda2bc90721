#include "render/speech_features.h"

#include <string>
#include <utility>
#include <vector>

#include "audio/encoder_window.h"
#include "audio/feature_stream.h"
#include "audio/mel.h"
#include "media/speech.h"

namespace lips {
namespace {

constexpr int64_t kMaxFloats = int64_t{1} << 30;  // 4 GB

Result<Tensor> Windows(const std::vector<float>& rows, int row_floats, WindowEdge edge) {
  const int64_t count = static_cast<int64_t>(rows.size()) / row_floats;
  const int64_t window_floats = int64_t{kWindowRows} * row_floats;
  if (count * window_floats > kMaxFloats) {
    return Error(ErrorCode::kResourceLimit, "the windows of " + std::to_string(count) +
                                                " feature rows need more than 4 GB; cut the audio into pieces");
  }
  Tensor windows(DType::kF32, {count, 2 * kWindowRows, 16, row_floats / 32});
  for (int64_t i = 0; i < count; ++i) {
    const auto out =
        windows.As<float>().subspan(static_cast<size_t>(i * window_floats), static_cast<size_t>(window_floats));
    RETURN_IF_ERROR(FillWindow(rows, row_floats, i, edge, out));
  }
  return windows;
}

}  // namespace

Result<Tensor> ComputeSpeechFeatures(const Path& audio, FeatureStage stage, AudioEncoder* encoder, WindowEdge edge) {
  ASSIGN_OR_RETURN(const Speech speech, ReadSpeech(audio));
  if (stage == FeatureStage::kMel) {
    const std::vector<float> mel = Mel(speech.samples_16k);
    return Tensor::Of<float>({MelColumns(static_cast<int64_t>(speech.samples_16k.size())), kMelBands}, mel);
  }
  const int row_floats = encoder->row_floats();
  const EncodeRowsFn encode = [encoder](std::span<const float> inputs, int64_t count, std::span<float> out) {
    return encoder->Encode(inputs, count, out);
  };
  ASSIGN_OR_RETURN(const std::vector<float> rows, ComputeFeatures(speech.samples_16k, encode, row_floats));
  if (stage == FeatureStage::kWindow) return Windows(rows, row_floats, edge);
  return Tensor::Of<float>({static_cast<int64_t>(rows.size()) / row_floats, row_floats}, rows);
}

}  // namespace lips

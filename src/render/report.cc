#include "base/version.h"
#include "render/render.h"

namespace lips {

Json RenderReport::ToJson() const {
  return Json::Object({
      {"lipstream", Version()},
      {"synthetic", true},
      {"video", video.string()},
      {"frames", frames},
      {"frames_without_face", frames_without_face},
      {"frames_at_rest", frames_at_rest},
      {"fps", Json::Object({{"num", fps.num}, {"den", fps.den}})},
      {"width", width},
      {"height", height},
      {"duration_s", static_cast<double>(frames) / fps.AsDouble()},
      {"engine", engine},
      {"audio_encoder", audio_encoder},
      {"inputs", inputs},
      {"rectangles", rectangles},
      {"compositing", compositing},
      {"feather", feather},
      {"transparency", transparency},
      {"silence_gate", silence_gate},
      {"mouth_gain", mouth_gain},
      {"smooth_audio", smooth_audio},
      {"av_offset_ms", av_offset_ms},
      {"avatar", Json::Object({{"name", avatar_name}, {"sha256", avatar_sha256}})},
      {"hashes", Json::Object({{"model", model_sha256},
                               {"audio_encoder", encoder_sha256},
                               {"features", features_sha256},
                               {"audio_16k", audio_sha256}})},
      {"audio_samples_16k", audio_samples_16k},
      {"wall_s", wall_s},
      {"open_s", open_s},
      {"first_frame_s", first_frame_s},
      {"frames_per_second", frames_per_second()},
      {"peak_rss_bytes", peak_rss_bytes},
      {"template_cache", Json::Object({{"budget_bytes", template_budget_bytes},
                                       {"level", static_cast<int>(template_level)},
                                       {"hits", templates.hits},
                                       {"misses", templates.misses},
                                       {"from_pack", templates.adopted},
                                       {"templates", templates.templates},
                                       {"bytes", templates.bytes},
                                       {"peak_kept_bytes", templates.peak_kept_bytes}})},
      {"stages", Json::Object({{"decode", decode.ToJson()},
                               {"features", features.ToJson()},
                               {"generate", generate.ToJson()},
                               {"composite", composite.ToJson()},
                               {"finish", finish.ToJson()},
                               {"encode", encode.ToJson()}})},
  });
}

}  // namespace lips

#include "render/render.h"

#include <vector>

#include "capi/avatar.h"
#include "capi/sized_struct.h"

namespace lips::capi {
namespace {

constexpr int kDefaultCrf = 20;

lips_render_options DefaultOptions() {
  lips_render_options options = {};
  options.struct_size = sizeof(options);
  return options;
}

lips_render_report ReportOf(const RenderReport& done) {
  lips_render_report report = {};
  report.struct_size = sizeof(report);
  report.frames = done.frames;
  report.width = done.width;
  report.height = done.height;
  report.fps_num = done.fps.num;
  report.fps_den = done.fps.den;
  report.wall_s = done.wall_s;
  report.frames_per_second = done.frames_per_second();
  return report;
}

Result<RenderRequest> ToRequest(const lips_avatar& avatar, const char* audio, const char* output,
                                const lips_render_options& options) {
  RenderRequest request;
  request.job = avatar.job;
  request.job.audio = audio;
  request.video = output;
  request.codec = TextOr(options.codec, "h264");
  request.preset = TextOr(options.preset, "veryfast");
  request.crf = options.crf != 0 ? options.crf : kDefaultCrf;
  if (!(options.duration_s >= 0)) {
    return Error(ErrorCode::kInvalidInput,
                 "duration_s is " + std::to_string(options.duration_s) + "; expected 0 (all of it) or more");
  }
  if (options.duration_s > 0) request.job.duration_s = options.duration_s;
  request.start_frame = options.start_frame;
  request.with_audio = options.no_audio == 0;
  request.finish.alpha = false;  // there is no option for it yet; as before
  request.cache_bytes = avatar.template_bytes;
  return request;
}

// A rendering, as lips_avatar_cancel finds it.
struct Running {
  explicit Running(lips_avatar& avatar_in) : avatar(avatar_in) {
    const std::scoped_lock lock(avatar.mutex);
    avatar.running.push_back(&stop);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    const std::scoped_lock lock(avatar.mutex);
    std::erase(avatar.running, &stop);
  }
  lips_avatar& avatar;
  mutable StopFlag stop;
};

Status RenderFile(lips_avatar* avatar, const char* audio, const char* output, const lips_render_options* given,
                  lips_render_report* out) {
  RETURN_IF_ERROR(NotNull(avatar, "avatar"));
  RETURN_IF_ERROR(NotNull(audio, "audio"));
  RETURN_IF_ERROR(NotNull(output, "output"));
  if (out != nullptr) RETURN_IF_ERROR(CheckSize<lips_render_report>(out->struct_size, "report"));
  ASSIGN_OR_RETURN(const lips_render_options options, ReadStruct(given, DefaultOptions(), "options"));
  ASSIGN_OR_RETURN(RenderRequest request, ToRequest(*avatar, audio, output, options));
  const Running running(*avatar);
  request.stop = &running.stop;
  request.progress = [&](int64_t done, int64_t total) {
    if (options.progress != nullptr && options.progress(done, total, options.user) != 0) running.stop.Raise();
  };
  ASSIGN_OR_RETURN(const RenderReport done, Render(request));
  return WriteStruct(ReportOf(done), out, "report");
}

}  // namespace
}  // namespace lips::capi

void lips_render_options_init(lips_render_options* options, size_t struct_size) {
  lips::capi::InitStruct(lips::capi::DefaultOptions(), options, struct_size);
}

void lips_render_report_init(lips_render_report* report, size_t struct_size) {
  lips::capi::InitStruct({}, report, struct_size);
}

int lips_avatar_render(lips_avatar* avatar, const char* audio, const char* output, const lips_render_options* options,
                       lips_render_report* report) {
  return lips::capi::Guard(avatar != nullptr ? &avatar->error : nullptr,
                           [&] { return lips::capi::RenderFile(avatar, audio, output, options, report); });
}

void lips_avatar_cancel(lips_avatar* avatar) {
  if (avatar == nullptr) return;
  const std::scoped_lock lock(avatar->mutex);
  for (lips::StopFlag* stop : avatar->running) stop->Raise();
}

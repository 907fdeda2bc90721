#include "render/render.h"

#include <algorithm>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/memory.h"
#include "base/pipeline.h"
#include "composite/composite.h"
#include "composite/fade.h"
#include "engine/template_cache.h"
#include "engine/template_level.h"
#include "provenance/manifest.h"
#include "render/finish.h"
#include "render/job.h"
#include "render/output.h"
#include "talker/packed_templates.h"
#include "talker/presence.h"
#include "talker/timeline.h"

namespace lips {
namespace {

constexpr int kMostJobs = 16;  // frames generated together, whatever the engine likes

// Frames in flight: what is generated together and what is decoded meanwhile, one for each other stage and a little
// slack.
int SlotCount(const Generator& generator) { return 5 + 2 * std::min(generator.preferred_jobs(), kMostJobs); }

// Everything one output frame needs on its way through the stages. Slots circulate; nothing is allocated per frame.
struct Slot {
  int64_t frame = 0;
  int64_t template_index = 0;
  int64_t next_use = 0;            // of that template frame; TemplateCache::kNever
  TemplateCache::Handle prepared;  // null: `face` has the network's pictures
  Place place;                     // of the face; empty: there is none
  TemplateFace face;
  std::vector<float> window;
  float presence = 1;  // of the mouth; 0: the frame is the template's
  Image mouth;
};
using SlotPtr = std::unique_ptr<Slot>;

struct HeardWindow {
  std::vector<float> window;
  float presence = 1;
};

// Adds the time of its own life to a stage's statistics.
class Timed {
 public:
  explicit Timed(DurationStats& stats) : stats_(stats) {}
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;
  ~Timed() { stats_.Add(watch_.ElapsedMs()); }

 private:
  DurationStats& stats_;
  Stopwatch watch_;
};

// The stages of one render over their shared state.
class RenderRun {
 public:
  RenderRun(const RenderRequest& request, Job& job, const Timeline& time, TemplateReader& templates,
            const std::optional<PackedTemplates>& packed, TemplateCache& cache, Finish& finish, RenderOutput& output,
            RenderReport& report)
      : request_(request),
        job_(job),
        time_(time),
        templates_(templates),
        packed_(packed),
        cache_(cache),
        finish_(finish),
        output_(output),
        report_(report) {}

  Status Run(const Stopwatch& since_call) {
    since_call_ = &since_call;
    for (int i = 0; i < slot_count_; ++i) free_.Push(std::make_unique<Slot>());
    pipeline_.AddStage("template", [this] { return Decode(); });
    pipeline_.AddStage("audio", [this] { return ComputeWindows(); });
    pipeline_.AddStage("network", [this] { return Generate(); });
    pipeline_.AddStage("composite", [this] { return Composite(); });
    if (finish_.works()) pipeline_.AddStage("finish", [this] { return Apply(); });
    pipeline_.AddStage("encode", [this] { return Encode(); });
    return pipeline_.Run();
  }

  // Frames generated from their pictures, without a template of their own.
  int64_t made_once() const { return made_once_; }
  int64_t without_face() const { return without_face_; }
  // Frames that show the template, since nothing is said.
  int64_t at_rest() const { return at_rest_; }

 private:
  using Slots = BoundedQueue<SlotPtr>;

  Status Decode() {
    for (int64_t n = 0; n < time_.frames(); ++n) {
      auto slot = free_.Pop();
      if (!slot) return {};
      const Timed timed(report_.decode);
      Slot& s = **slot;
      s.frame = n;
      s.template_index = time_.TemplateIndex(n);
      s.next_use = time_.NextUse(n).value_or(TemplateCache::kNever);
      s.place = job_.avatar->places()[static_cast<size_t>(s.template_index)];
      if (s.place.width == 0) {  // no face: the frame stays
        ++without_face_;
        s.prepared.reset();
        RETURN_IF_ERROR(templates_.Read(s.template_index, FaceParts::kFrameAndCrop, s.face));
        if (!decoded_.Push(*std::move(slot))) return {};
        continue;
      }
      s.prepared = cache_.Get(s.template_index, s.next_use);
      if (s.prepared == nullptr && packed_) {
        ASSIGN_OR_RETURN(auto ready, packed_->Get(s.template_index));
        s.prepared = cache_.Adopt(s.template_index, std::move(ready), s.next_use);
      }
      const FaceParts parts = s.prepared ? FaceParts::kFrameAndCrop : FaceParts::kAll;
      RETURN_IF_ERROR(templates_.Read(s.template_index, parts, s.face));
      if (!decoded_.Push(*std::move(slot))) return {};
    }
    decoded_.Close();
    return {};
  }

  Status ComputeWindows() {
    const bool shows_template = request_.job.shows_template_at_rest() && job_.avatar->rests();
    Presence presence;
    for (int64_t n = 0; n < time_.frames(); ++n) {
      HeardWindow heard;
      {
        const Timed timed(report_.features);
        RETURN_IF_ERROR(job_.windows->Window(time_.Heard(n), heard.window));
        if (shows_template) heard.presence = presence.Next(job_.windows->Quiet(time_.Heard(n)), report_.fps.AsDouble());
      }
      if (!windows_.Push(std::move(heard))) return {};
    }
    windows_.Close();
    return {};
  }

  // The first frame alone, so that it comes soon; then as many together as the engine likes.
  Status Generate() {
    const auto most = static_cast<size_t>(std::min(job_.generator->preferred_jobs(), kMostJobs));
    std::vector<SlotPtr> slots;
    for (size_t wanted = 1; auto slot = decoded_.Pop(); wanted = most) {
      slots.clear();
      while (slot) {
        auto heard = windows_.Pop();
        if (!heard) return {};
        (*slot)->window = std::move(heard->window);
        (*slot)->presence = heard->presence;
        slots.push_back(*std::move(slot));
        if (slots.size() == wanted) break;
        slot = decoded_.Pop();
      }
      const Stopwatch watch;
      RETURN_IF_ERROR(GenerateTogether(slots));
      const double ms = watch.ElapsedMs() / static_cast<double>(slots.size());
      for (SlotPtr& done : slots) {
        report_.generate.Add(ms);
        if (!generated_.Push(std::move(done))) return {};
      }
    }
    generated_.Close();
    return {};
  }

  Status GenerateTogether(std::span<const SlotPtr> slots) {
    const int size_px = job_.generator->size_px();
    jobs_.clear();
    for (const SlotPtr& slot : slots) {
      Slot& s = *slot;
      if (s.place.width == 0) continue;
      if (s.presence == 0) {
        ++at_rest_;
        s.prepared.reset();
        continue;
      }
      const FaceInputs& inputs = s.face.inputs;
      const bool once = s.next_use == TemplateCache::kNever && job_.generator->takes_pictures();
      s.mouth.Resize(size_px, size_px);
      if (s.prepared == nullptr) s.prepared = cache_.Get(s.template_index, s.next_use);  // made since it was decoded
      if (s.prepared == nullptr && once) {
        ++made_once_;
        jobs_.push_back({nullptr, s.window, s.mouth.view(), inputs.roi.view(), inputs.masked.view()});
        continue;
      }
      if (s.prepared == nullptr) {
        ASSIGN_OR_RETURN(s.prepared, cache_.Prepare(*job_.generator, s.template_index, inputs.roi.view(),
                                                    inputs.masked.view(), s.next_use));
      }
      jobs_.push_back({s.prepared.get(), s.window, s.mouth.view()});
    }
    if (jobs_.empty()) return {};
    if (Status status = job_.generator->Generate(jobs_); !status.ok()) {
      return std::move(status).TakeError().Within("frames from " + std::to_string(slots.front()->frame));
    }
    for (const SlotPtr& slot : slots) slot->prepared.reset();
    return {};
  }

  Status Composite() {
    const auto composite = MakeComposite(request_.job.composite, request_.job.feather);
    while (auto slot = generated_.Pop()) {
      Slot& s = **slot;
      {
        const Timed timed(report_.composite);
        finish_.TakeMatte(s.face);
        if (s.place.width > 0 && s.presence > 0) {
          if (s.presence < 1) FadeMouth(s.face.inputs.crop.view(), s.mouth.view(), s.presence, s.mouth.view());
          composite->Paste(s.face.inputs.crop.view(), s.mouth.view(), s.place, s.face.frame.view());
        }
      }
      if (!composited_.Push(*std::move(slot))) return {};
    }
    composited_.Close();
    return {};
  }

  Status Apply() {
    while (auto slot = composited_.Pop()) {
      {
        const Timed timed(report_.finish);
        RETURN_IF_ERROR(finish_.Apply((*slot)->frame, (*slot)->face));
      }
      if (!finished_.Push(*std::move(slot))) return {};
    }
    finished_.Close();
    return {};
  }

  Status Encode() {
    Slots& ready = finish_.works() ? finished_ : composited_;
    while (auto slot = ready.Pop()) {
      if (request_.stop != nullptr) RETURN_IF_ERROR(request_.stop->Check());
      const int64_t frame = (*slot)->frame;
      if (frame == 0) report_.first_frame_s = since_call_->ElapsedMs() / 1000;
      {
        const Timed timed(report_.encode);
        const TemplateFace& face = (*slot)->face;
        RETURN_IF_ERROR(output_.Write(face.frame.view(), face.alpha.view()));
      }
      free_.Push(*std::move(slot));
      if (request_.progress) request_.progress(frame + 1, time_.frames());
      report_.frames = frame + 1;
    }
    free_.Close();
    return {};
  }

  const RenderRequest& request_;
  Job& job_;
  const Timeline& time_;
  TemplateReader& templates_;
  const std::optional<PackedTemplates>& packed_;
  TemplateCache& cache_;
  Finish& finish_;
  RenderOutput& output_;
  RenderReport& report_;
  const Stopwatch* since_call_ = nullptr;
  const int slot_count_ = SlotCount(*job_.generator);
  std::vector<Generator::Job> jobs_;  // of the network stage
  int64_t made_once_ = 0;             // frames it made without a template
  int64_t at_rest_ = 0;               // frames of the network stage that need no mouth
  int64_t without_face_ = 0;          // frames of the template stage that stay as they are
  Pipeline pipeline_;
  Slots& free_ = pipeline_.AddQueue<SlotPtr>(static_cast<size_t>(slot_count_));
  Slots& decoded_ = pipeline_.AddQueue<SlotPtr>(static_cast<size_t>(slot_count_));
  Slots& generated_ = pipeline_.AddQueue<SlotPtr>(static_cast<size_t>(slot_count_));
  Slots& composited_ = pipeline_.AddQueue<SlotPtr>(static_cast<size_t>(slot_count_));
  Slots& finished_ = pipeline_.AddQueue<SlotPtr>(static_cast<size_t>(slot_count_));
  BoundedQueue<HeardWindow>& windows_ = pipeline_.AddQueue<HeardWindow>(static_cast<size_t>(slot_count_));
};

// How many template frames this render shows more than once (about: it looks at the first pass).
int64_t FramesThatComeAgain(const Timeline& time, int64_t template_frames) {
  int64_t count = 0;
  for (int64_t n = 0; n < std::min(time.frames(), template_frames); ++n) count += time.NextUse(n) ? 1 : 0;
  return count;
}

Status CheckRequest(const RenderRequest& request) {
  if (!request.video && !request.frames_folder) {
    return Error(ErrorCode::kInvalidInput, "nothing to write: neither a video file nor a folder for frames was given");
  }
  if (request.sign && !request.video) {
    return Error(ErrorCode::kInvalidInput, "a folder of pictures cannot be signed; write a video");
  }
  if (request.sign) RETURN_IF_ERROR(CheckNote(request.sign->consent));
  if (request.video) RETURN_IF_ERROR(CheckOutputPath(request.job, *request.video));
  if (request.frames_folder) RETURN_IF_ERROR(CheckOutputPath(request.job, *request.frames_folder));
  return {};
}

}  // namespace

Result<RenderReport> Render(const RenderRequest& request) {
  const Stopwatch watch;
  RETURN_IF_ERROR(CheckRequest(request));
  std::optional<SigningKey> key;  // found out now rather than after an hour's render
  if (request.sign) {
    ASSIGN_OR_RETURN(key, SigningKey::ReadPem(request.sign->key));
  }
  ASSIGN_OR_RETURN(Job job, OpenSources(request.job));

  RenderReport report;
  const Avatar& avatar = *job.avatar;
  const VideoInfo& video = avatar.video();
  report.width = video.width;
  report.height = video.height;
  report.fps = request.fps.value_or(video.fps);
  const auto timeline = [&] {
    return Timeline(job.speech.feature_rows, report.fps, video.frames, video.fps, request.start_frame, request.loop);
  };
  ASSIGN_OR_RETURN(Finish finish, Finish::Open(request.finish, avatar, report.fps));
  report.transparency = finish.transparency();
  report.template_budget_bytes =
      request.cache_bytes ? *request.cache_bytes : UsualTemplateBytes(request.job.engine.session);
  JobRequest networks = request.job;
  const int64_t repeated = FramesThatComeAgain(timeline(), video.frames);
  const bool takes_packed = networks.engine.session.backend != Backend::kCuda;
  if (request.cache_level) {
    networks.engine.template_level = *request.cache_level;
  } else if (const int packed_level = avatar.origin().template_level; takes_packed && packed_level != 0) {
    networks.engine.template_level = static_cast<TemplateLevel>(packed_level);
  } else if (const int network_level = avatar.origin().network_level;
             takes_packed && network_level != 0 && !request.cache_bytes) {
    networks.engine.template_level = static_cast<TemplateLevel>(network_level);
  } else if (repeated > 0 && report.template_budget_bytes > 0) {
    networks.engine.template_level = ChooseTemplateLevel(avatar.face().roi_px(), networks.engine.session, repeated,
                                                         static_cast<size_t>(report.template_budget_bytes));
  }
  report.template_level = networks.engine.template_level;
  report.compositing = Name(request.job.composite);
  networks.engine.used = UsedPixels(request.job.composite, avatar.face().roi_px());
  RETURN_IF_ERROR(OpenNetworks(networks, job));
  report.engine = job.generator->Describe();
  report.audio_encoder = job.encoder ? job.encoder->Describe() : request.job.features ? "features file" : "none";
  report.inputs = avatar.uses_package_inputs() ? "package" : "derived";
  report.rectangles = Name(avatar.rectangles());
  report.feather = request.job.composite == CompositeMode::kNatural ? request.job.feather : 0;
  report.silence_gate = job.encoder != nullptr && request.job.rests_in_silence();
  report.mouth_gain = request.job.mouth_gain;
  report.smooth_audio = request.job.smooth_audio;
  report.av_offset_ms = request.job.av_offset_ms;
  report.avatar_name = avatar.name();
  ASSIGN_OR_RETURN(report.avatar_sha256, avatar.ContentHash());
  report.model_sha256 = job.model_sha256;
  report.encoder_sha256 = job.encoder_sha256;
  report.features_sha256 = job.features_sha256;
  report.audio_sha256 = job.speech.sha256;
  report.audio_samples_16k = job.speech.samples_16k;
  if (request.video) report.video = *request.video;

  const Timeline time = timeline();  // packaged features may have made it shorter
  ASSIGN_OR_RETURN(const auto packed, PackedTemplates::Open(avatar, *job.generator));
  TemplateCache cache(static_cast<size_t>(report.template_budget_bytes));
  ASSIGN_OR_RETURN(const auto templates, avatar.OpenTemplates());
  ASSIGN_OR_RETURN(RenderOutput output, RenderOutput::Open(request, report, video.format, finish.writes_alpha()));
  report.open_s = watch.ElapsedMs() / 1000;

  RenderRun run(request, job, time, *templates, packed, cache, finish, output, report);
  RETURN_IF_ERROR(run.Run(watch));
  if (request.stop != nullptr) RETURN_IF_ERROR(request.stop->Check());
  RETURN_IF_ERROR(output.Finish());
  if (key) RETURN_IF_ERROR(SignRender(*request.sign, *key, report));
  report.wall_s = watch.ElapsedMs() / 1000;
  report.peak_rss_bytes = PeakRssBytes();
  report.templates = cache.stats();
  report.templates.misses += run.made_once();
  report.frames_without_face = run.without_face();
  report.frames_at_rest = run.at_rest();
  return report;
}

}  // namespace lips

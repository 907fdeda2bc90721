// What the host's compute thread does with a session's frames: when each is due, what it shows, where it goes.
#include <algorithm>
#include <cmath>
#include <utility>

#include "live/talking_session.h"

namespace lips {
namespace {

constexpr int64_t kPlayoutUs = 100'000;  // a client hears what it got this much later, at most
constexpr int64_t kStatsUs = 5'000'000;
constexpr int64_t kFreeDeadlineUs = 10'000'000;  // of frames that nobody waits for: after all live ones

// [samples] as s16le.
std::shared_ptr<const std::vector<uint8_t>> ToS16(std::span<const float> samples) {
  std::vector<uint8_t> bytes(samples.size() * 2);
  for (size_t i = 0; i < samples.size(); ++i) {
    const float scaled = std::isfinite(samples[i]) ? samples[i] * 32768.0f : 0.0f;
    const auto value =
        static_cast<uint16_t>(static_cast<int16_t>(std::lround(std::clamp(scaled, -32768.0f, 32767.0f))));
    bytes[2 * i] = static_cast<uint8_t>(value);
    bytes[2 * i + 1] = static_cast<uint8_t>(value >> 8);
  }
  return std::make_shared<const std::vector<uint8_t>>(std::move(bytes));
}

}  // namespace

double TalkingSession::fps() const {
  const std::lock_guard lock(mutex_);
  return settings_.fps.AsDouble();
}

int64_t TalkingSession::PlayoutUs() const {
  return std::min<int64_t>(kPlayoutUs, int64_t{settings_.max_lead_ms} * 1000);
}

int64_t TalkingSession::LeadUs() const {
  return settings_.pace == Pace::kAsap ? int64_t{settings_.max_lead_ms} * 1000 : PlayoutUs();
}

// Whether the next frame is speech: the first utterance in the queue has a frame ready.
bool TalkingSession::SpeechIsNext() const {
  if (utterances_.empty() || !utterances_.front().ReadyUs(utterances_.front().next)) return false;
  // Between two utterances the server's idle frames fill what sound of the first one outlasts its frames.
  const bool fills = output_.settings.idle == IdleMode::kServer && output_.settings.pace != Pace::kFree;
  return utterances_.front().started || !fills || clock_.PtsUs(next_frame_) >= audio_end_us_;
}

std::optional<DueFrame> TalkingSession::NextFrame(int64_t now_us) const {
  const bool free = output_.settings.pace == Pace::kFree;
  if (free) {
    const auto sink = delivery_.sink();
    if (sink == nullptr || sink->FrameRoom() <= in_flight_) return std::nullopt;
  }
  const std::lock_guard lock(mutex_);
  if (closed_ || detached_us_ >= 0 || epoch_ != seen_epoch_) return std::nullopt;
  DueFrame due;
  due.group = output_.avatar.get();
  if (SpeechIsNext()) {
    const Utterance& front = utterances_.front();
    const int64_t ready_us = *front.ReadyUs(front.next);
    due.at_us = ready_us;
    due.deadline_us = ready_us + (free ? kFreeDeadlineUs : PlayoutUs());
    if (free || !clock_.origin_us) return due;
    const int64_t frame =
        front.started ? front.first_frame + front.next : std::max(next_frame_, clock_.FrameFrom(audio_end_us_));
    const int64_t shown_us = *clock_.origin_us + clock_.PtsUs(frame);
    due.at_us = std::max(ready_us, shown_us - LeadUs());
    due.deadline_us = std::max(shown_us, ready_us + clock_.period_us());
    return due;
  }
  const bool waits = !utterances_.empty() && utterances_.front().started;
  const bool idles = ease_left_ > 0 || (next_frame_ > 0 && settings_.idle == IdleMode::kServer && !free);
  if (waits || !idles) return std::nullopt;
  due.at_us = now_us;
  due.deadline_us = now_us + PlayoutUs();
  if (free || !clock_.origin_us) return due;
  const int64_t shown_us = *clock_.origin_us + clock_.PtsUs(next_frame_);
  due.at_us = shown_us - PlayoutUs();
  due.deadline_us = std::max(shown_us, due.at_us + clock_.period_us());
  return due;
}

std::optional<FramePlan> TalkingSession::PlanFrame(int64_t now_us, Shedding shedding, FrameMaker& maker) {
  if (SpeechIsNext()) return PlanSpeech(utterances_.front(), now_us, shedding, maker);
  return PlanIdle(now_us);
}

bool TalkingSession::ShowsTemplateAtRest() const {
  const SessionSettings& settings = output_.settings;
  return output_.avatar->avatar().rests() && settings.composite == CompositeMode::kNatural && settings.gates_silence();
}

float TalkingSession::NextPresence(bool quiet) {
  return ShowsTemplateAtRest() ? presence_.Next(quiet, output_.settings.fps.AsDouble()) : 1;
}

// After the mouth has come to rest.
int TalkingSession::FadeFrames() const {
  return ShowsTemplateAtRest() ? Presence::FadeFrames(output_.settings.fps.AsDouble()) : 0;
}

int TalkingSession::EaseFrames() const { return kEaseFrames + FadeFrames(); }

int64_t TalkingSession::TemplateIndexOf(int64_t frame) const {
  return template_time_.TemplateIndex(frame - template_lag_);
}

// With mutex_ held.
FramePlan TalkingSession::NewPlan(int64_t frame, int64_t now_us) {
  const bool free = settings_.pace == Pace::kFree;
  FramePlan plan;
  plan.output = &output_;
  plan.epoch = seen_epoch_;
  plan.pts_us = clock_.PtsUs(frame);
  plan.template_index = TemplateIndexOf(frame);
  if (!clock_.origin_us) clock_.origin_us = now_us + PlayoutUs() - plan.pts_us;
  plan.ready_us = now_us;
  plan.deadline_us = free ? now_us + kFreeDeadlineUs : *clock_.origin_us + plan.pts_us;
  plan.key = std::exchange(key_wanted_, false);
  if (std::exchange(discontinuity_, false)) plan.flags |= kMediaDiscontinuity;
  if (std::exchange(dropped_before_, false)) plan.flags |= kMediaFramesDropped;
  next_frame_ = frame + 1;
  ++in_flight_;
  return plan;
}

void TalkingSession::StartUtterance(Utterance& utterance, int64_t now_us) {
  const std::lock_guard lock(mutex_);
  int64_t frame = std::max(next_frame_, clock_.FrameFrom(audio_end_us_));
  if (clock_.origin_us && settings_.pace != Pace::kFree) {
    frame = std::max(frame, clock_.FrameFrom(clock_.PlayedUs(now_us) + PlayoutUs()));
  }
  utterance.first_frame = frame;
  utterance.started = true;
  ease_left_ = 0;
  if (epoch_ != seen_epoch_) return;  // interrupted meanwhile: nobody is told of it
  Speaking speaking;
  speaking.utterance = utterance.number();
  speaking.first_pts_us = clock_.PtsUs(frame);
  speaking.last_pts_us = speaking.first_pts_us;
  speaking_.push_back(std::move(speaking));
  ++totals_.utterances;
  delivery_.Post(ServerEvent(UtteranceStartedEvent{utterance.number(), utterance.start_sample(), clock_.PtsUs(frame)}));
}

// With mutex_ held. Whether frame `k` is left out: too late to be worth making, or one too many for a slow connection.
// Only where pictures keep up with a clock that does not wait for them is any too late: the pace's, or that of sound
// which goes beside them.
bool TalkingSession::LeavesOut(Utterance& utterance, int64_t k, int64_t now_us) {
  if (settings_.pace == Pace::kFree || utterance.frames() == k + 1) return false;
  const bool sound_beside = settings_.audio_out != AudioOut::kNone && settings_.mode != VideoMode::kMp4;
  const bool waits = settings_.pace == Pace::kAsap && !sound_beside;
  const int64_t shown_us = clock_.origin_us.value_or(now_us) + clock_.PtsUs(utterance.first_frame + k);
  const bool late = !waits && shown_us + clock_.period_us() < now_us && utterance.ReadyUs(k + 1);
  if (!late && !(LeavesHalf() && k % 2 == 1)) return false;
  CountLost(speaking_.empty() ? nullptr : &speaking_.back());
  return true;
}

// With mutex_ held. A frame of speech that the client never gets.
void TalkingSession::CountLost(Speaking* speaking) {
  dropped_before_ = true;
  ++totals_.dropped;
  host_.CountDropped(1);
  if (speaking != nullptr) ++speaking->frames_dropped;
}

// With mutex_ held. Sound that came only after its frame's time moves the client's clock, not the frame.
void TalkingSession::CatchUnderrun(const Utterance& utterance, int64_t k, int64_t ready_us) {
  if (settings_.pace == Pace::kFree || !clock_.origin_us) return;
  const int64_t pts_us = clock_.PtsUs(utterance.first_frame + k);
  if (ready_us <= *clock_.origin_us + pts_us) return;
  const int64_t late_us = ready_us - *clock_.origin_us - pts_us;
  clock_.origin_us = ready_us + PlayoutUs() - pts_us;
  discontinuity_ = true;
  if (speaking_.empty() || std::exchange(speaking_.back().warned, true)) return;
  delivery_.Post(
      ServerEvent(WarningEvent{"audio_underrun", "the audio of frame " + std::to_string(k) + " came " +
                                                     std::to_string(late_us / 1000) + " ms after its time"}));
}

std::optional<FramePlan> TalkingSession::PlanSpeech(Utterance& utterance, int64_t now_us, Shedding shedding,
                                                    FrameMaker& maker) {
  if (!utterance.started) StartUtterance(utterance, now_us);
  const int64_t k = utterance.next++;
  const int64_t ready_us = *utterance.ReadyUs(k);
  const bool last = utterance.frames() == k + 1;
  const SessionSettings& settings = output_.settings;
  const bool free = settings.pace == Pace::kFree;
  bool left_out = false;
  std::optional<FramePlan> plan;
  const bool rests = utterance.Rests(k);
  const float presence = NextPresence(utterance.Quiet(k));
  const bool settled = ShowsTemplateAtRest() ? presence == 0 : rests;
  const bool left_to_client = settled && !last && !free && settings.idle == IdleMode::kClient;
  {
    const std::lock_guard lock(mutex_);
    CatchUnderrun(utterance, k, ready_us);
    left_out = LeavesOut(utterance, k, now_us);
    last_plan_us_ = last_spoken_us_ = now_us;
    const int64_t end = last ? utterance.samples() : clock_.SamplesBefore(k + 1, settings.audio_rate_hz);
    if (epoch_ == seen_epoch_) {
      rendered_samples_ = std::max(rendered_samples_, utterance.start_sample() + end);
      if (!speaking_.empty()) speaking_.back().samples = utterance.samples();
    }
    UpdatePause();
    if (!left_out && !left_to_client) {
      plan = NewPlan(utterance.first_frame + k, now_us);
      plan->presence = presence;
      plan->utterance = utterance.number();
      plan->number = k;
      plan->last = last;
      plan->pause = last && utterances_.size() == 1;
      if (last) plan->flags |= kMediaLast;
      if (!free) plan->ready_us = std::max(ready_us, plan->deadline_us - LeadUs());
      plan->deadline_us = std::max(plan->deadline_us, ready_us + clock_.period_us());
    }
    next_frame_ = utterance.first_frame + k + 1;
  }
  if (plan && !free && shedding >= Shedding::kHoldMouth) {
    plan->mouth = MouthSource::kHeld;
  } else if (plan && !free && shedding >= Shedding::kHalfRate && k % 2 == 1 && !last) {
    plan->mouth = MouthSource::kRepeat;
  } else if (plan && (rests || settled)) {
    plan->mouth = MouthSource::kRest;
  }
  if (plan && rests && !free) plan->flags |= kMediaIdle;
  if (!left_out) {  // also where the window is not used: the encoder keeps up with the sound
    if (Status status = utterance.Window(k, last_window_); !status.ok()) {
      Fail({"server", "features_failed", status.error().message()}, {});
      if (plan) plan->mouth = MouthSource::kHeld;
    }
    if (plan && plan->mouth == MouthSource::kNetwork) plan->window = last_window_;
  }
  PlanSound(utterance, k, last, maker, plan ? &*plan : nullptr);
  if (plan) plan->name = utterance.name();
  if (last) EndUtterance();
  delivery_.Pump();
  return plan;
}

void TalkingSession::EndUtterance() {
  const Utterance& utterance = utterances_.front();
  const int64_t samples = utterance.samples();
  {
    const std::lock_guard lock(mutex_);
    audio_end_us_ = clock_.PtsUs(utterance.first_frame) + MulDiv(samples, 1'000'000, output_.settings.audio_rate_hz);
    if (output_.settings.mode == VideoMode::kMp4 && utterances_.size() == 1) audio_end_us_ += kFlushSoundUs;
    if (epoch_ == seen_epoch_) queued_utterances_ = std::max(0, queued_utterances_ - 1);
    for (Speaking& speaking : speaking_) {
      if (speaking.utterance == utterance.number()) speaking.samples = samples;
    }
  }
  ease_left_ = output_.settings.gates_silence() && output_.settings.pace != Pace::kFree ? EaseFrames() : 0;
  utterances_.pop_front();
}

// The sound of frame `k`, and of those left out before it, goes along: never dropped, never late because of a picture.
void TalkingSession::PlanSound(Utterance& utterance, int64_t k, bool last, FrameMaker& maker, FramePlan* plan) {
  const SessionSettings& settings = output_.settings;
  if (!settings.gives_sound()) return;
  const bool contained = settings.mode == VideoMode::kMp4;
  if (contained && plan == nullptr) return;  // with the next frame
  const int rate = settings.audio_rate_hz;
  int64_t pts_us = MulDiv(utterance.audio_position(), 1'000'000, rate);
  int64_t end = utterance.samples();
  {
    const std::lock_guard lock(mutex_);
    pts_us += clock_.PtsUs(utterance.first_frame);
    if (!last) end = std::min(end, clock_.SamplesBefore(k + 1, rate));
  }
  std::vector<float> samples = utterance.TakeAudio(end);
  if (contained) {
    plan->sound = std::move(samples);
    plan->sound_pts_us = pts_us;
    return;
  }
  std::vector<MediaMessage> messages;
  if (settings.audio_out == AudioOut::kPcmS16) {
    MediaMessage message;
    message.header.kind = MediaKind::kAudio;
    message.header.codec = MediaCodec::kPcmS16;
    message.header.flags = kMediaKey;
    message.header.pts_us = pts_us;
    message.payload = ToS16(samples);
    if (!samples.empty()) messages.push_back(std::move(message));
  } else if (Status status = maker.EncodeSound(output_, samples, pts_us, last, messages); !status.ok()) {
    return Fail({"server", "sound_failed", status.error().message()}, {});
  }
  const std::lock_guard lock(mutex_);
  if (epoch_ != seen_epoch_ || closed_) return;
  for (MediaMessage& message : messages) {
    message.header.utterance = utterance.number();
    message.header.seq = seq_++;
    delivery_.Post(std::move(message));
  }
}

std::optional<FramePlan> TalkingSession::PlanIdle(int64_t now_us) {
  const std::lock_guard lock(mutex_);
  int64_t frame = next_frame_;
  if (clock_.origin_us && settings_.pace != Pace::kFree) {
    const int64_t now_shown = clock_.FrameFrom(std::max<int64_t>(0, clock_.PlayedUs(now_us) - clock_.period_us()));
    if (now_shown > frame) {  // the host was held up
      totals_.dropped += now_shown - frame;
      host_.CountDropped(now_shown - frame);
      dropped_before_ = true;
      frame = now_shown;
    }
  }
  FramePlan plan = NewPlan(frame, now_us);
  plan.flags |= kMediaIdle;
  plan.mouth = MouthSource::kRest;
  if (settings_.pace != Pace::kFree) plan.ready_us = plan.deadline_us - PlayoutUs();
  if (ease_left_ > 0) --ease_left_;
  const int eases = ease_left_ - FadeFrames();
  plan.presence = NextPresence(eases <= 0);
  if (eases > 0) {
    plan.mouth = MouthSource::kNetwork;
    plan.window = last_window_;
    EaseToRest(output_.avatar->rest_window(), static_cast<float>(eases) / kEaseFrames, plan.window);
  }
  plan.pause = ease_left_ == 0 && settings_.idle == IdleMode::kClient;
  return plan;
}

FrameFate TalkingSession::FinishFrame(const FramePlan& plan, MadeFrame made) {
  FrameFate fate;
  std::optional<ProtocolError> error;
  --in_flight_;
  {
    const std::lock_guard lock(mutex_);
    const auto said = std::ranges::find(speaking_, plan.utterance, &Speaking::utterance);
    Speaking* speaking = plan.utterance != 0 && said != speaking_.end() ? &*said : nullptr;
    if (closed_ || detached_us_ >= 0 || epoch_ != plan.epoch) {
      key_wanted_ = true;  // what follows must not lean on a picture the client never gets
      fate.stale = true;
      if (closed_ || epoch_ != plan.epoch || speaking == nullptr) return fate;
      CountLost(speaking);
      ended_unheard_ = plan.last;
      return fate;
    }
    const int64_t now_us = host_.NowUs();
    fate.invalid = made.invalid;
    if (made.invalid || !made.status.ok()) {
      const bool told = speaking != nullptr && std::exchange(speaking->invalid_told, true);
      if (!told) error = ErrorOf(made);
    }
    fate.idle = (plan.flags & kMediaIdle) != 0;
    fate.latency_us = std::max<int64_t>(0, now_us - plan.ready_us);
    fate.late = now_us > plan.deadline_us;
    fate.sent = made.status.ok() && (!made.media.empty() || output_.settings.mode == VideoMode::kMp4);
    for (MediaMessage& message : made.media) {
      MediaHeader& header = message.header;
      if ((header.flags & kMediaRepeat) != 0) fate.repeated = true;
      if (header.kind != MediaKind::kMp4Init) header.flags |= plan.flags;
      if (header.kind == MediaKind::kFrame || header.kind == MediaKind::kPatch) header.pts_us = plan.pts_us;
      header.utterance = plan.utterance;
      header.seq = seq_++;
      header.server_latency_us = static_cast<uint32_t>(std::min<int64_t>(fate.latency_us, UINT32_MAX));
      delivery_.Post(std::move(message));
    }
    totals_.sent += fate.sent ? 1 : 0;
    totals_.late += fate.late ? 1 : 0;
    totals_.repeated += fate.repeated ? 1 : 0;
    sent_end_us_ = plan.pts_us + clock_.period_us();
    if (speaking != nullptr) {
      fate.first = speaking->latency_ms.count() == 0;
      speaking->frames_sent += fate.sent ? 1 : 0;
      if (!fate.sent) CountLost(speaking);  // spoiled, or a repetition where the coding has none
      speaking->latency_ms.Add(static_cast<double>(fate.latency_us) / 1000);
      speaking->last_pts_us = plan.pts_us;
      speaking->name = plan.name;
      if (plan.last) PostDone(false, now_us);
    }
    if (!facts_.in_process && now_us - last_stats_us_ >= kStatsUs) PostStats(now_us);
    if (plan.last) dirty_ = true;  // a client that waits for the end to close
  }
  delivery_.Pump();
  if (error) Fail(*std::move(error), {});
  return fate;
}

ProtocolError TalkingSession::ErrorOf(const MadeFrame& made) {
  ProtocolError error{"server", "frame_failed", "a frame could not be made"};
  if (!made.status.ok()) error.message = made.status.error().message();
  if (made.invalid) {
    error.code = "model_output_invalid";
    error.message = "the network gave NaN or infinity; an earlier picture is shown";
  }
  return error;
}

// With mutex_ held.
void TalkingSession::PostStats(int64_t now_us) {
  last_stats_us_ = now_us;
  StatsEvent stats{totals_.sent, totals_.dropped, totals_.late, totals_.repeated, BufferedMs()};
  if (!speaking_.empty() && speaking_.back().latency_ms.count() > 0) {
    stats.p50_ms = speaking_.back().latency_ms.Percentile(50);
    stats.p99_ms = speaking_.back().latency_ms.Percentile(99);
  }
  stats.client_dropped = playback_.dropped;
  delivery_.Post(ServerEvent(stats));
}

}  // namespace lips

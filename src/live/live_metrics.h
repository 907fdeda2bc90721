// Counts and distributions of a live host, named as its /metrics page names them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

namespace lips {

// A cumulative histogram over fixed bounds, as Prometheus wants it. One thread at a time.
class Histogram {
 public:
  // Upper bounds in seconds of every bucket but the last, which has none.
  static constexpr std::array<double, 16> kBounds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.06,
                                                     0.08,   0.12,  0.2,    0.4,   0.8,  1.6,  3.2,  10};
  void Add(double seconds);

  // Values at most kBounds[i].
  int64_t at_most(size_t i) const;
  int64_t count() const { return count_; }
  double sum() const { return sum_; }
  // The upper bound of the bucket that holds the p-th percentile, p in [0, 100]; 0 when empty.
  double PercentileBound(double p) const;

 private:
  std::array<int64_t, kBounds.size() + 1> buckets_{};
  int64_t count_ = 0;
  double sum_ = 0;
};

enum class LiveStage : uint8_t { kDecode, kFeatures, kInfer, kComposite, kEncode };
inline constexpr std::array<const char*, 5> kLiveStageNames = {"decode", "features", "infer", "composite", "encode"};

// A snapshot; gauges are of now, the rest since the host began.
struct LiveMetrics {
  int64_t sessions_speaking = 0;  // in an utterance
  int64_t sessions_idle = 0;      // connected, between utterances
  int64_t sessions_detached = 0;  // without a connection
  int64_t slots_total = 0;        // of sessions at the avatars' own frame rate
  double slots_used = 0;
  int64_t frames_sent = 0;
  int64_t frames_dropped = 0;  // never made, because too late
  int64_t frames_late = 0;     // sent after their deadline
  int64_t frames_repeated = 0;
  int64_t frames_stale = 0;                              // made and thrown away: their utterance was interrupted
  int64_t frames_idle = 0;                               // of those sent
  int64_t frames_invalid = 0;                            // the network gave NaN
  Histogram frame_latency;                               // ready to be made -> handed to the sink
  Histogram first_frame;                                 // the same of each utterance's first
  std::array<Histogram, kLiveStageNames.size()> stages;  // per frame; features: per call
  Histogram barge_in;                                    // clear received -> output.cleared handed to the sink
  std::array<int64_t, 17> batch_sizes{};                 // [n]: batches of n frames; the last: of 16 and more
  int64_t queue_depth = 0;                               // frames that were due when the last batch was taken
  double audio_buffer_seconds = 0;                       // un-rendered, all sessions together
  std::map<std::string, int64_t> errors;                 // by code
  bool admission_open = true;
  int shedding_level = 0;  // 0..4: live/shedding.h
  int64_t wakeups = 0;     // of the compute thread
  int64_t sessions_opened = 0;
  int64_t sessions_refused = 0;
  int64_t template_hits = 0, template_misses = 0;  // of the networks' template caches
  int64_t template_bytes = 0;
  int64_t frame_store_bytes = 0;  // decoded template frames
};

}  // namespace lips

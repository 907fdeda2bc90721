// From a mouth to a session's bytes: pasting and encoding, with the scratch memory one thread needs for it.
#pragma once

#include <memory>
#include <vector>

#include "composite/composite.h"
#include "live/frame_encoder.h"
#include "live/frame_plan.h"
#include "live/live_metrics.h"

namespace lips {

// Durations of the stages, to be added to a host's metrics.
struct StageTimes {
  struct Entry {
    LiveStage stage;
    double seconds;
  };
  std::vector<Entry> entries;
};

// What a planned frame is made of.
struct FrameParts {
  FrameStore::Handle frame;
  TemplateCache::Handle face;
  Image mouth;
  bool generated = false;  // `mouth` holds this frame's
  bool cached = false;     // the patch of the mouth at rest was there
  bool keep = false;       // it was not, and now it is made
};

// A packet as a message of the protocol; what the session knows is still to be filled in.
MediaMessage MessageOf(LivePacket packet, MediaKind kind, MediaCodec codec);

// One thread at a time; several finishers may work at once, on frames of different sessions.
class FrameFinisher {
 public:
  // `open_pictures` outlives it; `feather` is natural compositing's.
  FrameFinisher(const LiveEncoderFactory& open_pictures, double feather)
      : open_pictures_(open_pictures), feather_(feather) {}

  // Frames of a session in their order. What a frame repeats is the session's last one. Errors: those of the encoder.
  Status Finish(FramePlan& plan, FrameParts& parts, MadeFrame& made, StageTimes& times);

 private:
  Status Encode(FramePlan& plan, const StoredFrame& frame, MadeFrame& made);
  Composite& CompositeFor(CompositeMode mode);

  const LiveEncoderFactory& open_pictures_;
  const double feather_;
  std::unique_ptr<Composite> natural_, compatible_;
  Image faded_;
  YuvImage picture_;
  Rect area_;  // of it, in the full frame
  std::vector<LivePacket> packets_;
};

}  // namespace lips

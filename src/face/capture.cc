#include "face/capture.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "avatar/picture_track.h"
#include "base/stats.h"
#include "image/colour.h"
#include "media/audio_reader.h"
#include "media/speech.h"
#include "media/video_writer.h"
#include "media/wav_writer.h"

namespace lips {
namespace {

constexpr int64_t kMostFrames = int64_t{2} * 3600 * 25;
constexpr int kDetailPx = 96;
constexpr int kRateHz = 16000;
constexpr int64_t kSamplesPerFrame = kRateHz / 25;
constexpr size_t kLoudWindow = 320;  // 20 ms
constexpr float kAudible = 0.01F;    // -40 dB of full scale, root mean square
constexpr float kFullScale = 0.999F;

// Facts of a frame without a face or with one.
FrameFacts FactsOf(const TrackedFace& tracked, const FaceLandmarker& landmarker, ConstImageView picture) {
  FrameFacts facts;
  facts.others = tracked.others;
  if (!tracked.face) return facts;
  const LandmarkScheme& scheme = landmarker.scheme();
  const auto& points = tracked.face->points;
  facts.edges = FaceEdges{points[scheme.left].x, points[scheme.right].x, points[scheme.top].y};
  if (scheme.lms.empty()) {
    facts.points = points;
  } else {
    for (const size_t point : scheme.lms) facts.points.push_back(points[point]);
  }
  if (scheme.mouth.size() == 4) {
    const auto between = [&points, &scheme](size_t a, size_t b) {
      const Landmark &from = points[scheme.mouth[a]], &to = points[scheme.mouth[b]];
      return std::hypot(from.x - to.x, from.y - to.y);
    };
    facts.lip_gap = between(0, 1) / std::max(between(2, 3), 1.0);
  }
  const double side = facts.edges->right - facts.edges->left;
  facts.detail = FaceDetail(picture, {.centre_x = (facts.edges->left + facts.edges->right) / 2,
                                      .centre_y = facts.edges->top + side / 4,
                                      .side = std::max(side, 1.0)});
  return facts;
}

// One more column or row where a side is odd, like its neighbour.
void GrowEven(ConstPlaneView from, Plane& to) {
  to.Resize(from.width + from.width % 2, from.height + from.height % 2);
  for (int y = 0; y < to.height(); ++y) {
    const uint8_t* row = from.Row(std::min(y, from.height - 1));
    uint8_t* out = to.view().Row(y);
    std::copy_n(row, from.width, out);
    out[to.width() - 1] = row[from.width - 1];
  }
}

}  // namespace

double FaceDetail(ConstImageView picture, const SquareRegion& face) {
  constexpr size_t kSide = kDetailPx;
  std::vector<float> planes(3 * kSide * kSide);
  SamplePatch(picture, face, {.size_px = kDetailPx, .scale = 1}, planes);
  const float* green = planes.data() + kSide * kSide;
  double sum = 0, squares = 0, bend = 0;
  for (size_t y = 1; y + 1 < kSide; ++y) {
    for (size_t x = 1; x + 1 < kSide; ++x) {
      const float* at = green + y * kSide + x;
      sum += *at;
      squares += static_cast<double>(*at) * *at;
      bend += std::abs(4 * *at - at[-1] - at[1] - at[kSide] - *(at - kSide));
    }
  }
  constexpr double kCount = (kSide - 2.0) * (kSide - 2.0);
  const double variance = squares / kCount - (sum / kCount) * (sum / kCount);
  return bend / kCount / (std::sqrt(std::max(variance, 0.0)) + 1);
}

int64_t SourceFrame(int64_t frame, FrameRate source_fps, int64_t source_frames) {
  // (frame + 1/2) / 25 seconds, in source frames.
  const int64_t at = (2 * frame + 1) * source_fps.num / (int64_t{50} * source_fps.den);
  return std::clamp<int64_t>(at, 0, source_frames - 1);
}

int64_t FramesAt25(FrameRate source_fps, int64_t source_frames) {
  const double seconds = static_cast<double>(source_frames) / source_fps.AsDouble();
  return std::max<int64_t>(1, std::llround(seconds * 25));
}

Result<Capture> CaptureVideo(const CaptureRequest& request) {
  ASSIGN_OR_RETURN(PictureTrack track, PictureTrack::Open(request.source, 0));
  Capture capture;
  capture.source = track.info();
  if (request.fps) capture.source.fps = *request.fps;
  const int64_t whole = FramesAt25(capture.source.fps, capture.source.frames);
  capture.first_frame = std::llround(request.start_s * 25);
  int64_t frames = whole - capture.first_frame;
  if (request.duration_s) frames = std::min<int64_t>(frames, std::llround(*request.duration_s * 25));
  if (frames < 1) {
    return Error(ErrorCode::kInvalidInput, "'" + request.source.path().string() + "' is " +
                                               std::to_string(static_cast<double>(whole) / 25) +
                                               " s long; nothing is left of the part asked for");
  }
  if (frames > kMostFrames) {
    return Error(ErrorCode::kResourceLimit, "the video is longer than two hours; choose a part with --duration");
  }
  VideoWriterOptions options;
  // Even, as H.264 stores it, so that every later reader finds the same size.
  options.width = capture.width = capture.source.width + capture.source.width % 2;
  options.height = capture.height = capture.source.height + capture.source.height % 2;
  options.fps = kAvatarRate;
  options.format = capture.source.format;
  options.crf = request.crf;
  capture.copy = request.copy;
  options.alpha = capture.source.alpha;
  if (options.alpha) {
    capture.copy.replace_extension(".webm");
    options.codec = DefaultCodec(capture.copy, true);
  }
  ASSIGN_OR_RETURN(VideoWriter writer, VideoWriter::Create(capture.copy, options));
  YuvImage frame;
  Plane alpha, grown_alpha;
  Image grown, picture;
  YuvImage even;
  int64_t held = -1;  // source frame that is decoded
  for (int64_t k = 0; k < frames; ++k) {
    if (request.stop != nullptr) RETURN_IF_ERROR(request.stop->Check());
    const int64_t source = SourceFrame(capture.first_frame + k, capture.source.fps, capture.source.frames);
    if (source != held) {
      RETURN_IF_ERROR(track.ReadYuv(source, frame, &alpha));
      held = source;
    }
    picture.Resize(frame.width(), frame.height());
    YuvToBgr(std::as_const(frame).view(), picture.view());
    if (frame.width() == options.width && frame.height() == options.height) {
      RETURN_IF_ERROR(writer.Write(std::as_const(frame).view(), std::as_const(alpha).view()));
    } else {
      grown.Resize(options.width, options.height);
      const ConstImageView small = std::as_const(picture).view();
      for (int y = 0; y < options.height; ++y) {
        const uint8_t* row = small.Row(std::min(y, small.height - 1));
        uint8_t* to = grown.view().Row(y);
        std::copy_n(row, ptrdiff_t{3} * small.width, to);
        if (small.width < options.width)
          std::copy_n(row + ptrdiff_t{3} * (small.width - 1), 3, to + ptrdiff_t{3} * small.width);
      }
      even.Resize(options.width, options.height, options.format);
      BgrToYuv(std::as_const(grown).view(), even.view());
      if (options.alpha) GrowEven(std::as_const(alpha).view(), grown_alpha);
      RETURN_IF_ERROR(writer.Write(std::as_const(even).view(), std::as_const(grown_alpha).view()));
    }
    if (request.tracker == nullptr) {
      capture.frames.emplace_back();
    } else {
      const Stopwatch watch;
      auto tracked = request.tracker->Next(std::as_const(picture).view());
      if (!tracked.ok()) return std::move(tracked).TakeError().Within("frame " + std::to_string(k));
      capture.track_ms += watch.ElapsedMs();
      capture.frames.push_back(FactsOf(tracked.value(), request.tracker->landmarker(), std::as_const(picture).view()));
    }
    if (request.progress) request.progress(k + 1, frames);
  }
  RETURN_IF_ERROR(writer.Finish());
  return capture;
}

Result<std::optional<SoundFacts>> CaptureSound(const Path& source, int64_t first_frame, int64_t frames,
                                               const Path& wav) {
  const int64_t begin = first_frame * kSamplesPerFrame, wanted = frames * kSamplesPerFrame;
  ASSIGN_OR_RETURN(const bool has_sound, HasSound(source));
  if (!has_sound) return std::optional<SoundFacts>();
  ASSIGN_OR_RETURN(SpeechStream stream, SpeechStream::Open(source, begin + wanted));
  std::vector<float> samples, part;
  int64_t seen = 0;
  while (true) {
    const Status status = stream.Read(part);
    if (!status.ok() && status.error().code() == ErrorCode::kEndOfStream) break;
    RETURN_IF_ERROR(status);
    const int64_t skip = std::clamp<int64_t>(begin - seen, 0, static_cast<int64_t>(part.size()));
    samples.insert(samples.end(), part.begin() + static_cast<std::ptrdiff_t>(skip), part.end());
    seen += static_cast<int64_t>(part.size());
  }
  SoundFacts facts;
  facts.seconds = static_cast<double>(std::min<int64_t>(static_cast<int64_t>(samples.size()), wanted)) / kRateHz;
  samples.resize(static_cast<size_t>(wanted));
  size_t loud = 0, clipped = 0;
  for (size_t at = 0; at + kLoudWindow <= samples.size(); at += kLoudWindow) {
    float squares = 0;
    for (size_t i = 0; i < kLoudWindow; ++i) squares += samples[at + i] * samples[at + i];
    if (squares / kLoudWindow > kAudible * kAudible) ++loud;
  }
  for (const float sample : samples) {
    facts.peak = std::max(facts.peak, static_cast<double>(std::abs(sample)));
    if (std::abs(sample) >= kFullScale) ++clipped;
  }
  facts.loud_s = static_cast<double>(loud * kLoudWindow) / kRateHz;
  facts.clipped = static_cast<double>(clipped) / static_cast<double>(samples.size());
  RETURN_IF_ERROR(WriteSpeechWav(wav, samples, kRateHz));
  return std::optional(facts);
}

}  // namespace lips

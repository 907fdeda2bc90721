#include "face/warnings.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>

namespace lips {
namespace {

constexpr int64_t kShortFrames = 30 * 25;  // below that nothing much can be learned
constexpr int64_t kGoodFrames = 120 * 25;  // from there on training is as good as it gets
constexpr double kSmallPart = 0.45;        // of the network's picture: 144 of 320 px
constexpr double kBlurred = 0.11;          // FaceDetail: a crisp face has 0.2, one blurred by 3 % of its width 0.09
constexpr double kBlurredBeside = 0.55;    // of the video's own median
constexpr double kFastPart = 0.12;         // of the face's width, between two frames
constexpr double kQuietPeak = 0.02;        // -34 dB
constexpr double kFewSpeech = 0.25;        // of the time
constexpr double kClipped = 1e-3;
constexpr size_t kNamed = 3;  // stretches named in one sentence

struct Stretch {
  int64_t first = 0;
  int64_t frames = 0;
};

// Maximal runs of frames for which `holds`; gaps of up to `bridged` frames do not part them.
std::vector<Stretch> Stretches(size_t count, const std::function<bool(size_t)>& holds, int64_t bridged = 0) {
  std::vector<Stretch> found;
  for (size_t i = 0; i < count; ++i) {
    if (!holds(i)) continue;
    const auto at = static_cast<int64_t>(i);
    if (!found.empty() && at - (found.back().first + found.back().frames) <= bridged) {
      found.back().frames = at + 1 - found.back().first;
    } else {
      found.push_back({at, 1});
    }
  }
  return found;
}

std::string Frames(int64_t count) { return std::to_string(count) + (count == 1 ? " frame" : " frames"); }

// "for 12 frames at 0:41, for 3 frames at 1:07 and in 5 more places"
std::string Where(std::vector<Stretch> stretches) {
  std::ranges::stable_sort(stretches, std::ranges::greater(), &Stretch::frames);
  std::vector<Stretch> named(stretches.begin(),
                             stretches.begin() + static_cast<std::ptrdiff_t>(std::min(kNamed, stretches.size())));
  std::ranges::sort(named, {}, &Stretch::first);
  std::string text;
  for (const Stretch& stretch : named) {
    text += (text.empty() ? "for " : ", for ") + Frames(stretch.frames) + " at " + ClockOf(stretch.first);
  }
  const size_t rest = stretches.size() - named.size();
  if (rest > 0) text += " and in " + std::to_string(rest) + (rest == 1 ? " more place" : " more places");
  return text;
}

class Collector {
 public:
  explicit Collector(const WarningFacts& facts) : facts_(facts) {}

  std::vector<std::string> Collect() {
    Sound();
    Length();
    if (facts_.tracked) {
      Lost();
      Others();
    }
    Size();
    if (facts_.tracked) {
      Blur();
      Motion();
    }
    Outside();
    Rate();
    return std::move(warnings_);
  }

 private:
  size_t count() const { return facts_.rects.size(); }
  void Add(std::string warning) { warnings_.push_back(std::move(warning)); }

  void Sound() {
    if (!facts_.sound) {
      Add("no sound: the avatar can be shown but not trained; give the recording with --audio");
      return;
    }
    const double seconds = static_cast<double>(count()) / 25;
    const SoundFacts& sound = *facts_.sound;
    if (sound.peak < kQuietPeak) {
      Add("the sound is silent: there is nothing to learn from; check the microphone, or give --audio");
    } else if (sound.loud_s < kFewSpeech * seconds) {
      Add("hardly any speech: something is heard in " + std::to_string(std::lround(sound.loud_s)) + " of " +
          std::to_string(std::lround(seconds)) + " s");
    }
    if (sound.clipped > kClipped) Add("the sound is distorted: it was recorded too loud");
    if (sound.seconds + 0.5 < seconds) {
      Add("the sound ends at " + ClockOf(std::llround(sound.seconds * 25)) +
          ", before the pictures do; the rest is silence");
    }
  }

  void Length() {
    const auto frames = static_cast<int64_t>(count());
    if (frames < kShortFrames) {
      Add("too short: " + std::to_string(std::lround(static_cast<double>(frames) / 25)) +
          " s; film at least 30 s, better two to five minutes of talk");
    } else if (frames < kGoodFrames) {
      Add("short: " + ClockOf(frames) + " minutes; two to five minutes of talk train a better mouth");
    }
  }

  void Lost() {
    const auto lost = Stretches(facts_.frames.size(), [this](size_t i) { return !facts_.frames[i].edges; });
    if (!lost.empty()) Add("face lost " + Where(lost) + "; its place there is guessed from before and after");
  }

  void Others() {
    const auto two = Stretches(
        facts_.frames.size(), [this](size_t i) { return facts_.frames[i].others > 0; }, 25);
    if (!two.empty()) Add("two faces " + Where(two) + "; the larger one of the beginning was followed");
  }

  void Size() {
    int64_t total = 0;
    for (const Rect& rect : facts_.rects) total += rect.width;
    const int mean = static_cast<int>(total / static_cast<int64_t>(std::max<size_t>(1, count())));
    if (mean < kSmallPart * facts_.roi_px) {
      Add("face too small: " + std::to_string(mean) + " px wide where the network draws " +
          std::to_string(facts_.roi_px) + "; go nearer, or film in a higher resolution");
    }
  }

  void Blur() {
    const double median = MedianFaceDetail(facts_.frames);
    if (median == 0) return;
    if (median < kBlurred) {
      Add("the face is blurred throughout: out of focus, or scaled up");
      return;
    }
    const auto blurred = Stretches(
        facts_.frames.size(),
        [&](size_t i) { return facts_.frames[i].edges && facts_.frames[i].detail < kBlurredBeside * median; }, 2);
    if (!blurred.empty()) Add("blurred " + Where(blurred));
  }

  void Motion() {
    const auto fast = Stretches(
        count(),
        [this](size_t i) {
          if (i == 0 || !facts_.frames[i].edges || !facts_.frames[i - 1].edges) return false;
          const FaceEdges &a = *facts_.frames[i - 1].edges, &b = *facts_.frames[i].edges;
          const double moved = std::hypot((b.left + b.right - a.left - a.right) / 2, b.top - a.top);
          return moved > kFastPart * (b.right - b.left);
        },
        5);
    if (!fast.empty()) Add("too much motion " + Where(fast) + ": the mouth cannot be placed well there");
  }

  void Outside() {
    const auto outside = Stretches(
        facts_.shifted.size(), [this](size_t i) { return facts_.shifted[i]; }, 2);
    if (!outside.empty()) Add("face partly outside the picture " + Where(outside) + "; the rectangle was moved inside");
  }

  void Rate() {
    const double fps = facts_.source_fps.AsDouble();
    char text[96];
    if (fps < 24.5) {
      std::snprintf(text, sizeof(text), "filmed at %.5g frames per second: pictures are repeated, motion will stutter",
                    fps);
      Add(text);
    }
  }

  const WarningFacts& facts_;
  std::vector<std::string> warnings_;
};

}  // namespace

double MedianFaceDetail(std::span<const FrameFacts> frames) {
  std::vector<double> details;
  for (const FrameFacts& frame : frames) {
    if (frame.edges) details.push_back(frame.detail);
  }
  if (details.empty()) return 0;
  const auto middle = details.begin() + static_cast<std::ptrdiff_t>(details.size() / 2);
  std::ranges::nth_element(details, middle);
  return *middle;
}

bool MouthRests(std::span<const FrameFacts> frames) {
  constexpr double kMostChange = 0.08;  // of the mouth's width, all but 2 % of the frames at either end
  std::vector<double> gaps;
  for (const FrameFacts& frame : frames) {
    if (frame.lip_gap) gaps.push_back(*frame.lip_gap);
  }
  if (gaps.empty() || gaps.size() * 10 < frames.size() * 9) return false;
  std::ranges::sort(gaps);
  const size_t apart = gaps.size() / 50;
  return gaps[gaps.size() - 1 - apart] - gaps[apart] <= kMostChange;
}

std::string ClockOf(int64_t frame) {
  const int64_t seconds = frame / 25;
  char text[32];
  if (seconds >= 3600) {
    std::snprintf(text, sizeof(text), "%d:%02d:%02d", static_cast<int>(seconds / 3600),
                  static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60));
  } else {
    std::snprintf(text, sizeof(text), "%d:%02d", static_cast<int>(seconds / 60), static_cast<int>(seconds % 60));
  }
  return text;
}

std::vector<std::string> CaptureWarnings(const WarningFacts& facts) { return Collector(facts).Collect(); }

}  // namespace lips

#include "verify/talk_meter.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <numeric>
#include <optional>
#include <utility>

#include "composite/jaw_mask.h"
#include "verify/delay.h"
#include "verify/face_patch.h"
#include "verify/picture_difference.h"
#include "verify/speech_level.h"

namespace lips {
namespace {

constexpr int kPx = FacePatch::kPx;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Parts of the rectangle.
constexpr double kMouthLeft = 0.2, kMouthRight = 0.8, kMouthTop = 0.22, kMouthBottom = 0.67;
constexpr int kCellsAcross = 16,
              kCellsDown = 12;          // of the mouth, for its motion; in twos across and down for its opening
constexpr double kLeastTremorPx = 0.1;  // a template may stand still
constexpr double kCalm = 0.2;           // of the frames, those whose mouth takes the least skin along
constexpr double kStill = 1.0 / 6;      // of a large change
constexpr int kOpeningCells = kCellsAcross / 2 * kCellsDown / 2;

// Rays from the middle of the rectangle, and how finely steps across closed lines are looked for.
constexpr int kRays = 64, kRaysTogether = 4;
constexpr size_t kSides = 2;          // lines away, where the step on a line's either side is taken
constexpr double kStepReach = 0.012;  // of the side, inwards and outwards

struct Point {
  double x = 0, y = 0;
};

// What does not depend on the frame.
struct Geometry {
  struct Line {
    std::vector<Point> inner, outer;  // patch coordinates, one a ray
    bool has_sides = false;           // two lines further in and out are in the list, too
    bool at_border = false;           // of the mask or of the rectangle
  };
  std::vector<Line> lines;
  std::vector<size_t> ring;    // patch pixels of skin inside the mask's border, beside and above the mouth
  std::vector<size_t> inside;  // ... and of all the skin the mask covers there
  std::vector<size_t> around;  // the rectangle outside the mask

  Geometry() {
    constexpr int kMask = 320;
    constexpr double kBorder = 4.0 / 328;
    const std::vector<uint8_t> mask = JawMask(kMask);
    const auto weight = [&](double x, double y) {  // 0 .. 1 at a place in the rectangle
      const int px = static_cast<int>(std::floor((x - kBorder) / (1 - 2 * kBorder) * kMask));
      const int py = static_cast<int>(std::floor((y - kBorder) / (1 - 2 * kBorder) * kMask));
      if (px < 0 || py < 0 || px >= kMask || py >= kMask) return 0.0;
      return mask[static_cast<size_t>(py) * kMask + static_cast<size_t>(px)] / 255.0;
    };
    std::vector<double> edge(kRays), side(kRays);  // distance of the mask's and the rectangle's border
    const auto direction = [](int ray) {
      const double angle = 2 * std::numbers::pi * (ray + 0.5) / kRays;
      return Point{std::cos(angle), std::sin(angle)};
    };
    for (int ray = 0; ray < kRays; ++ray) {
      const Point to = direction(ray);
      const auto k = static_cast<size_t>(ray);
      side[k] = 0.5 / std::max(std::abs(to.x), std::abs(to.y));
      for (edge[k] = 0.1; edge[k] < side[k] && weight(0.5 + edge[k] * to.x, 0.5 + edge[k] * to.y) > 0;)
        edge[k] += 0.002;
    }
    const auto add = [&](const std::vector<double>& radius, double part, bool at_border) {
      Line line;
      line.at_border = at_border;
      for (int ray = 0; ray < kRays; ++ray) {
        const Point to = direction(ray);
        const double r = radius[static_cast<size_t>(ray)] * part;
        const auto at = [&](double distance) {
          return Point{FacePatch::At(0.5 + distance * to.x), FacePatch::At(0.5 + distance * to.y)};
        };
        line.inner.push_back(at(r - kStepReach));
        line.outer.push_back(at(r + kStepReach));
      }
      lines.push_back(std::move(line));
    };
    const auto close = [&](size_t first) {
      for (size_t k = first + kSides; k + kSides < lines.size(); ++k) lines[k].has_sides = true;
    };
    for (double part = 0.70; part < 1.07; part += 0.03) add(edge, part, part > 0.95);
    close(0);
    const size_t first = lines.size();
    for (double part = 0.86; part < 1.05; part += 0.02) add(side, part, part > 0.93);
    close(first);

    for (int y = 0; y < kPx; ++y) {
      for (int x = 0; x < kPx; ++x) {
        const double u = FacePatch::InRect(x), v = FacePatch::InRect(y);
        const bool mouth = u > kMouthLeft && u < kMouthRight && v > kMouthTop && v < kMouthBottom;
        const double w = weight(u, v);
        const size_t at = static_cast<size_t>(y) * kPx + static_cast<size_t>(x);
        const bool in_rect = std::min(u, v) > 0.02 && std::max(u, v) < 0.98;
        if (w == 0 && in_rect && v < 0.85) around.push_back(at);
        if (mouth || v > 0.72) continue;
        if (w > 0.3) inside.push_back(at);
        if (w > 0.3 && w < 0.98) ring.push_back(at);
      }
    }
  }
};

const Geometry& TheGeometry() {
  static const Geometry kGeometry;
  return kGeometry;
}

double Median(std::vector<double> values) {
  if (values.empty()) return kNone;
  const auto middle = values.begin() + std::ssize(values) / 2;
  std::ranges::nth_element(values, middle);
  return *middle;
}

double Quantile(std::vector<double> values, double part) {
  if (values.empty()) return kNone;
  const auto at = values.begin() + static_cast<ptrdiff_t>(part * static_cast<double>(values.size() - 1));
  std::ranges::nth_element(values, at);
  return *at;
}

double Mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? kNone : sum / static_cast<double>(values.size());
}

// Of each line the middle of the groups' steps, so that a chin that moves does not count.
std::vector<double> StepsOf(const std::vector<float>& difference) {
  std::vector<double> of_lines;
  for (const Geometry::Line& line : TheGeometry().lines) {
    std::vector<double> steps;
    for (size_t first = 0; first < kRays; first += kRaysTogether) {
      double sum = 0;
      for (size_t ray = first; ray < first + kRaysTogether; ++ray) {
        sum += Sample(difference, line.outer[ray].x, line.outer[ray].y) -
               Sample(difference, line.inner[ray].x, line.inner[ray].y);
      }
      steps.push_back(std::abs(sum) / kRaysTogether);
    }
    of_lines.push_back(Median(std::move(steps)));
  }
  return of_lines;
}

// By how much one line's step is larger than those on either side, the most: another mouth changes from line to line
// gradually.
double BorderOf(const std::vector<double>& steps) {
  double most = 0;
  for (size_t k = 0; k < steps.size(); ++k) {
    if (TheGeometry().lines[k].has_sides) most = std::max(most, steps[k] - (steps[k - kSides] + steps[k + kSides]) / 2);
  }
  return most;
}

// Of `count` numbers from `first` on, those for which `key` is least: a part kCalm of them.
std::vector<size_t> Least(size_t count, size_t first, const std::function<double(size_t)>& key) {
  std::vector<size_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), first);
  std::ranges::stable_sort(numbers, {}, key);
  numbers.resize(static_cast<size_t>(std::ceil(kCalm * static_cast<double>(count))));
  return numbers;
}

double Laplacian(const std::vector<float>& luma, size_t at) {
  return std::abs(4 * luma[at] - luma[at - 1] - luma[at + 1] - luma[at - kPx] - luma[at + kPx]);
}

// Means of the mouth's cells, [kCellsDown, kCellsAcross].
std::vector<double> MouthCells(const std::vector<float>& luma) {
  std::vector<double> sums(size_t{kCellsAcross} * kCellsDown), counts(sums.size());
  for (int y = 0; y < kPx; ++y) {
    for (int x = 0; x < kPx; ++x) {
      const double u = (FacePatch::InRect(x) - kMouthLeft) / (kMouthRight - kMouthLeft);
      const double v = (FacePatch::InRect(y) - kMouthTop) / (kMouthBottom - kMouthTop);
      if (u < 0 || v < 0 || u >= 1 || v >= 1) continue;
      const size_t cell = static_cast<size_t>(v * kCellsDown) * kCellsAcross + static_cast<size_t>(u * kCellsAcross);
      sums[cell] += luma[static_cast<size_t>(y) * kPx + static_cast<size_t>(x)];
      counts[cell] += 1;
    }
  }
  for (size_t k = 0; k < sums.size(); ++k) sums[k] /= counts[k];
  return sums;
}

// A mouth that speaks takes the skin beside it along, which a template at rest does not: only a mouth that speaks is a
// measure for another.
Metric TremorMetric(double shown_px, double template_px, std::optional<double> reference_px) {
  const bool by_reference = reference_px.has_value();
  return {"tremor",
          shown_px / std::max(reference_px.value_or(template_px), kLeastTremorPx),
          by_reference ? "of the reference's" : "of the template's",
          Bound::kAtMost,
          by_reference ? std::optional(1.1) : std::nullopt,
          "trembling of the skin beside the mouth by itself: RMS of its path's second difference"};
}

double MeanChange(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t k = 0; k < a.size(); ++k) sum += std::abs(a[k] - b[k]);
  return sum / static_cast<double>(a.size());
}

}  // namespace

struct TalkMeter::State {
  FrameRate fps;
  std::vector<TalkFacts> frames;
  std::vector<float> opening_cells;  // [frames, kOpeningCells]
  FacePatch shown, original, shown_before, original_before;
  std::vector<float> difference;
  std::vector<double> step_sums;                // of each line, over the frames
  std::vector<double> before, template_before;  // cells of the last frame

  void Add(ConstImageView frame, ConstImageView template_frame, const Place& face);
  void AddOpening(const std::vector<double>& cells);
  // Which frames lie in silence or loud speech, with what comes before and after.
  std::vector<size_t> FramesWhere(const SpeechLevel& level, bool loud, double reach_s) const;
  double OpeningChange(size_t from, size_t to) const;  // levels, mean of the cells
  double Stalls(const SpeechLevel& level) const;
  // The frames whose mouth is most like the template's: an open jaw takes the skin beside it along, a paste that lies
  // wrongly does so in every frame.
  std::vector<size_t> CalmFrames() const;
  // Likewise those with a frame on either side around which the mouth moves least.
  std::vector<size_t> CalmMiddles() const;
  double Jitter(Placement TalkFacts::*part) const;
  double Border() const;                             // of all frames together: a border stays where it is
  double Tremor(Placement TalkFacts::*moved) const;  // RMS change of a movement
};

void TalkMeter::State::AddOpening(const std::vector<double>& cells) {
  for (size_t y = 0; y < kCellsDown; y += 2) {
    for (size_t x = 0; x < kCellsAcross; x += 2) {
      const size_t at = y * kCellsAcross + x;
      const double mean = (cells[at] + cells[at + 1] + cells[at + kCellsAcross] + cells[at + kCellsAcross + 1]) / 4;
      opening_cells.push_back(static_cast<float>(mean));
    }
  }
}

void TalkMeter::State::Add(ConstImageView frame, ConstImageView template_frame, const Place& face) {
  SampleFace(frame, face, shown);
  SampleFace(template_frame, face, original);
  difference.resize(shown.luma.size());
  for (size_t k = 0; k < difference.size(); ++k) difference[k] = shown.luma[k] - original.luma[k];
  TalkFacts facts;
  const std::vector<double> steps = StepsOf(difference);
  facts.contrast = *std::ranges::max_element(steps);
  for (size_t k = 0; k < steps.size(); ++k) {
    if (TheGeometry().lines[k].at_border) facts.seam = std::max(facts.seam, steps[k]);
  }
  facts.border = BorderOf(steps);
  step_sums.resize(steps.size());
  for (size_t k = 0; k < steps.size(); ++k) step_sums[k] += steps[k];
  facts.tint = {};
  for (const size_t at : TheGeometry().ring) {
    for (size_t c = 0; c < 3; ++c) facts.tint[c] += shown.bgr[3 * at + c] - original.bgr[3 * at + c];
  }
  for (double& tint : facts.tint) tint /= static_cast<double>(TheGeometry().ring.size());
  const double px_per_patch = face.width * (1 + 2 * FacePatch::kMargin) / kPx;
  facts.inside = FindPlacement(shown, original, TheGeometry().inside, px_per_patch);
  facts.around = FindPlacement(shown, original, TheGeometry().around, px_per_patch);
  if (!frames.empty()) {
    facts.moved = FindPlacement(shown, shown_before, TheGeometry().inside, px_per_patch);
    facts.template_moved = FindPlacement(original, original_before, TheGeometry().inside, px_per_patch);
  }

  double count = 0;
  for (int y = 1; y + 1 < kPx; ++y) {
    for (int x = 1; x + 1 < kPx; ++x) {
      const double u = FacePatch::InRect(x), v = FacePatch::InRect(y);
      if (u < kMouthLeft || u > kMouthRight || v < kMouthTop || v > kMouthBottom) continue;
      const size_t at = static_cast<size_t>(y) * kPx + static_cast<size_t>(x);
      facts.sharpness += Laplacian(shown.luma, at);
      facts.template_sharpness += Laplacian(original.luma, at);
      count += 1;
    }
  }
  facts.sharpness /= count;
  facts.template_sharpness /= count;

  std::vector<double> cells = MouthCells(shown.luma), template_cells = MouthCells(original.luma);
  if (!before.empty()) {
    facts.motion = MeanChange(cells, before);
    facts.template_motion = MeanChange(template_cells, template_before);
  }
  facts.difference = MeanChange(cells, template_cells);
  AddOpening(cells);
  before = std::move(cells);
  template_before = std::move(template_cells);
  std::swap(shown, shown_before);
  std::swap(original, original_before);

  SquaredError all, inside;
  const double margin_x = face.width * FacePatch::kMargin, margin_y = face.height * FacePatch::kMargin;
  const int left = static_cast<int>(face.x - margin_x), top = static_cast<int>(face.y - margin_y);
  AddSquaredError(frame, template_frame, {0, 0, frame.width, frame.height}, all);
  AddSquaredError(
      frame, template_frame,
      {left, top, static_cast<int>(face.width + 2 * margin_x) + 1, static_cast<int>(face.height + 2 * margin_y) + 1},
      inside);
  facts.background_db = SquaredError{all.sum - inside.sum, all.samples - inside.samples}.PsnrDb();
  frames.push_back(facts);
}

std::vector<size_t> TalkMeter::State::FramesWhere(const SpeechLevel& level, bool loud, double reach_s) const {
  std::vector<size_t> found;
  for (size_t n = 1; n < frames.size(); ++n) {
    const double at = static_cast<double>(n) / fps.AsDouble();
    if (at >= level.seconds()) break;
    if (loud ? level.Loud(at - reach_s, at + reach_s) : level.Silent(at - reach_s, at + reach_s)) found.push_back(n);
  }
  return found;
}

double TalkMeter::State::OpeningChange(size_t from, size_t to) const {
  double sum = 0;
  for (size_t c = 0; c < kOpeningCells; ++c) {
    sum += std::abs(static_cast<double>(opening_cells[to * kOpeningCells + c]) -
                    static_cast<double>(opening_cells[from * kOpeningCells + c]));
  }
  return sum / kOpeningCells;
}

// Share of the loud frames that lie in stretches, of 200 ms and more, over which the mouth stays as it was at their
// beginning, but for a small part of what it at times changes in 40 ms. A mouth that opens slowly does not.
double TalkMeter::State::Stalls(const SpeechLevel& level) const {
  const std::vector<size_t> loud = FramesWhere(level, true, 0.06);
  if (loud.empty()) return kNone;
  std::vector<double> changes;
  const auto step = static_cast<size_t>(std::max(1.0, std::round(0.04 * fps.AsDouble())));
  for (const size_t n : loud) changes.push_back(OpeningChange(n - std::min(n, step), n));
  const double still = kStill * Quantile(changes, 0.95);  // also where most of the changes are none
  const auto fewest = static_cast<size_t>(std::max(3.0, std::ceil(0.2 * fps.AsDouble()))) + 1;
  size_t stalled = 0, counted = 0;  // loud frames; before `counted` all are judged
  for (size_t k = 0; k + fewest <= loud.size(); ++k) {
    const size_t first = loud[k];
    bool stays = loud[k + fewest - 1] == first + fewest - 1;
    for (size_t n = first + 1; stays && n < first + fewest; ++n) stays = OpeningChange(first, n) <= still;
    if (!stays) continue;
    stalled += k + fewest - std::max(k, counted);
    counted = k + fewest;
  }
  return static_cast<double>(stalled) / static_cast<double>(loud.size());
}

std::vector<size_t> TalkMeter::State::CalmFrames() const {
  return Least(frames.size(), 0, [this](size_t n) { return frames[n].difference; });
}

std::vector<size_t> TalkMeter::State::CalmMiddles() const {
  if (frames.size() < 3) return {};
  return Least(frames.size() - 2, 1, [this](size_t n) { return frames[n].motion + frames[n + 1].motion; });
}

double TalkMeter::State::Jitter(Placement TalkFacts::*part) const {
  std::vector<double> squares;
  for (const size_t n : CalmMiddles()) {
    const Placement &before_it = frames[n - 1].*part, &it = frames[n].*part, &after_it = frames[n + 1].*part;
    const double x = before_it.dx - 2 * it.dx + after_it.dx, y = before_it.dy - 2 * it.dy + after_it.dy;
    squares.push_back(x * x + y * y);
  }
  return squares.empty() ? kNone : std::sqrt(Mean(squares));
}

double TalkMeter::State::Border() const {
  return frames.empty() ? kNone : BorderOf(step_sums) / static_cast<double>(frames.size());
}

double TalkMeter::State::Tremor(Placement TalkFacts::*moved) const {
  std::vector<double> squares;
  for (const size_t n : CalmMiddles()) {
    if (n < 2) continue;  // nothing moved before the first frame
    const Placement &it = frames[n].*moved, &after_it = frames[n + 1].*moved;
    squares.push_back(std::pow(after_it.dx - it.dx, 2) + std::pow(after_it.dy - it.dy, 2));
  }
  return squares.empty() ? kNone : std::sqrt(Mean(squares));
}

TalkMeter::TalkMeter(FrameRate fps) : state_(std::make_unique<State>()) { state_->fps = fps; }
TalkMeter::TalkMeter(TalkMeter&&) noexcept = default;
TalkMeter& TalkMeter::operator=(TalkMeter&&) noexcept = default;
TalkMeter::~TalkMeter() = default;

void TalkMeter::Add(ConstImageView shown, ConstImageView original, const Place& face) {
  state_->Add(shown, original, face);
}

double TalkMeter::TremorPx() const { return state_->Tremor(&TalkFacts::moved); }

TalkMeasures TalkMeter::Finish(std::span<const float> samples_16k, int64_t expected_frames,
                               std::optional<double> reference_tremor_px) && {
  State& s = *state_;
  TalkMeasures measures;
  const SpeechLevel level(samples_16k);
  const Delay delay = FindDelay(s.opening_cells, kOpeningCells, s.fps.AsDouble(),
                                [&level](double seconds) { return level.Envelope(seconds); });
  measures.opening = delay.opening;
  for (size_t n = 0; n < s.frames.size(); ++n) {
    measures.loudness.push_back(static_cast<float>(level.Envelope(static_cast<double>(n) / s.fps.AsDouble())));
  }

  const auto each = [&](auto value) {
    std::vector<double> values;
    for (const TalkFacts& facts : s.frames) values.push_back(value(facts));
    return values;
  };
  const auto worst = [](const std::vector<double>& values, bool least = false) -> int64_t {
    if (values.empty()) return -1;
    return (least ? std::ranges::min_element(values) : std::ranges::max_element(values)) - values.begin();
  };
  const auto tint_of = [](const TalkFacts& f) {
    return std::max({std::abs(f.tint[0]), std::abs(f.tint[1]), std::abs(f.tint[2])});
  };
  const auto background = each([](const TalkFacts& f) { return f.background_db; });
  const auto seam = each([](const TalkFacts& f) { return f.seam; });
  const auto contrast = each([](const TalkFacts& f) { return f.contrast; });
  const auto border = each([](const TalkFacts& f) { return f.border; });
  const auto tint = each(tint_of);
  const auto shift = each([](const TalkFacts& f) {
    return std::max(std::hypot(f.inside.dx, f.inside.dy), std::hypot(f.around.dx, f.around.dy));
  });
  double calm_shift = 0, zoom_inside = 0, zoom_around = 0;
  const std::vector<size_t> calm = s.CalmFrames();
  const auto share = 1 / static_cast<double>(calm.size());
  for (const size_t n : calm) {
    calm_shift += share * shift[n];
    zoom_inside += share * s.frames[n].inside.zoom;
    zoom_around += share * s.frames[n].around.zoom;
  }
  if (calm.empty()) calm_shift = zoom_inside = kNone;
  const double zoom = std::abs(zoom_inside) > std::abs(zoom_around) ? zoom_inside : zoom_around;
  std::vector<double> flicker;
  for (size_t n = 1; n < s.frames.size(); ++n) {
    double most = 0;
    for (size_t c = 0; c < 3; ++c) most = std::max(most, std::abs(s.frames[n].tint[c] - s.frames[n - 1].tint[c]));
    flicker.push_back(most);
  }
  std::vector<double> still, template_still, template_moves;
  for (size_t n = 1; n < s.frames.size(); ++n) template_moves.push_back(s.frames[n].template_motion);
  for (const size_t n : s.FramesWhere(level, false, 0.4)) {
    still.push_back(s.frames[n].motion);
    template_still.push_back(s.frames[n].template_motion);
  }
  // A template may talk itself; its quiet moments are the level to keep. Half a level of brightness is no motion.
  const double quiet = std::max(Quantile(template_moves, 0.25), 0.25);
  const double sharpness = Mean(each([](const TalkFacts& f) { return f.sharpness; })) /
                           Mean(each([](const TalkFacts& f) { return f.template_sharpness; }));

  measures.metrics = {
      {"frames", static_cast<double>(std::ssize(s.frames) - expected_frames), "", Bound::kWithin, 0.0,
       "how many more frames there are than the sound is long", -1},
      {"background", background.empty() ? kNone : *std::ranges::min_element(background), "dB", Bound::kAtLeast, 26.0,
       "PSNR of the frame outside the face against the template's, least", worst(background, true)},
      {"seam", Mean(seam), "levels", Bound::kAtMost, 1.5,
       "step of brightness, which the template has not, across the border of the mask or the rectangle", worst(seam)},
      {"contrast", Mean(contrast), "levels", Bound::kAtMost, std::nullopt,
       "the largest such step across any closed line around the mouth: inside a paste, two mouths differ",
       worst(contrast)},
      {"border", s.Border(), "levels", Bound::kAtMost, std::nullopt,
       "how much larger the mean of such a line's steps is than that of the lines just inside and outside",
       worst(border)},
      {"tint", Mean(tint), "levels", Bound::kAtMost, 4.0,
       "colour of the skin at the mask's border against the template's", worst(tint)},
      {"flicker", Mean(flicker), "levels", Bound::kAtMost, 1.0, "change of that from frame to frame",
       flicker.empty() ? -1 : worst(flicker) + 1},
      {"shift", calm_shift, "px", Bound::kAtMost, 1.0,
       "how far the face beside the mouth lies from the template's while the mouths are alike", worst(shift)},
      {"zoom", 100 * zoom, "%", Bound::kWithin, 1.0, "how much larger it is than the template's", -1},
      {"jitter", std::max(s.Jitter(&TalkFacts::inside), s.Jitter(&TalkFacts::around)), "px", Bound::kAtMost, 0.5,
       "trembling of that shift: RMS of its second difference", -1},
      TremorMetric(TremorPx(), s.Tremor(&TalkFacts::template_moved), reference_tremor_px),
      {"sharpness", sharpness, "of the template's", Bound::kAtLeast, 0.6, "detail of the mouth", -1},
      {"silence motion", Mean(still) / quiet, "of the template's", Bound::kAtMost, 2.0,
       "how much the mouth changes from frame to frame in silence, against the template in its quiet moments", -1},
      {"template motion", Mean(template_still) / quiet, "of its quiet", Bound::kAtMost, std::nullopt,
       "the same of the template in these frames", -1},
      {"stalls", s.Stalls(level), "", Bound::kAtMost, 0.15,
       "share of loud speech in which the mouth stands still for 200 ms and more", -1},
      {"offset", delay.ms, "ms", Bound::kWithin, 60.0, "how much later than its sound the mouth moves", -1},
      {"sync", std::isnan(delay.ms) ? kNone : delay.correlation, "", Bound::kAtLeast, 0.3,
       "how well the mouth's opening follows the loudness: correlation", -1},
  };
  measures.frames = std::move(s.frames);
  return measures;
}

}  // namespace lips

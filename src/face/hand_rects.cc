#include "face/hand_rects.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include "avatar/crop_rects.h"

namespace lips {
namespace {

constexpr std::string_view kGaps = ",; \t\r";
constexpr int64_t kMostFrames = 1'000'000;

struct Line {
  int64_t frame = -1;  // -1: not given
  Rect rect;
};

std::string_view Next(std::string_view& text) {
  const size_t begin = std::min(text.find_first_not_of(kGaps), text.size());
  const size_t end = std::min(text.find_first_of(kGaps, begin), text.size());
  const std::string_view word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

// The numbers of a line; nothing when something in it is none.
std::optional<std::vector<double>> NumbersOf(std::string_view line) {
  std::vector<double> numbers;
  for (std::string_view word = Next(line); !word.empty() && numbers.size() <= 5; word = Next(line)) {
    double value = 0;
    const auto [end, failed] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (failed != std::errc() || end != word.data() + word.size() || !std::isfinite(value)) return std::nullopt;
    numbers.push_back(value);
  }
  return numbers;
}

Result<std::vector<Line>> ParseLines(std::string_view text) {
  std::vector<Line> lines;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with('#')) continue;
    const std::string where = "line " + std::to_string(number);
    const auto numbers = NumbersOf(line);
    if (!numbers) {
      if (number == 1) continue;  // a heading
      return Error(ErrorCode::kCorrupted, where + ": something in it is no number");
    }
    if (numbers->empty()) continue;
    if (numbers->size() != 4 && numbers->size() != 5) {
      return Error(ErrorCode::kCorrupted, where + ": expected x1,y1,x2,y2 or frame,x1,y1,x2,y2");
    }
    const size_t at = numbers->size() - 4;
    auto rect = RectFromCorners((*numbers)[at], (*numbers)[at + 1], (*numbers)[at + 2], (*numbers)[at + 3]);
    if (!rect.ok()) return std::move(rect).TakeError().Within(where);
    const double frame = at == 0 ? -1 : (*numbers)[0];
    if (frame != std::floor(frame) || frame < -1 || frame > kMostFrames || (at == 1 && frame < 0)) {
      return Error(ErrorCode::kCorrupted, where + ": the frame is no whole number from 0 on");
    }
    lines.push_back({static_cast<int64_t>(frame), rect.value()});
    if (static_cast<int64_t>(lines.size()) > kMostFrames) {
      return Error(ErrorCode::kResourceLimit, "more than a million rectangles");
    }
    if (lines.size() > 1 && (lines.end()[-2].frame < 0) != (at == 0)) {
      return Error(ErrorCode::kCorrupted, where + ": some lines give a frame and some do not");
    }
    if (lines.size() > 1 && at == 1 && lines.end()[-2].frame >= lines.back().frame) {
      return Error(ErrorCode::kCorrupted, where + ": frame " + std::to_string(lines.back().frame) + " comes after " +
                                              std::to_string(lines.end()[-2].frame));
    }
  }
  return lines;
}

int Between(int a, int b, double t) { return static_cast<int>(std::lround(a + t * (b - a))); }

std::vector<Rect> Spread(const std::vector<Line>& lines, int64_t frames) {
  std::vector<Rect> rects;
  size_t next = 0;
  for (int64_t frame = 0; frame < frames; ++frame) {
    while (next < lines.size() && lines[next].frame < frame) ++next;
    if (next == 0 || next == lines.size()) {
      rects.push_back(lines[next == 0 ? 0 : next - 1].rect);
      continue;
    }
    const Line &a = lines[next - 1], &b = lines[next];
    const double t = static_cast<double>(frame - a.frame) / static_cast<double>(b.frame - a.frame);
    rects.push_back({Between(a.rect.x, b.rect.x, t), Between(a.rect.y, b.rect.y, t),
                     Between(a.rect.width, b.rect.width, t), Between(a.rect.height, b.rect.height, t)});
  }
  return rects;
}

}  // namespace

Result<std::vector<Rect>> ParseHandRects(std::string_view text, int64_t frames) {
  std::vector<Rect> rects;
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && (text[first] == '{' || text[first] == '[')) {
    ASSIGN_OR_RETURN(rects, ParseCropRects(text));
  } else {
    ASSIGN_OR_RETURN(const auto lines, ParseLines(text));
    if (lines.empty()) return Error(ErrorCode::kCorrupted, "it holds no rectangle");
    if (lines[0].frame >= 0) return Spread(lines, frames);
    for (const Line& line : lines) rects.push_back(line.rect);
  }
  if (rects.size() == 1) rects.resize(static_cast<size_t>(frames), rects[0]);
  if (static_cast<int64_t>(rects.size()) == frames) return rects;
  return Error(ErrorCode::kInvalidInput,
               "it holds " + std::to_string(rects.size()) + " rectangles for " + std::to_string(frames) + " frames");
}

}  // namespace lips

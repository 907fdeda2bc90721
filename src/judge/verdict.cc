#include "judge/verdict.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace lips {
namespace {

constexpr double kShut = 0.012;       // head units: less is a line between lips
constexpr double kIdenticalDb = 100;  // what equal pictures count

double PsnrDb(const PictureError& error) {
  if (error.samples == 0 || error.squares <= 0) return kIdenticalDb;
  return std::min(kIdenticalDb, 10 * std::log10(255.0 * 255.0 * static_cast<double>(error.samples) / error.squares));
}

}  // namespace

double Correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const auto count = static_cast<double>(std::min(a.size(), b.size()));
  if (count < 2) return 0;
  double mean_a = 0, mean_b = 0;
  for (size_t k = 0; k < a.size(); ++k) {
    mean_a += a[k] / count;
    mean_b += b[k] / count;
  }
  double aa = 0, bb = 0, ab = 0;
  for (size_t k = 0; k < a.size(); ++k) {
    aa += (a[k] - mean_a) * (a[k] - mean_a);
    bb += (b[k] - mean_b) * (b[k] - mean_b);
    ab += (a[k] - mean_a) * (b[k] - mean_b);
  }
  constexpr double kStill = 1e-12;
  return aa < kStill || bb < kStill ? 0 : ab / std::sqrt(aa * bb);
}

Verdict SumUp(std::string name, const std::vector<JudgedFrame>& frames, MouthLook resting) {
  Verdict verdict;
  verdict.name = std::move(name);
  verdict.frames = static_cast<int64_t>(frames.size());
  const auto correlate = [&](auto of) {
    std::vector<double> drawn, rendered;
    for (const JudgedFrame& frame : frames) {
      drawn.push_back(of(frame.drawn));
      rendered.push_back(of(frame.rendered));
    }
    return Correlation(drawn, rendered);
  };
  verdict.opening = correlate([](const MouthLook& look) { return look.opening; });
  verdict.width = correlate([&](const MouthLook& look) { return std::max(0.0, look.width - resting.width); });
  verdict.round = correlate([&](const MouthLook& look) { return std::max(0.0, resting.width - look.width); });
  const auto psnr = [&](PictureError JudgedFrame::*of) {
    PictureError sum;
    for (const JudgedFrame& frame : frames) {
      sum.squares += (frame.*of).squares;
      sum.samples += (frame.*of).samples;
    }
    return PsnrDb(sum);
  };
  const auto mean_psnr = [&](PictureError JudgedFrame::*of) {
    double sum = 0;
    for (const JudgedFrame& frame : frames) sum += PsnrDb(frame.*of);
    return frames.empty() ? kIdenticalDb : sum / static_cast<double>(frames.size());
  };
  verdict.mouth_psnr_db = mean_psnr(&JudgedFrame::mouth);
  verdict.resting_mouth_psnr_db = mean_psnr(&JudgedFrame::resting_mouth);
  verdict.lips_psnr_db = psnr(&JudgedFrame::lips);
  verdict.resting_lips_psnr_db = psnr(&JudgedFrame::resting_lips);
  verdict.face_psnr_db = psnr(&JudgedFrame::face);
  int64_t shut = 0;
  double widest = 0, left_open = 0;
  for (const JudgedFrame& frame : frames) {
    widest = std::max(widest, frame.drawn.opening);
    if (frame.drawn.opening >= kShut) continue;
    ++shut;
    left_open += frame.rendered.opening;
  }
  if (shut > 0 && widest > 0) verdict.closed_opening = left_open / static_cast<double>(shut) / widest;
  return verdict;
}

Json Verdict::ToJson() const {
  return Json::Object({{"name", name},
                       {"frames", frames},
                       {"opening", opening},
                       {"width", width},
                       {"round", round},
                       {"mouth_psnr_db", mouth_psnr_db},
                       {"resting_mouth_psnr_db", resting_mouth_psnr_db},
                       {"lips_psnr_db", lips_psnr_db},
                       {"resting_lips_psnr_db", resting_lips_psnr_db},
                       {"face_psnr_db", face_psnr_db},
                       {"closed_opening", closed_opening}});
}

Json JudgeReport::ToJson() const {
  Json by_kind = Json::Array{}, by_sentence = Json::Array{};
  for (const Verdict& kind : kinds) by_kind.Append(kind.ToJson());
  for (const Verdict& sentence : sentences) by_sentence.Append(sentence.ToJson());
  return Json::Object({{"all", all.ToJson()},
                       {"kinds", std::move(by_kind)},
                       {"sentences", std::move(by_sentence)},
                       {"engine", engine}});
}

}  // namespace lips

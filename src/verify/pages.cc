#include "verify/pages.h"

#include <cmath>
#include <utility>

namespace lips {
namespace {

std::vector<float> Each(const TalkMeasures& measures, double (*value)(const TalkFacts&)) {
  std::vector<float> values;
  for (const TalkFacts& facts : measures.frames) values.push_back(static_cast<float>(value(facts)));
  return values;
}

}  // namespace

ReportPage PageOf(const CompareRequest& request, const CompareReport& report) {
  ReportPage page;
  page.title = "Comparison";
  page.facts = {{"first", request.a.string()},
                {"second", request.b.string()},
                {"frames", std::to_string(report.frames_a) + ", " + std::to_string(report.frames_b)}};
  page.metrics = report.metrics;
  ReportPlot plot{"PSNR in dB", {}, 25};
  for (const ComparedRegion& region : report.regions) plot.lines.push_back({region.name, region.psnr_db});
  page.plots.push_back(std::move(plot));
  for (const ComparedFrame& frame : report.worst) {
    page.pictures.push_back(
        {"frame " + std::to_string(frame.frame) + ": first, second, eight times their difference", &frame.picture});
  }
  return page;
}

ReportPage PageOf(const TensorReport& report) {
  ReportPage page;
  page.title = "Comparison of arrays";
  for (const ComparedTensor& tensor : report.tensors) page.facts.emplace_back(tensor.name, ToString(tensor.dims));
  page.metrics = report.metrics;
  return page;
}

ReportPage PageOf(const TalkReport& report) {
  ReportPage page;
  page.title = "Talking video";
  page.facts = {{"video", report.video},
                {"avatar", report.avatar},
                {"sound", report.audio},
                {"frames", std::to_string(report.frames)}};
  const TalkMeasures& m = report.measures;
  page.metrics = m.metrics;
  const double fps = report.fps.AsDouble();
  page.plots = {
      {"Opening of the mouth and loudness of its sound", {{"opening", m.opening}, {"loudness", m.loudness}}, fps},
      {"Seam, in levels", {{"seam", Each(m, [](const TalkFacts& f) { return f.seam; })}}, fps},
      {"Place of the skin beside the mouth against the template's, in pixels",
       {{"across", Each(m, [](const TalkFacts& f) { return f.inside.dx; })},
        {"down", Each(m, [](const TalkFacts& f) { return f.inside.dy; })}},
       fps},
      {"Change of the mouth since the frame before, in levels",
       {{"shown", Each(m, [](const TalkFacts& f) { return f.motion; })},
        {"template", Each(m, [](const TalkFacts& f) { return f.template_motion; })}},
       fps},
      {"Tint at the mask's border, in levels",
       {{"blue", Each(m, [](const TalkFacts& f) { return f.tint[0]; })},
        {"red", Each(m, [](const TalkFacts& f) { return f.tint[2]; })},
        {"green", Each(m, [](const TalkFacts& f) { return f.tint[1]; })}},
       fps},
  };
  for (const TalkReport::Shown& shown : report.worst) {
    page.pictures.push_back({"worst " + shown.why + ", frame " + std::to_string(shown.frame) +
                                 ": template, shown, eight times their difference",
                             &shown.picture});
  }
  return page;
}

ReportPage PageOf(const AvatarProof& proof) {
  ReportPage page;
  page.title = "Avatar " + proof.avatar;
  if (!proof.engine.empty()) page.facts.emplace_back("engine", proof.engine);
  if (!proof.reference.empty()) page.facts.emplace_back("reference", proof.reference);
  page.metrics = proof.metrics;
  return page;
}

}  // namespace lips

#include "train/curves.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>

namespace lips {
namespace {

constexpr double kWidth = 720;
constexpr double kPanelHeight = 220;
constexpr double kLeft = 60;
constexpr double kTop = 30;
constexpr double kGap = 60;

std::string Format(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof(text), format, value);
  return text;
}

struct Series {
  const char* name;
  const char* colour;
  std::vector<std::pair<double, double>> points;  // minutes, value
};

using Getter = std::function<double(const CurvePoint&)>;

Series SeriesOf(const std::vector<CurvePoint>& points, const char* name, const char* colour, const Getter& get) {
  Series series{name, colour, {}};
  for (const CurvePoint& point : points) {
    const double value = get(point);
    if (value != 0 && std::isfinite(value)) series.points.emplace_back(point.elapsed_s / 60, value);
  }
  return series;
}

// One panel with its frame, labels at both ends of either axis, and lines.
std::string Panel(double top, const std::string& title, double minutes, const std::vector<Series>& all,
                  const char* format) {
  double low = INFINITY;
  double high = -INFINITY;
  for (const Series& series : all) {
    for (const auto& [x, y] : series.points) {
      low = std::min(low, y);
      high = std::max(high, y);
    }
  }
  if (!(low < high)) {
    low = std::isfinite(low) ? low - 1 : 0;
    high = low + 2;
  }
  const double width = kWidth - kLeft - 20;
  const auto x_of = [&](double x) { return kLeft + width * x / minutes; };
  const auto y_of = [&](double y) { return top + kPanelHeight * (high - y) / (high - low); };
  const auto text = [](double x, double y, const char* anchor, const std::string& what) {
    return "<text x=\"" + Format("%.1f", x) + "\" y=\"" + Format("%.1f", y) + "\" text-anchor=\"" + anchor + "\">" +
           what + "</text>\n";
  };
  std::string svg = "<rect x=\"" + Format("%.1f", kLeft) + "\" y=\"" + Format("%.1f", top) + "\" width=\"" +
                    Format("%.1f", width) + "\" height=\"" + Format("%.1f", kPanelHeight) +
                    "\" fill=\"none\" stroke=\"#999\"/>\n";
  svg += text(kLeft, top - 8, "start", title);
  svg += text(kLeft - 6, top + 10, "end", Format(format, high));
  svg += text(kLeft - 6, top + kPanelHeight, "end", Format(format, low));
  svg += text(kLeft, top + kPanelHeight + 16, "start", "0");
  svg += text(kLeft + width, top + kPanelHeight + 16, "end", Format("%.1f min", minutes));
  double legend = kLeft + width;
  for (const Series& series : all) {
    if (series.points.empty()) continue;
    svg += "<g fill=\"" + std::string(series.colour) + "\">" + text(legend, top - 8, "end", series.name) + "</g>\n";
    legend -= 110;
    svg += "<polyline fill=\"none\" stroke=\"" + std::string(series.colour) + "\" points=\"";
    for (const auto& [x, y] : series.points) svg += Format("%.1f", x_of(x)) + "," + Format("%.1f ", y_of(y));
    svg += "\"/>\n";
  }
  return svg;
}

}  // namespace

std::string CurvesCsv(const std::vector<CurvePoint>& points) {
  std::string csv =
      "step,elapsed_s,stage,learning_rate,picture_loss,mouth_loss,psnr_db,mouth_psnr_db,opening_correlation\n";
  for (const CurvePoint& p : points) {
    csv += std::to_string(p.step) + Format(",%.1f,", p.elapsed_s) + "\"" + p.stage + "\"" +
           Format(",%.6g", p.learning_rate) + Format(",%.6g", p.picture_loss) + Format(",%.6g", p.mouth_loss) +
           Format(",%.3f", p.psnr_db) + Format(",%.3f", p.mouth_psnr_db) + Format(",%.4f\n", p.opening_correlation);
  }
  return csv;
}

std::string CurvesSvg(const std::vector<CurvePoint>& points) {
  const double minutes = std::max(points.empty() ? 0.0 : points.back().elapsed_s / 60, 1e-3);
  const auto log_of = [](double value) { return value > 0 ? std::log10(value) : 0; };
  const double height = 2 * kPanelHeight + kTop + kGap + 30;
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + Format("%.0f", kWidth) + "\" height=\"" +
                    Format("%.0f", height) + "\" font-family=\"sans-serif\" font-size=\"12\">\n" +
                    "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
  svg += Panel(kTop, "losses, log10", minutes,
               {SeriesOf(points, "mouth", "#c33", [&](const CurvePoint& p) { return log_of(p.mouth_loss); }),
                SeriesOf(points, "pictures", "#36c", [&](const CurvePoint& p) { return log_of(p.picture_loss); })},
               "%.2f");
  svg += Panel(kTop + kPanelHeight + kGap, "held-out frames: PSNR, dB", minutes,
               {SeriesOf(points, "whole face", "#393", [](const CurvePoint& p) { return p.psnr_db; }),
                SeriesOf(points, "in the mouth", "#c33", [](const CurvePoint& p) { return p.mouth_psnr_db; })},
               "%.1f");
  return svg + "</svg>\n";
}

Json ToJson(const std::vector<CurvePoint>& points) {
  Json json = Json::Array{};
  for (const CurvePoint& p : points) {
    json.Append(Json::Object({{"step", p.step},
                              {"elapsed_s", p.elapsed_s},
                              {"stage", p.stage},
                              {"learning_rate", p.learning_rate},
                              {"picture_loss", p.picture_loss},
                              {"mouth_loss", p.mouth_loss},
                              {"psnr_db", p.psnr_db},
                              {"mouth_psnr_db", p.mouth_psnr_db},
                              {"opening_correlation", p.opening_correlation}}));
  }
  return json;
}

std::vector<CurvePoint> CurvesFromJson(const Json& json) {
  std::vector<CurvePoint> points;
  for (const Json& entry : json.array()) {
    if (!entry.is_object()) continue;
    const auto number = [&entry](const char* key) {
      const Json* found = entry.Find(key);
      return found == nullptr ? 0.0 : found->as_double();
    };
    CurvePoint p;
    p.step = static_cast<int64_t>(number("step"));
    p.elapsed_s = number("elapsed_s");
    if (const Json* stage = entry.Find("stage")) p.stage = stage->as_string();
    p.learning_rate = number("learning_rate");
    p.picture_loss = number("picture_loss");
    p.mouth_loss = number("mouth_loss");
    p.psnr_db = number("psnr_db");
    p.mouth_psnr_db = number("mouth_psnr_db");
    p.opening_correlation = number("opening_correlation");
    points.push_back(std::move(p));
  }
  return points;
}

}  // namespace lips

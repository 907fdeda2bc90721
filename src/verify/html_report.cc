#include "verify/html_report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

#include "base/base64.h"
#include "media/picture.h"

namespace lips {
namespace {

constexpr int kWidth = 960, kHeight = 140;
constexpr size_t kMostPoints = 960;
constexpr std::array<const char*, 4> kColours = {"#1b6ca8", "#d1495b", "#3a7d44", "#8d6a9f"};

std::string Escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string Number(double value, const char* format = "%.4g") {
  char text[40];
  std::snprintf(text, sizeof(text), format, value);
  return text;
}

// Points of a line; where there are more values than pixels, the least and the most of each stretch.
std::string Points(const std::vector<float>& values, double least, double most) {
  std::string points;
  const double range = most > least ? most - least : 1;
  const auto add = [&](size_t n, double value) {
    const double x = values.size() > 1 ? static_cast<double>(n) / static_cast<double>(values.size() - 1) : 0;
    points += Number(x * kWidth, "%.1f") + "," + Number(kHeight - (value - least) / range * kHeight, "%.1f") + " ";
  };
  const size_t stretch = std::max<size_t>(1, 2 * values.size() / kMostPoints);
  for (size_t n = 0; n < values.size(); n += stretch) {
    const auto end = values.begin() + static_cast<ptrdiff_t>(std::min(n + stretch, values.size()));
    const auto [low, high] = std::minmax_element(values.begin() + static_cast<ptrdiff_t>(n), end);
    add(n, static_cast<double>(*low));
    if (high != low) add(n, static_cast<double>(*high));
  }
  return points;
}

std::string Plot(const ReportPlot& plot) {
  std::string out =
      "<figure><figcaption>" + Escaped(plot.title) + "</figcaption><svg viewBox=\"-4 -6 968 172\" role=\"img\">";
  out += "<rect x=\"0\" y=\"0\" width=\"960\" height=\"140\" fill=\"#f6f6f4\"/>";
  size_t longest = 0;
  std::string legend;
  for (size_t k = 0; k < plot.lines.size(); ++k) {
    const ReportPlot::Line& line = plot.lines[k];
    if (line.values.empty()) continue;
    longest = std::max(longest, line.values.size());
    const auto [low, high] = std::ranges::minmax_element(line.values);
    const double least = std::min(0.0, static_cast<double>(*low)), most = static_cast<double>(*high);
    const std::string colour = kColours[k % kColours.size()];
    out += "<polyline fill=\"none\" stroke=\"" + colour + "\" stroke-width=\"1.2\" points=\"" +
           Points(line.values, least, most) + "\"/>";
    legend += "<span style=\"color:" + colour + "\">" + Escaped(line.name) + " (" + Number(least) + " … " +
              Number(most) + ")</span> ";
  }
  const double seconds = static_cast<double>(longest) / plot.frames_per_second;
  for (int k = 0; k <= 4; ++k) {
    out += "<text x=\"" + std::to_string(k * kWidth / 4) + "\" y=\"158\" font-size=\"12\" text-anchor=\"" +
           (k == 0   ? "start"
            : k == 4 ? "end"
                     : "middle") +
           "\">" + Number(seconds * k / 4, "%.1f") + " s</text>";
  }
  return out + "</svg><p>" + legend + "</p></figure>\n";
}

Result<std::string> Picture(const ReportPicture& picture) {
  constexpr int kQuality = 88;
  ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, JpegBytes(std::as_const(*picture.picture).view(), kQuality));
  return "<figure><figcaption>" + Escaped(picture.caption) + "</figcaption><img alt=\"" + Escaped(picture.caption) +
         "\" src=\"data:image/jpeg;base64," + EncodeBase64(bytes, Base64::kStandard) + "\"></figure>\n";
}

}  // namespace

Result<std::string> HtmlReport(const ReportPage& page) {
  std::string out =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + Escaped(page.title) +
      "</title><style>body{font:15px/1.5 system-ui,sans-serif;max-width:62em;margin:2em auto;padding:0 1em;color:#222}"
      "table{border-collapse:collapse}td,th{padding:.25em .8em;border-bottom:1px solid #ddd;text-align:left}"
      "td.n{text-align:right;font-variant-numeric:tabular-nums}.bad{color:#b00020;font-weight:600}"
      "figure{margin:1.5em 0}img,svg{max-width:100%;height:auto}</style></head><body>\n<h1>" +
      Escaped(page.title) + "</h1>\n<p class=\"" +
      (AllOk(page.metrics) ? "good\">All limits hold." : "bad\">Not all limits hold.") + "</p>\n<table>";
  for (const auto& [key, value] : page.facts)
    out += "<tr><th>" + Escaped(key) + "</th><td>" + Escaped(value) + "</td></tr>";
  out +=
      "</table>\n<h2>Measures</h2>\n<table><tr><th>measure</th><th>value</th><th>limit</th><th></th><th>what</th></"
      "tr>\n";
  for (const Metric& metric : page.metrics) {
    out += "<tr><td>" + Escaped(metric.name) + "</td><td class=\"n\">" + Escaped(ValueText(metric)) +
           "</td><td class=\"n\">" + Escaped(LimitText(metric)) + "</td><td" +
           (metric.ok() ? ">ok" : " class=\"bad\">fails") + "</td><td>" + Escaped(metric.about) + "</td></tr>\n";
  }
  out += "</table>\n";
  if (!page.plots.empty()) out += "<h2>Over time</h2>\n";
  for (const ReportPlot& plot : page.plots) out += Plot(plot);
  if (!page.pictures.empty()) out += "<h2>Worst frames</h2>\n";
  for (const ReportPicture& picture : page.pictures) {
    ASSIGN_OR_RETURN(const std::string html, Picture(picture));
    out += html;
  }
  return out + "</body></html>\n";
}

}  // namespace lips

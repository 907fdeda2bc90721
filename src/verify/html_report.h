// A report that one can send to somebody: one HTML file with its plots and pictures inside.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "image/image.h"
#include "verify/metric.h"

namespace lips {

struct ReportPlot {
  struct Line {
    std::string name;
    std::vector<float> values;  // one a frame
  };
  std::string title;
  std::vector<Line> lines;  // each scaled to its own range
  double frames_per_second = 25;
};

struct ReportPicture {
  std::string caption;
  const Image* picture = nullptr;
};

struct ReportPage {
  std::string title;
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<Metric> metrics;
  std::vector<ReportPlot> plots;
  std::vector<ReportPicture> pictures;
};

// Text is escaped; nothing is loaded from elsewhere; no script. Errors: those of JpegBytes.
Result<std::string> HtmlReport(const ReportPage& page);

}  // namespace lips

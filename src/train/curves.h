// How a training run went: points over time, as CSV and as a picture.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace lips {

struct CurvePoint {
  int64_t step = 0;
  double elapsed_s = 0;
  std::string stage;
  double learning_rate = 0;
  double picture_loss = 0;  // mean since the last point; 0 without pictures
  double mouth_loss = 0;    // likewise; 0 where the mouth is unknown
  // Of held-out frames; 0 where nothing was measured at this point.
  double psnr_db = 0;
  double mouth_psnr_db = 0;
  double opening_correlation = 0;
};

std::string CurvesCsv(const std::vector<CurvePoint>& points);

// Losses over minutes (logarithmic) above, PSNR in the mouth below. Any number of points.
std::string CurvesSvg(const std::vector<CurvePoint>& points);

Json ToJson(const std::vector<CurvePoint>& points);
std::vector<CurvePoint> CurvesFromJson(const Json& json);  // what is not a point is left out

}  // namespace lips

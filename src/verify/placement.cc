#include "verify/placement.h"

#include <cmath>
#include <utility>

namespace lips {

Placement FindPlacement(const FacePatch& shown, const FacePatch& original, const std::vector<size_t>& pixels,
                        double px_per_patch) {
  constexpr double kZoomReach = 50;  // patch pixels: makes the unknowns about as large as each other
  double a[4][5] = {};               // normal equations for dx, dy, zoom and brightness
  for (const size_t at : pixels) {
    const std::vector<float>& t = original.luma;
    const double gx = (t[at + 1] - t[at - 1]) / 2, gy = (t[at + FacePatch::kPx] - t[at - FacePatch::kPx]) / 2;
    const double x = static_cast<double>(at % FacePatch::kPx) - FacePatch::kPx / 2.0,
                 y = static_cast<double>(at / FacePatch::kPx) - FacePatch::kPx / 2.0;
    const double row[4] = {-gx, -gy, -(gx * x + gy * y) / kZoomReach, 1};
    const double difference = shown.luma[at] - t[at];
    for (int i = 0; i < 4; ++i) {
      for (int j = 0; j < 4; ++j) a[i][j] += row[i] * row[j];
      a[i][4] += row[i] * difference;
    }
  }
  for (int i = 0; i < 3; ++i) a[i][i] += 0.1 * static_cast<double>(pixels.size());  // flat skin tells nothing
  for (int i = 0; i < 4; ++i) {
    int pivot = i;
    for (int k = i + 1; k < 4; ++k) pivot = std::abs(a[k][i]) > std::abs(a[pivot][i]) ? k : pivot;
    std::swap(a[i], a[pivot]);
    if (a[i][i] == 0) return {};
    for (int k = 0; k < 4; ++k) {
      if (k == i) continue;
      const double factor = a[k][i] / a[i][i];
      for (int j = i; j < 5; ++j) a[k][j] -= factor * a[i][j];
    }
  }
  return {a[0][4] / a[0][0] * px_per_patch, a[1][4] / a[1][1] * px_per_patch, a[2][4] / a[2][2] / kZoomReach};
}

}  // namespace lips

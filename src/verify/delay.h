// When a mouth moves against when it is heard.
#pragma once

#include <functional>
#include <span>
#include <vector>

namespace lips {

struct Delay {
  double ms = 0;           // the mouth comes so much later than the sound; NaN when there is too little to tell by
  double correlation = 0;  // of the opening and the sound, at that delay, 0 .. 1: of cells chosen on the other half of
                           // the video, so that chance gives nearly none
  std::vector<float> opening;  // the signal that follows the sound best, frame by frame; mean 0
};

// `cells` is [frames, cell_count]: any measurements of the mouth whose changes follow its opening, brightness of its
// parts for instance. `envelope` tells the loudness at a time in seconds. Slow changes (over half a second) are taken
// out of both first. The delay is where the sum of the cells' squared covariances with the sound is largest, within
// 500 ms either way, between the steps of 5 ms by a parabola.
Delay FindDelay(std::span<const float> cells, int cell_count, double frames_per_second,
                const std::function<double(double)>& envelope);

}  // namespace lips

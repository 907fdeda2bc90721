#include "demo/draw_frames.h"

#include <atomic>

namespace lips::demo {

void DrawFrame(const Person& person, const Pose& pose, const Mouth& mouth, ThreadPool& threads, Image& out) {
  constexpr int kRows = 16;  // rows differ in what is drawn there, so threads take the next few as they come
  out.Resize(person.width(), person.height());
  const ImageView view = out.view();
  std::atomic<int> next = 0;
  threads.Run([&](const Worker&) {
    for (int top = next.fetch_add(kRows); top < view.height; top = next.fetch_add(kRows)) {
      const Rect band = {0, top, view.width, std::min(kRows, view.height - top)};
      person.Draw(pose, mouth, band, view.Crop(band));
    }
  });
}

}  // namespace lips::demo

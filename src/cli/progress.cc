#include "cli/progress.h"

#include <unistd.h>

#include <cmath>
#include <cstdio>

namespace lips::cli {
namespace {
constexpr double kTerminalIntervalMs = 100;
constexpr double kPipeIntervalMs = 5000;
constexpr int kBarCells = 30;
}  // namespace

std::string ClockText(double seconds) {
  const auto total = static_cast<int64_t>(std::llround(std::fmax(seconds, 0)));
  char text[64];
  if (total >= 3600) {
    std::snprintf(text, sizeof(text), "%lld:%02lld:%02lld", static_cast<long long>(total / 3600),
                  static_cast<long long>(total / 60 % 60), static_cast<long long>(total % 60));
  } else {
    std::snprintf(text, sizeof(text), "%lld:%02lld", static_cast<long long>(total / 60),
                  static_cast<long long>(total % 60));
  }
  return text;
}

Progress::Progress(std::string what, bool quiet, std::string unit)
    : what_(std::move(what)), unit_(std::move(unit)), quiet_(quiet), terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (line_open_) std::fputc('\n', stderr);
}

void Progress::Update(int64_t done, int64_t total) {
  if (quiet_ || total <= 0 || complete_) return;
  const double now = watch_.ElapsedMs();
  complete_ = done >= total;
  if (!complete_ && now - last_shown_ms_ < (terminal_ ? kTerminalIntervalMs : kPipeIntervalMs)) return;
  last_shown_ms_ = now;
  const double share = static_cast<double>(done) / static_cast<double>(total);
  const double rate = now > 0 ? static_cast<double>(done) * 1000 / now : 0;
  std::string tail = " " + unit_;
  if (unit_ == "frames") {
    char fps[32];
    std::snprintf(fps, sizeof(fps), ", %.1f fps", rate);
    tail += fps;
  }
  tail += ", ETA " + ClockText(rate > 0 ? static_cast<double>(total - done) / rate : 0);
  if (terminal_) {
    std::string bar;
    const int cells = static_cast<int>(share * kBarCells);
    for (int i = 0; i < kBarCells; ++i) bar += i < cells ? '#' : '.';
    std::fprintf(stderr, "\r%s [%s] %3d %%  %lld/%lld%s  ", what_.c_str(), bar.c_str(), static_cast<int>(share * 100),
                 static_cast<long long>(done), static_cast<long long>(total), tail.c_str());
    line_open_ = true;
  } else {
    std::fprintf(stderr, "%s %lld/%lld%s\n", what_.c_str(), static_cast<long long>(done), static_cast<long long>(total),
                 tail.c_str());
  }
  std::fflush(stderr);
}

}  // namespace lips::cli

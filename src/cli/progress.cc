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

Progress::Progress(std::string what, bool quiet)
    : what_(std::move(what)), quiet_(quiet), terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (line_open_) std::fputc('\n', stderr);
}

void Progress::Update(int64_t done, int64_t total) {
  if (quiet_ || total <= 0) return;
  const double now = watch_.ElapsedMs();
  const bool last = done >= total;
  if (!last && now - last_shown_ms_ < (terminal_ ? kTerminalIntervalMs : kPipeIntervalMs)) return;
  last_shown_ms_ = now;
  const double share = static_cast<double>(done) / static_cast<double>(total);
  const double fps = now > 0 ? static_cast<double>(done) * 1000 / now : 0;
  const double eta_s = fps > 0 ? static_cast<double>(total - done) / fps : 0;
  if (terminal_) {
    std::string bar;
    const int cells = static_cast<int>(share * kBarCells);
    for (int i = 0; i < kBarCells; ++i) bar += i < cells ? '#' : '.';
    std::fprintf(stderr, "\r%s [%s] %3d %%  %lld/%lld  %.1f fps  ETA %s  ", what_.c_str(), bar.c_str(),
                 static_cast<int>(share * 100), static_cast<long long>(done), static_cast<long long>(total), fps,
                 ClockText(eta_s).c_str());
    line_open_ = true;
  } else {
    std::fprintf(stderr, "%s %lld/%lld frames, %.1f fps, ETA %s\n", what_.c_str(), static_cast<long long>(done),
                 static_cast<long long>(total), fps, ClockText(eta_s).c_str());
  }
  std::fflush(stderr);
}

}  // namespace lips::cli

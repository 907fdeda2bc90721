#include "bench/report.h"

#include <algorithm>
#include <cmath>

namespace lips {

Summary Summarise(std::vector<double> ms) {
  if (ms.empty()) return {};
  std::ranges::sort(ms);
  const size_t count = ms.size();
  const auto rank = static_cast<size_t>(std::ceil(0.95 * static_cast<double>(count)));
  return {.median_ms = (ms[(count - 1) / 2] + ms[count / 2]) / 2,
          .p95_ms = ms[std::clamp<size_t>(rank, 1, count) - 1],
          .min_ms = ms.front()};
}

void SetSummary(const Summary& summary, Json& row) {
  row.Set("median_ms", summary.median_ms);
  row.Set("p95_ms", summary.p95_ms);
  row.Set("min_ms", summary.min_ms);
}

Json Ratio(double peer_ms, double ours_ms) {
  if (!(peer_ms > 0) || !(ours_ms > 0)) return {};
  return peer_ms / ours_ms;
}

void BenchReport::Skip(Backend engine, Precision precision, const Error& why) {
  Json entry = Json::Object({{"engine", Name(engine)}, {"precision", Name(precision)}, {"why", why.message()}});
  for (const Json& known : skipped) {  // once, not once per thread count and cache level
    if (known.Dump() == entry.Dump()) return;
  }
  skipped.push_back(std::move(entry));
}

Json BenchReport::ToJson(const Json& machine) const {
  return Json::Object({{"machine", machine}, {"results", results}, {"skipped", skipped}});
}

}  // namespace lips

#include "verify/metric.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace lips {
namespace {

std::string Number(double value, const std::string& unit) {
  char text[40];
  std::snprintf(text, sizeof(text), "%.4g", value);
  return unit.empty() ? text : text + (" " + unit);
}

}  // namespace

bool Metric::measured() const { return !std::isnan(value); }

bool Metric::ok() const {
  if (!limit || !measured()) return true;
  switch (bound) {
    case Bound::kAtMost: return value <= *limit;
    case Bound::kAtLeast: return value >= *limit;
    case Bound::kWithin: return std::abs(value) <= *limit;
  }
  return false;
}

bool AllOk(std::span<const Metric> metrics) {
  return std::ranges::all_of(metrics, [](const Metric& metric) { return metric.ok(); });
}

Status SetLimits(std::span<const std::pair<std::string, double>> limits, std::vector<Metric>& metrics) {
  for (const auto& [name, limit] : limits) {
    const auto at = std::ranges::find(metrics, name, &Metric::name);
    if (at == metrics.end()) {
      std::string names;
      for (const Metric& metric : metrics) names += (names.empty() ? "" : ", ") + metric.name;
      return Error(ErrorCode::kInvalidInput, "no metric is called '" + name + "'; there are " + names);
    }
    at->limit = limit;
  }
  return {};
}

std::string ValueText(const Metric& metric) {
  return metric.measured() ? Number(metric.value, metric.unit) : std::string("-");
}

std::string LimitText(const Metric& metric) {
  if (!metric.limit) return "";
  const char* what = metric.bound == Bound::kAtMost    ? "at most "
                     : metric.bound == Bound::kAtLeast ? "at least "
                                                       : "within ";
  return what + Number(*metric.limit, metric.unit);
}

Json ToJson(std::span<const Metric> metrics) {
  Json::Array list;
  for (const Metric& metric : metrics) {
    Json one = Json::Object({{"name", metric.name}, {"value", metric.value}});
    if (!metric.unit.empty()) one.Set("unit", metric.unit);
    if (metric.limit) one.Set("limit", *metric.limit);
    one.Set("ok", metric.ok());
    if (metric.worst_frame >= 0) one.Set("worst_frame", metric.worst_frame);
    if (!metric.about.empty()) one.Set("about", metric.about);
    list.push_back(std::move(one));
  }
  return list;
}

}  // namespace lips

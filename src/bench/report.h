// What a benchmark reports: durations in summary, rows of results, and what was left out and why.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "engine/session.h"

namespace lips {

// Durations of one repeated step whose warm-up was not counted.
struct Summary {
  double median_ms = 0;  // of an even number: the mean of the two in the middle
  double p95_ms = 0;     // nearest rank
  double min_ms = 0;
};
Summary Summarise(std::vector<double> ms);  // all zeros for none

// Adds "median_ms", "p95_ms" and "min_ms" to an object.
void SetSummary(const Summary& summary, Json& row);

// `ours` as a speed relative to `peer`: 2 is twice as fast. Null when either is unknown (0).
Json Ratio(double peer_ms, double ours_ms);

// Rows that one command measured. Rows of what cannot run here are not errors; they are named with their reason.
struct BenchReport {
  Json::Array results;  // objects, all with the same keys
  Json::Array skipped;  // {"engine", "precision", "why"}

  void Skip(Backend engine, Precision precision, const Error& why);
  // {"machine", "results", "skipped"}
  Json ToJson(const Json& machine) const;
};

// Asked before each step: how much is done; an error of it (a stop request) ends the benchmark.
using BenchProgress = std::function<Status(int64_t done, int64_t total)>;

}  // namespace lips

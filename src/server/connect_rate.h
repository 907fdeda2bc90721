// Bounds how often one address may begin something: a bucket of tokens for each.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

namespace lips {

// One thread at a time. Memory is bounded: addresses that have been quiet are forgotten; when too many are active at
// once, new ones share a bucket.
class ConnectRate {
 public:
  // `per_second` 0: any number. That many may come at once.
  explicit ConnectRate(int per_second) : per_second_(per_second) {}
  bool Allow(const std::string& address, int64_t now_us);

 private:
  struct Bucket {
    double tokens = 0;
    int64_t at_us = 0;
  };
  void Forget(int64_t now_us);
  int per_second_;
  std::unordered_map<std::string, Bucket> buckets_;
};

}  // namespace lips

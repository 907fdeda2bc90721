#include "server/connect_rate.h"

#include <algorithm>

namespace lips {
namespace {

constexpr size_t kMaxAddresses = 20'000;
constexpr int64_t kFullAfterUs = 1'000'000;  // an empty bucket is full again after a second

}  // namespace

bool ConnectRate::Allow(const std::string& address, int64_t now_us) {
  if (per_second_ == 0) return true;
  if (buckets_.size() >= kMaxAddresses && !buckets_.contains(address)) Forget(now_us);
  const bool crowded = buckets_.size() >= kMaxAddresses && !buckets_.contains(address);
  const auto [entry, is_new] = buckets_.try_emplace(crowded ? std::string() : address);
  Bucket& bucket = entry->second;
  const double most = per_second_;
  if (is_new) {
    bucket.tokens = most;
  } else {
    bucket.tokens = std::min(most, bucket.tokens + most * static_cast<double>(now_us - bucket.at_us) / 1e6);
  }
  bucket.at_us = now_us;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

void ConnectRate::Forget(int64_t now_us) {
  std::erase_if(buckets_, [now_us](const auto& entry) { return now_us - entry.second.at_us > kFullAfterUs; });
}

}  // namespace lips

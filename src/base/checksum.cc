#include "base/checksum.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace lips {
namespace {

static_assert(std::endian::native == std::endian::little, "words are read as they lie");

constexpr uint64_t kPrime1 = 0x9E3779B185EBCA87;
constexpr uint64_t kPrime2 = 0xC2B2AE3D27D4EB4F;
constexpr uint64_t kPrime3 = 0x165667B19E3779F9;
constexpr uint64_t kPrime4 = 0x85EBCA77C2B2AE63;
constexpr uint64_t kPrime5 = 0x27D4EB2F165667C5;

template <typename Word>
Word Load(const uint8_t* from) {
  Word word;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

uint64_t Round(uint64_t lane, uint64_t word) { return std::rotl(lane + word * kPrime2, 31) * kPrime1; }

uint64_t Merge(uint64_t sum, uint64_t lane) { return (sum ^ Round(0, lane)) * kPrime1 + kPrime4; }

void AddStripe(const uint8_t* stripe, std::array<uint64_t, 4>& lanes) {
  for (size_t i = 0; i < lanes.size(); ++i) lanes[i] = Round(lanes[i], Load<uint64_t>(stripe + 8 * i));
}

}  // namespace

void Checksum64::Add(std::span<const uint8_t> bytes) {
  total_bytes_ += bytes.size();
  if (rest_bytes_ > 0) {
    const size_t n = std::min(bytes.size(), kStripe - rest_bytes_);
    std::copy_n(bytes.begin(), n, rest_.begin() + static_cast<ptrdiff_t>(rest_bytes_));
    rest_bytes_ += n;
    bytes = bytes.subspan(n);
    if (rest_bytes_ < kStripe) return;
    AddStripe(rest_.data(), lanes_);
    rest_bytes_ = 0;
  }
  std::array<uint64_t, 4> lanes = lanes_;  // so that they stay in registers
  const uint8_t* at = bytes.data();
  for (const uint8_t* end = at + bytes.size() / kStripe * kStripe; at != end; at += kStripe) AddStripe(at, lanes);
  lanes_ = lanes;
  rest_bytes_ = bytes.size() % kStripe;
  std::copy_n(at, rest_bytes_, rest_.begin());
}

uint64_t Checksum64::Value() const {
  uint64_t sum = kPrime5;
  if (total_bytes_ >= kStripe) {
    sum = std::rotl(lanes_[0], 1) + std::rotl(lanes_[1], 7) + std::rotl(lanes_[2], 12) + std::rotl(lanes_[3], 18);
    for (const uint64_t lane : lanes_) sum = Merge(sum, lane);
  }
  sum += total_bytes_;
  const uint8_t* at = rest_.data();
  const uint8_t* const end = at + rest_bytes_;
  for (; end - at >= 8; at += 8) sum = std::rotl(sum ^ Round(0, Load<uint64_t>(at)), 27) * kPrime1 + kPrime4;
  if (end - at >= 4) {
    sum = std::rotl(sum ^ Load<uint32_t>(at) * kPrime1, 23) * kPrime2 + kPrime3;
    at += 4;
  }
  for (; at != end; ++at) sum = std::rotl(sum ^ *at * kPrime5, 11) * kPrime1;
  sum = (sum ^ sum >> 33) * kPrime2;
  sum = (sum ^ sum >> 29) * kPrime3;
  return sum ^ sum >> 32;
}

uint64_t Checksum64Of(std::span<const uint8_t> bytes) {
  Checksum64 sum;
  sum.Add(bytes);
  return sum.Value();
}

}  // namespace lips

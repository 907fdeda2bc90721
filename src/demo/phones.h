// Which sounds a recording holds and when: what moves the drawn mouth.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "demo/pose.h"

namespace lips::demo {

struct Phone {
  std::string name;  // of the CMU set, as flite says it: "aa", "m", "pau"
  double end_s = 0;  // it begins where the one before ends, the first at 0
};

// Accepts both forms, told by content:
//   flite -psdur   hh:0.255 ax:0.304 l:0.412 ...   anywhere between white space
//   by hand        one "phone end_seconds" a line; # begins a comment
// A digit that marks stress ("ah0") is dropped. Errors: kCorrupted naming the line or entry (no number, an end before
// its beginning, an unknown phone: lists the known ones), kInvalidInput when there is none; kResourceLimit above 10^6
// phones or 24 hours.
Result<std::vector<Phone>> ParsePhones(std::string_view text);
Result<std::vector<Phone>> ReadPhones(const Path& path);

// Whether the mouth table has it.
bool IsKnownPhone(std::string_view name);

// The mouth at the middle of each of `frames` frames at 25 fps: targets of the phones, smoothed so that neighbours
// colour each other, while lips meet fully at m, b, p and the lower lip reaches the teeth at f, v. Silence after the
// last phone.
std::vector<Mouth> MouthCurve(const std::vector<Phone>& phones, int64_t frames);

}  // namespace lips::demo

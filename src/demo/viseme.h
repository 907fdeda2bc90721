// What the mouth does for a phone, and how strongly it insists on it.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "demo/pose.h"

namespace lips::demo {

inline constexpr int kMouthParameters = 6;
using MouthArray = std::array<float, kMouthParameters>;  // in the order of Mouth's members

struct Viseme {
  std::string_view phone;
  MouthArray target;
  float dominance = 1;  // weight against its neighbours
};

// Null when there is none.
const Viseme* FindViseme(std::string_view phone);
std::string KnownPhones();  // " aa ae ..."

}  // namespace lips::demo

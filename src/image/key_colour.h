// The colour of a screen that somebody was filmed in front of, and how much like it counts as screen.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lips {

struct KeyColour {
  uint8_t blue = 0, green = 255, red = 0;
  // In shares of the way from any colour without the key's hue (0) to the key itself (1).
  double tolerance = 0.3;  // so far from the key is still all screen: 0 .. 1
  double softness = 0.5;   // ... and so much further it fades: 0 .. 1
  double spill = 1;        // how much of the key's light on what is left is taken away: 0 .. 1
  bool operator==(const KeyColour&) const = default;
};

// "#00ff00", "00FF00", "green", "blue" into `key`, whose other members stay. Errors: kInvalidInput.
Status ParseKeyColour(std::string_view text, KeyColour& key);
std::string KeyColourText(const KeyColour& key);  // "#00ff00"

// Errors: kInvalidInput (a number outside its range; a colour too grey to be told from skin and hair).
Status CheckKeyColour(const KeyColour& key);

}  // namespace lips

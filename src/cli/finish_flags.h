// The flags of what a render does to its frames after the mouth: transparency, background, label.
#pragma once

#include <string>

#include "base/result.h"
#include "image/key_colour.h"
#include "render/finish.h"

namespace CLI {
class App;
}

namespace lips::cli {

// Must outlive parsing; Resolve() afterwards.
struct FinishFlags {
  std::string key_colour, background, label, label_position = "auto", label_font;
  KeyColour key;  // its shares
  bool no_alpha = false;
  Result<FinishOptions> Resolve() const;
};
void AddFinishFlags(CLI::App& command, FinishFlags& flags);

}  // namespace lips::cli

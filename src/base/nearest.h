// Guesses what somebody meant by a word nobody knows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lips {

// The candidate closest to `word` (at most a third of its letters edited), or "" when none is close.
std::string Nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace lips

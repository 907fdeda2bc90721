// Findings about precisions as text: kept per user, and stored with an avatar.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "engine/cpu/precision.h"

namespace lips::cpu {

Json ToJson(const Fidelity& fidelity);
std::optional<Fidelity> ReadFidelity(const Json& json);

// The calibration, the steps that stay in bf16, and what that keeps of the picture. Equal values give equal text.
std::string WriteMixedPrecision(const MixedPrecision& mixed);
// Nothing for text that is none.
std::optional<MixedPrecision> ReadMixedPrecision(std::string_view text);

}  // namespace lips::cpu

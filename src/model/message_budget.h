// How many parts an ONNX file would unfold into, counted before anything is built from it.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"

namespace lips {

// Two bytes of a file can become a message of a hundred bytes in memory, so a small malicious file could fill the
// machine. Counts the sub-messages and texts `bytes` (a ModelProto) would become. Bytes that are no protobuf are left
// to the parser to refuse. Errors: kResourceLimit above a budget no real network comes near.
Status CheckMessageBudget(std::span<const uint8_t> bytes);

}  // namespace lips

// How much memory there is, and sizes as people write them.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace lips {

// Bytes this process can take without the system beginning to swap: what the kernel calls available, or what is left of
// the control group's limit when that is less. 0 where the system does not tell.
int64_t AvailableMemoryBytes();

// Gives what the allocator holds and nobody uses back to the system; takes milliseconds. Does nothing where the C
// library knows no such thing.
void ReturnFreeMemory();

// "0", "1500", "64K", "500M", "2G", "1.5G" (of 1024), with or without a "B" or "iB" after the letter; case matters not.
// Errors: kInvalidInput (anything else, negative, beyond 2^62).
Result<int64_t> ParseByteSize(std::string_view text);

}  // namespace lips

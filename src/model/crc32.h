// The checksum of zip archives.
#pragma once

#include <cstdint>
#include <span>

namespace lips {

// CRC-32 as in zip and PNG (reflected polynomial 0xEDB88320): finds accidents, proves nothing against an enemy.
uint32_t Crc32(std::span<const uint8_t> bytes);

}  // namespace lips

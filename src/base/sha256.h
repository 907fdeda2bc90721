// SHA-256, the identity of everything we cache, report or sign.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/file.h"
#include "base/file_part.h"
#include "base/result.h"

namespace lips {

// Hashes a stream of bytes. Move-only.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();

  void Add(std::span<const uint8_t> bytes);
  template <typename T>
  void AddValues(std::span<const T> values) {
    Add({reinterpret_cast<const uint8_t*>(values.data()), values.size_bytes()});
  }
  // 64 lower-case hexadecimal digits. Ends the stream: call it once.
  std::string Hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string Sha256Hex(std::span<const uint8_t> bytes);

// Streams the file; constant memory. Errors: kIo.
Result<std::string> Sha256OfFile(const Path& path);
Result<std::string> Sha256Of(const FilePart& file);

}  // namespace lips

// A wire for tests and fuzzing that plays given bytes to its reader.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/wire.h"

namespace lips {

// Gives `script` to whoever reads, `step` bytes at a time, then ends; takes whatever is written.
class ScriptedWire : public Wire {
 public:
  ScriptedWire(Loop& loop, std::vector<uint8_t> script, size_t step)
      : loop_(loop), script_(std::move(script)), step_(std::max<size_t>(step, 1)) {}

  void ReadSome(std::span<uint8_t> into, WireDone done) override {
    const size_t count = std::min({into.size(), step_, script_.size() - used_});
    std::copy_n(script_.begin() + static_cast<std::ptrdiff_t>(used_), count, into.begin());
    used_ += count;
    Later(std::move(done), closed_ ? WireEnd::kClosed : count == 0 ? WireEnd::kEnded : WireEnd::kOk, count);
  }
  void WriteSome(std::span<const std::span<const uint8_t>> pieces, WireDone done) override {
    size_t count = 0;
    for (const auto& piece : pieces) {
      written.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      count += piece.size();
    }
    Later(std::move(done), closed_ ? WireEnd::kClosed : WireEnd::kOk, count);
  }
  void Finish(WireDone done) override { Later(std::move(done), WireEnd::kOk, 0); }
  void Close() override { closed_ = true; }

  std::string written;

 private:
  void Later(WireDone done, WireEnd end, size_t count) {
    const auto held = std::make_shared<WireDone>(std::move(done));
    loop_.Post([held, end, count] { (*held)(end, count); });
  }
  Loop& loop_;
  const std::vector<uint8_t> script_;
  const size_t step_;
  size_t used_ = 0;
  bool closed_ = false;
};

}  // namespace lips

// Writes an avatar pack section by section in constant memory; the file appears complete or not at all.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "avatar/pack_file.h"
#include "base/file.h"
#include "base/file_part.h"
#include "base/result.h"

namespace lips {

// Sections are written one after the other. Move-only.
class PackWriter {
 public:
  static Result<PackWriter> Create(const Path& target);
  PackWriter(PackWriter&&) noexcept;
  PackWriter& operator=(PackWriter&&) noexcept;
  ~PackWriter();

  // A whole section. `name`: 1 to 63 printable characters without space, new. Errors: kIo; kInvalidInput (name).
  Status Add(const std::string& name, std::span<const uint8_t> bytes);
  Status Add(const std::string& name, std::string_view text);
  Status Add(const std::string& name, const FilePart& file);

  // The sections NAME/data and NAME/index that PackBlobs reads: begin, any number of blocks, end.
  Status BeginBlobs(const std::string& name);
  Status AddBlob(std::span<const uint8_t> bytes);
  Status EndBlobs();

  // Table and header; then the file gets its name. Errors: kIo.
  Status Finish();

 private:
  struct State;
  explicit PackWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace lips

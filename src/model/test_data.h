// Where tests find the optional networks of a real package.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/file.h"

namespace lips {

// The path of `name` in LIPSTREAM_TEST_DATA; empty when it is not there, and then a test skips.
inline Path TestData(const std::string& name) {
  const char* folder = std::getenv("LIPSTREAM_TEST_DATA");
  const Path path = folder == nullptr ? Path() : Path(folder) / name;
  return folder != nullptr && std::filesystem::exists(path) ? path : Path();
}

inline constexpr const char* kGeneratorFile = "sanders/checkpoint/model_best.onnx";
inline constexpr const char* kEncoderFile = "sanders/models/audio_encoder.onnx";

}  // namespace lips

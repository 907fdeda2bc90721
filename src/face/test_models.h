// Where tests find the optional face models and test material.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>

#include "face/network.h"

namespace lips {

inline constexpr const char* kNoFaceModels = "needs the face models: run ./dev setup (tools/fetch_face_models.sh)";
inline constexpr const char* kNoSanders = "needs LIPSTREAM_TEST_DATA/sanders";

inline std::optional<FaceModelFiles> TestFaceModels() {
  auto files = FindFaceModels({});
  return files.ok() ? std::optional(std::move(files).value()) : std::nullopt;
}

// The reference package's folder; empty when it is not there.
inline Path TestSanders() {
  const char* data = std::getenv("LIPSTREAM_TEST_DATA");
  const Path sanders = Path(data == nullptr ? "" : data) / "sanders";
  return std::filesystem::exists(sanders / "full_body_video.mp4") ? sanders : Path();
}

}  // namespace lips

// The manifest of an avatar pack: what was found out about the avatar when it was packed, so that opening is quick.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "avatar/avatar.h"
#include "avatar/package_inputs.h"
#include "base/json.h"
#include "base/result.h"

namespace lips {

// Names of the sections every pack may have; docs/formats.md says what they hold.
inline constexpr char kManifestSection[] = "manifest.json";
inline constexpr char kRectsSection[] = "rects";
inline constexpr char kGeneratorSection[] = "generator.onnx";
inline constexpr char kEncoderSection[] = "audio_encoder.onnx";
inline constexpr char kFeaturesSection[] = "features";
inline constexpr char kTemplatesName[] = "templates";  // PackBlobs

struct PackFacts {
  std::string name;
  AvatarLayout layout = AvatarLayout::kPackage2;
  std::string content_sha256;
  VideoInfo video;
  std::string rects_source;
  // Sections of the picture sets: one that is a video, or the prefix "full/" of one a picture. Empty: none.
  std::string full, crop, roi, masked;
  bool full_is_video = true, crop_is_video = true, roi_is_video = true, masked_is_video = true;
  PackageInputs inputs;
  std::optional<Rect> mask;                      // measured
  std::optional<KeyColour> key;                  // the screen's colour
  bool resting = false;                          // the mouth is at rest in every frame
  int generator_face_px = 0;                     // 0: unknown
  std::string generator_sha256, encoder_sha256;  // empty: not in the pack
  std::vector<std::string> warnings;
  PackOrigin origin;
};

Json ToJson(const PackFacts& facts);
// Checks every number against its range. Errors: kCorrupted naming the member.
Result<PackFacts> ParsePackFacts(std::string_view json);

// [frames, 4] int32: x, y, width, height.
std::vector<uint8_t> EncodePackRects(std::span<const Rect> rects);
// Errors: kCorrupted (not `frames` rectangles, one that is empty or beyond 10^6).
Result<std::vector<Rect>> ParsePackRects(std::span<const uint8_t> bytes, int64_t frames);

}  // namespace lips

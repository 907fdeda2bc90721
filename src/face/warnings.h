// What a person should know about the video an avatar was made of, in sentences.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "face/capture.h"

namespace lips {

struct WarningFacts {
  std::span<const FrameFacts> frames;  // of the avatar
  std::span<const Rect> rects;         // one a frame
  std::vector<bool> shifted;           // by frame, may be empty: FaceRects::shifted
  FrameRate source_fps;
  std::optional<SoundFacts> sound;  // nothing: there is none
  bool tracked = true;              // false: rectangles were given, so nothing is known of faces
  int roi_px = 320;                 // what the network sees
};

// "0:41" or "1:02:03" of a frame at 25 per second.
std::string ClockOf(int64_t frame);

// The median FaceDetail of the frames that have a face; 0 when none has.
double MedianFaceDetail(std::span<const FrameFacts> frames);

// Whether the mouth is at rest all through: the gap between its lips is known in nine frames of ten and stays as it is.
bool MouthRests(std::span<const FrameFacts> frames);

// Most important first; empty when all is well.
std::vector<std::string> CaptureWarnings(const WarningFacts& facts);

}  // namespace lips

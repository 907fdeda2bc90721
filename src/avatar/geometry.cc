#include "avatar/geometry.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <string>

#include "image/resize.h"

namespace lips {
namespace {

constexpr size_t kMinLandmarks = 53;  // the last one a rectangle needs is L[52]
constexpr size_t kMaxLandmarks = 1000;
constexpr double kMaxCoordinate = 1e6;  // far outside any picture; keeps x2 - x1 within int

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

// Takes a number off the front of `text`.
bool TakeCoordinate(std::string_view& text, double& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || !(std::abs(value) <= kMaxCoordinate)) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return text.empty() || IsBlank(text.front());
}

bool ParseLine(std::string_view line, Landmark& landmark) {
  if (!TakeCoordinate(line, landmark.x)) return false;
  line = Trimmed(line);
  return TakeCoordinate(line, landmark.y) && Trimmed(line).empty();
}

}  // namespace

Rect DefaultMask(FaceGeometry face) { return face.crop_px == kFace160.crop_px ? Rect{5, 5, 145, 140} : kMaskPackage2; }

Result<std::vector<Landmark>> ParseLandmarks(std::string_view text) {
  std::vector<Landmark> landmarks;
  size_t number = 0;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = Trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++number;
    if (line.empty()) {
      if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) break;  // blank lines at the end
      return Error(ErrorCode::kCorrupted, "line " + std::to_string(number) + " is empty; expected 'x y'");
    }
    if (landmarks.size() == kMaxLandmarks) {
      return Error(ErrorCode::kCorrupted, "more than " + std::to_string(kMaxLandmarks) + " landmarks");
    }
    Landmark landmark;
    if (!ParseLine(line, landmark)) {
      return Error(ErrorCode::kCorrupted, "line " + std::to_string(number) + " is '" + std::string(line.substr(0, 40)) +
                                              "'; expected two numbers 'x y'");
    }
    landmarks.push_back(landmark);
  }
  if (landmarks.size() < kMinLandmarks) {
    return Error(ErrorCode::kCorrupted, std::to_string(landmarks.size()) + " landmarks; at least " +
                                            std::to_string(kMinLandmarks) + " are needed");
  }
  return landmarks;
}

Result<Rect> RectFromLandmarks(std::span<const Landmark> landmarks) {
  if (landmarks.size() < kMinLandmarks) {
    return Error(ErrorCode::kInvalidInput, std::to_string(landmarks.size()) + " landmarks; at least " +
                                               std::to_string(kMinLandmarks) + " are needed");
  }
  for (const double value : {landmarks[1].x, landmarks[31].x, landmarks[52].y}) {
    if (!(std::abs(value) <= kMaxCoordinate)) {
      return Error(ErrorCode::kInvalidInput,
                   "landmark coordinate " + std::to_string(value) + " is outside any picture");
    }
  }
  const int x1 = static_cast<int>(landmarks[1].x);
  const int x2 = static_cast<int>(landmarks[31].x);
  const int y1 = static_cast<int>(landmarks[52].y);
  if (x2 <= x1) {
    return Error(ErrorCode::kInvalidInput, "landmark 31 (x " + std::to_string(x2) + ") is not right of landmark 1 (x " +
                                               std::to_string(x1) + ")");
  }
  return Rect{x1, y1, x2 - x1, x2 - x1};
}

void DeriveInputs(ConstImageView frame_rect_pixels, FaceGeometry face, Rect mask, FaceInputs& out) {
  out.crop.Resize(face.crop_px, face.crop_px);
  ResizeCubic(frame_rect_pixels, out.crop.view());
  InputsFromCrop(face, mask, out);
}

void InputsFromCrop(FaceGeometry face, Rect mask, FaceInputs& out) {
  const int roi_px = face.roi_px();
  out.roi.Resize(roi_px, roi_px);
  out.masked.Resize(roi_px, roi_px);
  const ConstImageView inside = std::as_const(out.crop).view().Crop({face.border_px, face.border_px, roi_px, roi_px});
  CopyPixels(inside, out.roi.view());
  CopyPixels(inside, out.masked.view());
  FillBlack(mask, out.masked.view());
}

void FillBlack(Rect rect, ImageView image) {
  const ImageView part = image.Crop(rect);
  for (int y = 0; y < part.height; ++y) {
    std::memset(part.Row(y), 0, static_cast<size_t>(part.width) * ImageView::kChannels);
  }
}

}  // namespace lips

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "face/landmarker.h"

namespace lips {
namespace {

constexpr int kOpenSide = 192;  // where the file leaves the size open: what the 110-point network is given
constexpr double kMargin = 1.05;
constexpr size_t kMostMeanBytes = 1 << 16;

Result<std::vector<float>> ReadMeanFace(const Path& path, size_t numbers) {
  ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path, kMostMeanBytes));
  std::vector<float> mean;
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto is_gap = [](char c) { return c == ' ' || c == ',' || c == '\n' || c == '\r' || c == '\t'; };
  while (true) {
    at = std::find_if_not(at, end, is_gap);
    if (at == end) break;
    float value = 0;
    const auto [next, failed] = std::from_chars(at, end, value);
    if (failed != std::errc() || !std::isfinite(value)) {
      return Error(ErrorCode::kCorrupted,
                   "'" + path.string() + "': number " + std::to_string(mean.size() + 1) + " of the mean face is none");
    }
    mean.push_back(value);
    at = next;
  }
  if (mean.size() == numbers) return mean;
  return Error(ErrorCode::kCorrupted, "'" + path.string() + "': the mean face has " + std::to_string(mean.size()) +
                                          " numbers, expected " + std::to_string(numbers));
}

// WFLW's inner lips; which of 110 points those are is not published.
std::vector<size_t> MouthOf(size_t points) {
  return points == 98 ? std::vector<size_t>{90, 94, 88, 92} : std::vector<size_t>();
}

class Pfld : public FaceLandmarker {
 public:
  Pfld(FaceNetwork network, size_t output, size_t count, std::vector<float> mean)
      : network_(std::move(network)),
        output_(output),
        scheme_({.count = count, .left = 1, .right = 31, .top = 52, .lms = {}, .mouth = MouthOf(count)}),
        mean_(std::move(mean)) {}

  const LandmarkScheme& scheme() const override { return scheme_; }
  bool needs_detection() const override { return true; }  // it never says that there is no face
  std::string Describe() const override {
    return "PFLD of " + std::to_string(scheme_.count) + " points on " + network_.Describe();
  }

  SquareRegion RegionOf(const FaceDetection& face) const override {
    return {(face.left + face.right) / 2, (face.top + face.bottom) / 2, kMargin * std::max(face.width(), face.height()),
            0};
  }
  SquareRegion RegionOf(const FaceLandmarks& face) const override {
    const auto [left, right] = std::ranges::minmax(face.points, {}, &Landmark::x);
    const auto [top, bottom] = std::ranges::minmax(face.points, {}, &Landmark::y);
    return {(left.x + right.x) / 2, (top.y + bottom.y) / 2, kMargin * std::max(right.x - left.x, bottom.y - top.y), 0};
  }

  Result<FaceLandmarks> Find(ConstImageView picture, const SquareRegion& region) override {
    SamplePatch(picture, region, {.size_px = network_.width(), .bgr = true, .black_outside = true}, network_.input());
    RETURN_IF_ERROR(network_.Run());
    const auto numbers = network_.outputs()[output_].As<float>();
    FaceLandmarks face = {.points = {}, .presence = 1};
    for (size_t i = 0; i < scheme_.count; ++i) {
      const auto at = [&](size_t k) { return static_cast<double>(numbers[k]) + (mean_.empty() ? 0 : mean_[k]); };
      const PatchPoint point = InPicture(region, at(2 * i), at(2 * i + 1));
      face.points.push_back({point.x, point.y});
    }
    return face;
  }

 private:
  FaceNetwork network_;
  size_t output_;
  LandmarkScheme scheme_;
  std::vector<float> mean_;
};

}  // namespace

Result<std::unique_ptr<FaceLandmarker>> OpenPfld(const Path& file, const std::optional<Path>& mean_face,
                                                 const FaceEngine& engine) {
  ASSIGN_OR_RETURN(FaceNetwork network, FaceNetwork::Open(file, engine, kOpenSide));
  for (size_t i = 0; i < network.outputs().size() && network.width() == network.height(); ++i) {
    const auto numbers = static_cast<size_t>(network.outputs()[i].size());
    if (numbers != 2 * 98 && numbers != 2 * 110) continue;
    std::vector<float> mean;
    if (mean_face) {
      ASSIGN_OR_RETURN(mean, ReadMeanFace(*mean_face, numbers));
    }
    return std::unique_ptr<FaceLandmarker>(std::make_unique<Pfld>(std::move(network), i, numbers / 2, std::move(mean)));
  }
  std::string found;
  for (const Dims& dims : network.output_dims()) found += (found.empty() ? "" : ", ") + ToString(dims);
  return Error(ErrorCode::kUnsupported, "'" + file.filename().string() +
                                            "' is no PFLD landmark network: expected a square picture and an output of "
                                            "98 or 110 points (196 or 220 numbers), found " +
                                            found);
}

}  // namespace lips

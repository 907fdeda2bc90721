#include <algorithm>
#include <cmath>
#include <utility>

#include "face/detector.h"
#include "face/patch.h"

namespace lips {
namespace {

constexpr double kSameFace = 0.3;    // overlap from which two answers are one face
constexpr double kShortScore = 0.5;  // MediaPipe's own thresholds
constexpr double kFullScore = 0.6;
constexpr size_t kNumbers = 16;  // a box and six points for each anchor
constexpr size_t kPoints = 6;

// One of the two networks with its anchors.
class Blaze {
 public:
  static Result<Blaze> Open(const Path& file, const FaceEngine& engine, std::vector<Landmark> anchors, double score) {
    ASSIGN_OR_RETURN(FaceNetwork network, FaceNetwork::Open(file, engine));
    const auto count = static_cast<int64_t>(anchors.size());
    const std::vector<Dims> expected = {{1, count, kNumbers}, {1, count, 1}};
    if (network.output_dims() != expected || network.width() != network.height()) {
      return Error(ErrorCode::kUnsupported, "'" + file.filename().string() + "' is not the BlazeFace of " +
                                                std::to_string(count) + " anchors that was expected");
    }
    return Blaze(std::move(network), std::move(anchors), score);
  }

  Result<std::vector<FaceDetection>> Detect(ConstImageView picture, const SquareRegion& region) {
    const PatchFormat format = {
        .size_px = network_.width(), .scale = 2.0F / 255, .offset = -1, .bgr = false, .black_outside = true};
    SamplePatch(picture, region, format, network_.input());
    RETURN_IF_ERROR(network_.Run());
    const auto boxes = network_.outputs()[0].As<float>();
    const auto scores = network_.outputs()[1].As<float>();
    std::vector<FaceDetection> found;
    for (size_t i = 0; i < anchors_.size(); ++i) {
      const double score = 1 / (1 + std::exp(-std::clamp(static_cast<double>(scores[i]), -100.0, 100.0)));
      if (score >= score_) found.push_back(Decode(boxes.subspan(i * kNumbers, kNumbers), anchors_[i], score, region));
    }
    return found;
  }

  std::string Describe() const { return network_.Describe(); }

 private:
  Blaze(FaceNetwork network, std::vector<Landmark> anchors, double score)
      : network_(std::move(network)), anchors_(std::move(anchors)), score_(score) {}

  // Numbers are in pixels of the patch, relative to the anchor: x, y, width, height, then x, y of each point.
  FaceDetection Decode(std::span<const float> numbers, Landmark anchor, double score,
                       const SquareRegion& region) const {
    const auto at = [&](size_t i) { return static_cast<double>(numbers[i]) / network_.width(); };
    const PatchPoint centre = InPicture(region, anchor.x + at(0), anchor.y + at(1));
    const double half_width = at(2) * region.side / 2, half_height = at(3) * region.side / 2;
    FaceDetection found = {.score = score,
                           .left = centre.x - half_width,
                           .top = centre.y - half_height,
                           .right = centre.x + half_width,
                           .bottom = centre.y + half_height,
                           .points = {}};
    for (size_t k = 0; k < kPoints; ++k) {
      const PatchPoint point = InPicture(region, anchor.x + at(4 + 2 * k), anchor.y + at(5 + 2 * k));
      found.points.push_back({point.x, point.y});
    }
    return found;
  }

  FaceNetwork network_;
  std::vector<Landmark> anchors_;
  double score_;
};

class BlazeFace : public FaceDetector {
 public:
  BlazeFace(Blaze full, Blaze near) : full_(std::move(full)), near_(std::move(near)) {}

  std::string Describe() const override { return "BlazeFace on " + full_.Describe(); }

  Result<std::vector<FaceDetection>> Detect(ConstImageView picture, bool thorough) override {
    const double width = picture.width, height = picture.height;
    const SquareRegion whole = {width / 2, height / 2, std::max(width, height), 0};
    ASSIGN_OR_RETURN(auto found, full_.Detect(picture, whole));
    if (found.empty()) {
      ASSIGN_OR_RETURN(found, near_.Detect(picture, whole));
    }
    // Squares as wide as the shorter side, then half of it, each overlapping the next by half.
    for (double side = std::min(width, height); thorough && found.empty() && side >= std::min(width, height) / 2;
         side /= 2) {
      ASSIGN_OR_RETURN(found, Parts(picture, side));
    }
    std::erase_if(found, [](const FaceDetection& face) { return face.width() <= 1 || face.height() <= 1; });
    return MergeDetections(std::move(found), kSameFace);
  }

 private:
  Result<std::vector<FaceDetection>> Parts(ConstImageView picture, double side) {
    std::vector<FaceDetection> all;
    const auto steps = [side](double length) {
      return std::clamp(static_cast<int>(std::ceil((length - side) / (side / 2))), 0, 16);
    };
    const int columns = steps(picture.width), rows = steps(picture.height);
    for (int row = 0; row <= rows; ++row) {
      for (int column = 0; column <= columns; ++column) {
        const auto centre = [side](int i, int count, double length) {
          return side / 2 + (count == 0 ? 0 : (length - side) * i / count);
        };
        const SquareRegion part = {centre(column, columns, picture.width), centre(row, rows, picture.height), side, 0};
        ASSIGN_OR_RETURN(const auto found, full_.Detect(picture, part));
        all.insert(all.end(), found.begin(), found.end());
      }
    }
    return all;
  }

  Blaze full_;
  Blaze near_;
};

}  // namespace

Result<std::unique_ptr<FaceDetector>> OpenBlazeFace(const FaceModelFiles& files, const FaceEngine& engine) {
  ASSIGN_OR_RETURN(Blaze full, Blaze::Open(files.full_range, engine, FullRangeAnchors(), kFullScore));
  ASSIGN_OR_RETURN(Blaze near, Blaze::Open(files.short_range, engine, ShortRangeAnchors(), kShortScore));
  return std::unique_ptr<FaceDetector>(std::make_unique<BlazeFace>(std::move(full), std::move(near)));
}

}  // namespace lips

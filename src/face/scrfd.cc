#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "face/detector.h"
#include "face/patch.h"

namespace lips {
namespace {

constexpr int kOpenSide = 640;  // where the file leaves the size open: what the family is trained at
constexpr double kScore = 0.5;
constexpr double kSameFace = 0.4;
constexpr std::array<int, 3> kStrides = {8, 16, 32};
constexpr int kPerCell = 2;
constexpr size_t kPoints = 5;

// Outputs of one stride, by place among the network's.
struct Level {
  int stride = 0;
  int cells = 0;  // a side
  size_t scores = 0, boxes = 0;
  std::optional<size_t> points;
};

// The output of `rows` rows of `columns`, with or without a batch of one before.
std::optional<size_t> FindOutput(const std::vector<Dims>& outputs, int64_t rows, int64_t columns) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i] == Dims{rows, columns} || outputs[i] == Dims{1, rows, columns}) return i;
  }
  return std::nullopt;
}

std::string ListOf(const std::vector<Dims>& outputs) {
  std::string text;
  for (const Dims& dims : outputs) text += (text.empty() ? "" : ", ") + ToString(dims);
  return text;
}

Result<std::vector<Level>> BindLevels(const FaceNetwork& network, const std::string& name) {
  std::vector<Level> levels;
  for (const int stride : kStrides) {
    const int cells = network.width() / stride;
    const int64_t rows = int64_t{kPerCell} * cells * cells;
    const auto scores = FindOutput(network.output_dims(), rows, 1);
    const auto boxes = FindOutput(network.output_dims(), rows, 4);
    if (network.width() != network.height() || network.width() % 32 != 0 || !scores || !boxes) {
      return Error(ErrorCode::kUnsupported,
                   "'" + name +
                       "' is no SCRFD detector: expected a square picture in steps of 32 px and, for strides " +
                       "8, 16 and 32, outputs [n,1] of scores, [n,4] of boxes and perhaps [n,10] of points; found a " +
                       std::to_string(network.width()) + "x" + std::to_string(network.height()) + " picture and " +
                       ListOf(network.output_dims()));
    }
    levels.push_back({stride, cells, *scores, *boxes, FindOutput(network.output_dims(), rows, 2 * kPoints)});
  }
  return levels;
}

class Scrfd : public FaceDetector {
 public:
  Scrfd(FaceNetwork network, std::vector<Level> levels) : network_(std::move(network)), levels_(std::move(levels)) {}

  std::string Describe() const override { return "SCRFD on " + network_.Describe(); }

  Result<std::vector<FaceDetection>> Detect(ConstImageView picture, bool /*thorough*/) override {
    const SquareRegion whole = {picture.width / 2.0, picture.height / 2.0,
                                static_cast<double>(std::max(picture.width, picture.height)), 0};
    const PatchFormat format = {
        .size_px = network_.width(), .scale = 1.0F / 128, .offset = -127.5F / 128, .bgr = false, .black_outside = true};
    SamplePatch(picture, whole, format, network_.input());
    RETURN_IF_ERROR(network_.Run());
    std::vector<FaceDetection> found;
    for (const Level& level : levels_) Decode(level, whole, found);
    return KeepBest(std::move(found), kSameFace);
  }

 private:
  std::span<const float> Output(size_t i) const { return network_.outputs()[i].As<float>(); }

  // Distances from the cell's corner to the box's sides, and of the points, in strides.
  void Decode(const Level& level, const SquareRegion& region, std::vector<FaceDetection>& found) const {
    for (int i = 0; i < kPerCell * level.cells * level.cells; ++i) {
      const auto row = static_cast<size_t>(i);
      const double score = Output(level.scores)[row];
      if (score < kScore || score > 1) continue;
      const int cell = i / kPerCell;
      const double x = cell % level.cells, y = static_cast<double>(cell / level.cells);
      const auto place = [&](double dx, double dy) {
        return InPicture(region, (x + dx) * level.stride / network_.width(),
                         (y + dy) * level.stride / network_.width());
      };
      const auto box = Output(level.boxes).subspan(4 * row, 4);
      const PatchPoint from = place(-box[0], -box[1]), to = place(box[2], box[3]);
      FaceDetection face = {.score = score, .left = from.x, .top = from.y, .right = to.x, .bottom = to.y, .points = {}};
      for (size_t k = 0; level.points && k < kPoints; ++k) {
        const auto point = Output(*level.points).subspan(2 * kPoints * row + 2 * k, 2);
        const PatchPoint at = place(point[0], point[1]);
        face.points.push_back({at.x, at.y});
      }
      if (face.width() > 1 && face.height() > 1) found.push_back(std::move(face));
    }
  }

  FaceNetwork network_;
  std::vector<Level> levels_;
};

}  // namespace

Result<std::unique_ptr<FaceDetector>> OpenScrfd(const Path& file, const FaceEngine& engine) {
  ASSIGN_OR_RETURN(FaceNetwork network, FaceNetwork::Open(file, engine, kOpenSide));
  ASSIGN_OR_RETURN(auto levels, BindLevels(network, file.filename().string()));
  return std::unique_ptr<FaceDetector>(std::make_unique<Scrfd>(std::move(network), std::move(levels)));
}

}  // namespace lips

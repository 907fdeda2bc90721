#include <algorithm>
#include <cmath>
#include <utility>

#include "face/landmarker.h"
#include "face/mesh_points.h"

namespace lips {
namespace {

constexpr double kMargin = 1.5;  // side of the region over that of the box, as the network was trained
constexpr size_t kCoordinates = 3;

double AngleOf(Landmark left, Landmark right) { return std::atan2(right.y - left.y, right.x - left.x); }

class FaceMesh : public FaceLandmarker {
 public:
  explicit FaceMesh(FaceNetwork network) : network_(std::move(network)), scheme_(MeshScheme()) {}

  const LandmarkScheme& scheme() const override { return scheme_; }
  std::string Describe() const override { return "face mesh on " + network_.Describe(); }

  SquareRegion RegionOf(const FaceDetection& face) const override {
    const double angle = face.points.size() >= 2 ? AngleOf(face.points[0], face.points[1]) : 0;
    return {(face.left + face.right) / 2, (face.top + face.bottom) / 2, kMargin * std::max(face.width(), face.height()),
            angle};
  }

  SquareRegion RegionOf(const FaceLandmarks& face) const override {
    const auto [left, right] = std::ranges::minmax(face.points, {}, &Landmark::x);
    const auto [top, bottom] = std::ranges::minmax(face.points, {}, &Landmark::y);
    return {(left.x + right.x) / 2, (top.y + bottom.y) / 2, kMargin * std::max(right.x - left.x, bottom.y - top.y),
            AngleOf(face.points[kMeshEyeLeft], face.points[kMeshEyeRight])};
  }

  Result<FaceLandmarks> Find(ConstImageView picture, const SquareRegion& region) override {
    SamplePatch(picture, region, {.size_px = network_.width()}, network_.input());
    RETURN_IF_ERROR(network_.Run());
    const auto numbers = network_.outputs()[0].As<float>();
    FaceLandmarks face;
    face.presence = 1 / (1 + std::exp(-static_cast<double>(network_.outputs()[1].As<float>()[0])));
    for (size_t i = 0; i < kMeshPoints; ++i) {
      const auto at = [&](size_t k) { return static_cast<double>(numbers[i * kCoordinates + k]) / network_.width(); };
      const PatchPoint point = InPicture(region, at(0), at(1));
      face.points.push_back({point.x, point.y});
    }
    return face;
  }

 private:
  FaceNetwork network_;
  LandmarkScheme scheme_;
};

}  // namespace

Result<std::unique_ptr<FaceLandmarker>> OpenFaceMesh(const FaceModelFiles& files, const FaceEngine& engine) {
  ASSIGN_OR_RETURN(FaceNetwork network, FaceNetwork::Open(files.mesh, engine));
  const std::vector<Dims> expected = {{1, 1, 1, kMeshPoints * kCoordinates}, {1, 1, 1, 1}};
  if (network.output_dims() != expected || network.width() != network.height()) {
    return Error(ErrorCode::kUnsupported,
                 "'" + files.mesh.filename().string() + "' is not the face mesh of 468 points");
  }
  return std::unique_ptr<FaceLandmarker>(std::make_unique<FaceMesh>(std::move(network)));
}

}  // namespace lips

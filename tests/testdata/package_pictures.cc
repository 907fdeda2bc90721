#include "tests/testdata/package_pictures.h"

#include <cmath>
#include <optional>

#include "image/colour.h"
#include "media/picture.h"
#include "tests/testdata/person.h"

namespace lips::testdata {
namespace {

class VideoSink : public PictureSink {
 public:
  explicit VideoSink(Path path) : path_(std::move(path)) {}

  Status Add(ConstImageView picture) override {
    if (!writer_) {
      VideoWriterOptions options;
      options.width = picture.width;
      options.height = picture.height;
      options.crf = 14;
      options.threads = 1;  // deterministic; the drawing keeps the cores busy
      ASSIGN_OR_RETURN(writer_, VideoWriter::Create(path_, options));
      yuv_.Resize(picture.width, picture.height, options.format);
    }
    BgrToYuv(picture, yuv_.view());
    return writer_->Write(std::as_const(yuv_).view());
  }
  Status Finish() override { return writer_ ? writer_->Finish() : Status(); }

 private:
  Path path_;
  std::optional<VideoWriter> writer_;
  YuvImage yuv_;
};

class JpegSink : public PictureSink {
 public:
  JpegSink(Path folder, std::string suffix) : folder_(std::move(folder)), suffix_(std::move(suffix)) {}

  Status Add(ConstImageView picture) override {
    if (next_ == 0) RETURN_IF_ERROR(MakeFolder(folder_));
    constexpr int kQuality = 95;
    return WriteJpeg(folder_ / (std::to_string(next_++) + suffix_ + ".jpg"), picture, kQuality);
  }
  Status Finish() override { return {}; }

 private:
  Path folder_;
  std::string suffix_;
  int next_ = 0;
};

}  // namespace

Result<PackagePicture> DrawPicture(const PackageRecipe& recipe, int frame) {
  const Pose pose = TemplatePose(frame, recipe.seed);
  PackagePicture picture;
  picture.frame = Image(recipe.width, recipe.height);
  DrawPerson(pose, static_cast<uint32_t>(frame), picture.frame.view());
  picture.landmarks = PersonLandmarks(pose, recipe.width, recipe.height);
  for (Landmark& point : picture.landmarks) point = {std::trunc(point.x), std::trunc(point.y)};
  ASSIGN_OR_RETURN(picture.rect, RectFromLandmarks(picture.landmarks));
  const FaceGeometry face = recipe.generator.size_px == 160 ? kFace160 : kFace320;
  DeriveInputs(std::as_const(picture.frame).view().Crop(picture.rect), face, recipe.mask, picture.inputs);
  return picture;
}

std::unique_ptr<PictureSink> ToVideo(Path path) { return std::make_unique<VideoSink>(std::move(path)); }

std::unique_ptr<PictureSink> ToJpegs(Path folder, std::string suffix) {
  return std::make_unique<JpegSink>(std::move(folder), std::move(suffix));
}

}  // namespace lips::testdata

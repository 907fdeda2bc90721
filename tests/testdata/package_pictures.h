// The pictures of a synthetic package, frame by frame, and the files they go to.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "media/video_writer.h"
#include "tests/testdata/package.h"

namespace lips::testdata {

// One template frame and what is derived from it.
struct PackagePicture {
  Image frame;
  FaceInputs inputs;
  Rect rect;
  std::vector<Landmark> landmarks;  // truncated to integers, as the files hold them
};
Result<PackagePicture> DrawPicture(const PackageRecipe& recipe, int frame);

// Takes the pictures of one kind in order.
class PictureSink {
 public:
  virtual ~PictureSink() = default;
  virtual Status Add(ConstImageView picture) = 0;
  virtual Status Finish() = 0;
};
// H.264 at 25 frames per second, BT.601 limited range.
std::unique_ptr<PictureSink> ToVideo(Path path);
// JPEG files folder/{index}{suffix}.jpg, index from 0.
std::unique_ptr<PictureSink> ToJpegs(Path folder, std::string suffix);

}  // namespace lips::testdata

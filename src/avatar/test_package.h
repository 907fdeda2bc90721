// For tests: small avatar packages of every layout, made of one drawn moving face.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "avatar/geometry.h"
#include "base/file.h"
#include "image/colour.h"
#include "media/picture.h"
#include "tensor/npy.h"

namespace lips {

// Ends the test program: without its files no test means anything.
inline void Must(bool done, const Path& path) {
  if (done) return;
  std::fprintf(stderr, "cannot make '%s'\n", path.c_str());
  std::abort();
}

// The person all packages show: frame i of a smooth picture that moves, and where the face is.
struct TestPerson {
  static constexpr int kWidth = 240;
  static constexpr int kHeight = 180;
  int frames = 6;

  static Rect FaceOf(int frame) { return {60 + frame, 30, 120, 120}; }
  static Image Frame(int frame) {
    Image image(kWidth, kHeight);
    for (int y = 0; y < kHeight; ++y) {
      uint8_t* row = image.view().Row(y);
      for (int x = 0; x < kWidth; ++x) {
        const bool mouth = std::abs(x - 120 - frame) < 20 && std::abs(y - 110) < 4 + frame % 5;
        row[3 * x] = static_cast<uint8_t>(mouth ? 40 : 60 + x / 3);
        row[3 * x + 1] = static_cast<uint8_t>(mouth ? 40 : 80 + y / 3);
        row[3 * x + 2] = static_cast<uint8_t>(mouth ? 160 : 120 + (x + y) / 6 + frame);
      }
    }
    return image;
  }
  static FaceInputs Inputs(int frame, Rect mask = kMaskPackage2) {
    const Image image = Frame(frame);
    FaceInputs inputs;
    DeriveInputs(image.view().Crop(FaceOf(frame)), kFace320, mask, inputs);
    return inputs;
  }
};

// A folder under construction.
class TestPackage {
 public:
  TestPackage(Path folder, TestPerson person) : folder_(std::move(folder)), person_(person) {
    Must(MakeFolder(folder_).ok(), folder_);
  }
  const Path& folder() const { return folder_; }

  void Text(const Path& name, std::string_view text) const {
    Must(MakeFolder((folder_ / name).parent_path()).ok(), name);
    Must(WriteFileAtomically(folder_ / name, text).ok(), name);
  }

  using Draw = std::function<Image(int)>;
  // By the ffmpeg program, which takes frames from a pipe: an independent maker of what VideoReader reads.
  void Video(const Path& name, const Draw& draw, int frames) const {
    const Image first = draw(0);
    const std::string size = std::to_string(first.width()) + "x" + std::to_string(first.height());
    const std::string command =
        "ffmpeg -v error -nostdin -y -threads 1 -f rawvideo -pix_fmt bgr24 -framerate 25 -video_size " + size +
        " -i pipe:0 -c:v libx264 -preset ultrafast -crf 8 -bf 2 -g 250 -pix_fmt yuv420p -colorspace bt470bg "
        "-color_range tv '" +
        (folder_ / name).string() + "'";
    FILE* pipe = ::popen(command.c_str(), "w");
    Must(pipe != nullptr, name);
    for (int i = 0; i < frames; ++i) {
      const Image image = draw(i);
      const size_t bytes = size_t{3} * static_cast<size_t>(image.width()) * static_cast<size_t>(image.height());
      Must(std::fwrite(image.view().data, 1, bytes, pipe) == bytes, name);
    }
    Must(::pclose(pipe) == 0, name);
  }
  void Jpegs(const Path& name, const Draw& draw, int first_number, std::string_view suffix = ".jpg") const {
    Must(MakeFolder(folder_ / name).ok(), name);
    for (int i = 0; i < person_.frames; ++i) {
      const Path path = folder_ / name / (std::to_string(first_number + i) + std::string(suffix));
      Must(WriteJpeg(path, draw(i).view(), 97).ok(), path);
    }
  }

  void FullVideo(const Path& name) const { Video(name, TestPerson::Frame, person_.frames); }
  void InputVideos(const Path& crop, const Path& roi, const Path& masked, Rect mask = kMaskPackage2) const {
    Video(
        crop, [](int i) { return TestPerson::Inputs(i).crop.Clone(); }, person_.frames);
    Video(
        roi, [](int i) { return TestPerson::Inputs(i).roi.Clone(); }, person_.frames);
    Video(
        masked, [mask](int i) { return TestPerson::Inputs(i, mask).masked.Clone(); }, person_.frames);
  }
  void InputJpegs(int first_number, std::string_view masked_suffix) const {
    Jpegs(
        "cache/rois_320", [](int i) { return TestPerson::Inputs(i).roi.Clone(); }, first_number);
    Jpegs(
        "cache/model_inputs", [](int i) { return TestPerson::Inputs(i).masked.Clone(); }, first_number, masked_suffix);
  }
  void Landmarks() const {
    for (int i = 0; i < person_.frames; ++i) {
      const Rect face = TestPerson::FaceOf(i);
      std::string text;
      for (int k = 0; k < 110; ++k) {
        text += std::to_string(k == 31 ? face.right() : face.x) + " " + std::to_string(face.y) + "\n";
      }
      Text(Path("landmarks") / (std::to_string(i) + ".lms"), text);
    }
  }
  std::string Corners(int frame) const {
    const Rect face = TestPerson::FaceOf(frame);
    return "[" + std::to_string(face.x) + "," + std::to_string(face.y) + "," + std::to_string(face.right()) + "," +
           std::to_string(face.bottom()) + "]";
  }
  void CropRectangles() const {
    std::string json;
    for (int i = 0; i < person_.frames; ++i) {
      json += (i == 0 ? "{\"" : ",\"") + std::to_string(i) + "\":{\"rect\":" + Corners(i) +
              ",\"roi_320_path\":\".\\\\old\\\\0.jpg\"}";
    }
    Text("cache/crop_rectangles.json", json + "}");
  }
  void CropRectList() const {
    std::string json;
    for (int i = 0; i < person_.frames; ++i) json += (i == 0 ? "[" : ",") + Corners(i);
    Text("crop_rects.json", json + "]");
  }
  void FaceBounds() const {
    Must(MakeFolder(folder_ / "face_bounds").ok(), "face_bounds");
    for (int i = 0; i < person_.frames; ++i) {
      const Rect face = TestPerson::FaceOf(i);
      const std::vector<float> bounds = {static_cast<float>(face.x), static_cast<float>(face.y),
                                         static_cast<float>(face.right()), static_cast<float>(face.bottom()), 0.5F};
      const Path path = folder_ / "face_bounds" / (std::to_string(i) + ".npy");
      Must(WriteNpy(path, TensorView(Dims{5}, bounds)).ok(), path);
    }
  }

  // The layouts of spec.md 1.1.
  void LayoutA() const {
    FullVideo("full_body_video.mp4");
    InputVideos("crops_328_video.mp4", "rois_320_video.mp4", "model_inputs_video.mp4");
    Landmarks();
    CropRectangles();
    Text("package_info.json", R"({"dataset_name":"anna","package_version":"2.0"})");
  }
  void LayoutB() const {
    Jpegs("full_body_img", TestPerson::Frame, 0);
    InputJpegs(0, "_masked.jpg");
    Landmarks();
    CropRectList();
  }
  void LayoutC() const {
    FullVideo("full_body_video.mp4");
    InputVideos("crops_328_video.mp4", "rois_320_video.mp4", "model_inputs_video.mp4");
    Jpegs("full_body_img", TestPerson::Frame, 1);
    Landmarks();
    Text("onnx_dist_config.json", R"({"generator": {"file": "generator.onnx"}})");
  }
  void LayoutCPicturesOnly() const {
    Jpegs("full_body_img", TestPerson::Frame, 1);
    InputJpegs(1, ".jpg");
    Landmarks();
    Text("onnx_dist_config.json", R"({"generator": {"file": "generator.onnx"}})");
  }
  void LayoutD() const {
    FullVideo("anna_25fps.mp4");
    Video("anna.mp4", TestPerson::Frame, person_.frames + 3);
    Landmarks();
    Text("checkpoint/anna/120.pth", "not read");
  }
  void LayoutE() const {
    FullVideo("video.mp4");
    InputVideos("face_crops_328.mp4", "face_regions_320.mp4", "masked_regions_320.mp4");
    FaceBounds();
  }

 private:
  Path folder_;
  TestPerson person_;
};

// A folder that lives as long as one test suite.
inline Path TestFolder(const std::string& name) {
  return std::filesystem::temp_directory_path() / ("lipstream_" + name + "_" + std::to_string(::getpid()));
}

// The reference package, or an empty path when the test material is absent.
inline Path SandersFolder() {
  const char* data = std::getenv("LIPSTREAM_TEST_DATA");
  const Path folder = Path(data == nullptr ? "" : data) / "sanders";
  return std::filesystem::exists(folder / "full_body_video.mp4") ? folder : Path();
}

inline double PsnrOf(ConstImageView a, ConstImageView b) {
  double squared = 0;
  for (int y = 0; y < a.height; ++y) {
    for (int i = 0; i < 3 * a.width; ++i) {
      squared += (a.Row(y)[i] - b.Row(y)[i]) * (a.Row(y)[i] - b.Row(y)[i]);
    }
  }
  return 10 * std::log10(255.0 * 255.0 * 3 * a.width * a.height / std::max(squared, 1e-9));
}

}  // namespace lips

#define SKIP_WITHOUT_SANDERS() \
  if (SandersFolder().empty()) GTEST_SKIP() << "needs the test material (LIPSTREAM_TEST_DATA)"

#define SKIP_WITHOUT_FFMPEG_PROGRAM() \
  if (std::system("ffmpeg -version > /dev/null 2>&1") != 0) GTEST_SKIP() << "the ffmpeg program is not installed"

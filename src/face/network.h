// A small network of this folder, opened on whichever engine runs it best.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "engine/session.h"
#include "tensor/tensor.h"

namespace lips {

struct FaceEngine {
  std::optional<Backend> backend = {};  // nothing: our own where it has all steps, else ONNX Runtime, else reference
  int threads = 0;                      // 0: one per core
};

// One picture [1,3,H,W] in, some tensors out. Move-only; one thread at a time.
class FaceNetwork {
 public:
  // ONNX or TensorFlow Lite. `open_side_px` is taken where the file leaves height and width open. Errors: those of
  // reading and opening, naming the file; kUnsupported when the input is no picture of three channels.
  static Result<FaceNetwork> Open(const Path& file, const FaceEngine& engine, int open_side_px = 0);

  int height() const { return height_; }
  int width() const { return width_; }
  const std::vector<Dims>& output_dims() const { return output_dims_; }  // of a first run on a black picture
  std::string Describe() const { return session_->Describe(); }

  // The picture's numbers, [3, height, width]; fill them, then Run.
  std::span<float> input() { return input_.As<float>(); }
  Status Run();
  const std::vector<Tensor>& outputs() const { return outputs_; }

 private:
  FaceNetwork() = default;
  int height_ = 0;
  int width_ = 0;
  std::vector<Dims> output_dims_;
  std::unique_ptr<Session> session_;
  Tensor input_;
  std::vector<Tensor> outputs_;
};

// The files of MediaPipe's networks, where they are found.
struct FaceModelFiles {
  Path short_range;  // BlazeFace for faces within two metres
  Path full_range;   // ... within five
  Path mesh;         // 468 landmarks
};

// Looks in `folder`; when that is empty in LIPSTREAM_FACE_MODELS, beside the program, and where the build found them.
// Errors: kIo naming what was looked for and how to get it.
Result<FaceModelFiles> FindFaceModels(const Path& folder);

}  // namespace lips

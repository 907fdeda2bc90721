#include "face/network.h"

#include <cmath>
#include <cstdlib>
#include <utility>

#include "model/name.h"
#include "model/shape.h"
#include "model/tflite.h"

namespace lips {
namespace {

Backend Choose(const Graph& graph, const FaceEngine& engine) {
  if (engine.backend) return *engine.backend;
  if (FirstUnsupported(graph, Backend::kCpu).empty()) return Backend::kCpu;
  return OnnxRuntimeVersion().ok() ? Backend::kOnnxRuntime : Backend::kReference;
}

std::vector<Path> Folders(const Path& folder) {
  if (!folder.empty()) return {folder};
  std::vector<Path> folders;
  if (const char* named = std::getenv("LIPSTREAM_FACE_MODELS"); named != nullptr && *named != '\0') return {named};
  std::error_code failed;
  const Path program = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (!failed) folders.push_back(program.parent_path() / "../share/lipstream/face_models");
  folders.emplace_back(LIPSTREAM_FACE_MODELS_FOLDER);
  return folders;
}

}  // namespace

Result<FaceNetwork> FaceNetwork::Open(const Path& file, const FaceEngine& engine, int open_side_px) {
  const std::string what = "model " + QuoteName(file.filename().string());
  ASSIGN_OR_RETURN(const FilePart part, FilePart::Open(file));
  ASSIGN_OR_RETURN(Graph graph, ReadNetwork(part));
  if (graph.inputs.size() != 1) {
    return Error(ErrorCode::kUnsupported,
                 what + " has " + std::to_string(graph.inputs.size()) + " inputs, expected one picture");
  }
  Value& input = graph.values[static_cast<size_t>(graph.inputs[0])];
  if (input.dims.size() == 4) {
    if (input.dims[0] == kDynamicDim) input.dims[0] = 1;
    for (const size_t axis : {2, 3}) {
      if (input.dims[axis] == kDynamicDim) input.dims[axis] = open_side_px;
    }
  }
  const Dims dims = input.dims;
  if (dims.size() != 4 || dims[0] != 1 || dims[1] != 3 || dims[2] < 8 || dims[3] < 8 || dims[2] > 4096 ||
      dims[3] > 4096 || input.dtype != DType::kF32) {
    return Error(ErrorCode::kUnsupported, what + " takes " + std::string(Name(input.dtype)) + ToString(dims) +
                                              ", expected a picture f32[1,3,height,width]");
  }
  auto shaped = InferShapes(graph, std::vector<Dims>{dims});
  if (!shaped.ok()) return std::move(shaped).TakeError().Within(what);
  SessionOptions options;
  options.backend = Choose(shaped.value(), engine);
  options.threads = engine.threads;
  options.precision = Precision::kF32;
  auto session = OpenSession(shaped.value(), options);
  if (!session.ok()) return std::move(session).TakeError().Within(what);
  FaceNetwork network;
  network.height_ = static_cast<int>(dims[2]);
  network.width_ = static_cast<int>(dims[3]);
  network.session_ = std::move(session).value();
  network.input_ = Tensor(DType::kF32, dims);
  network.outputs_.resize(shaped.value().outputs.size());
  Status status = network.Run();
  if (!status.ok()) return std::move(status).TakeError().Within(what);
  for (const Tensor& output : network.outputs_) network.output_dims_.push_back(output.dims());
  return network;
}

Status FaceNetwork::Run() {
  const std::vector<TensorView> inputs = {input_};
  RETURN_IF_ERROR(session_->Run(inputs, outputs_));
  for (const Tensor& output : outputs_) {
    if (output.dtype() != DType::kF32) return Error(ErrorCode::kUnsupported, "an output is not of 32-bit floats");
    for (const float value : output.As<float>()) {
      if (!std::isfinite(value)) return Error(ErrorCode::kCorrupted, "the network gives NaN or infinity");
    }
  }
  return {};
}

Result<FaceModelFiles> FindFaceModels(const Path& folder) {
  std::string tried;
  for (const Path& candidate : Folders(folder)) {
    const FaceModelFiles files = {candidate / "face_detection_short_range.tflite",
                                  candidate / "face_detection_full_range.tflite", candidate / "face_landmark.tflite"};
    std::error_code failed;
    const bool all = std::filesystem::exists(files.short_range, failed) &&
                     std::filesystem::exists(files.full_range, failed) && std::filesystem::exists(files.mesh, failed);
    if (all) return files;
    tried += (tried.empty() ? "" : ", ") + candidate.lexically_normal().string();
  }
  return Error(ErrorCode::kIo, "the networks that find faces are not here (looked in " + tried +
                                   "); run ./dev setup, or set LIPSTREAM_FACE_MODELS to the folder that "
                                   "tools/fetch_face_models.sh made, or give --rects");
}

}  // namespace lips

#include "bench/contender.h"

#include <algorithm>
#include <string>
#include <utility>

#include "image/unit.h"

namespace lips {
namespace {

class WholeModel : public Contender {
 public:
  WholeModel(std::unique_ptr<Session> session, GeneratorBinding binding, size_t output_count,
             const FaceSamples& material)
      : session_(std::move(session)), binding_(std::move(binding)), outputs_(output_count), material_(material) {}

  Status Load(std::span<const size_t> frames) override {
    count_ = frames.size();
    const auto piece = binding_.fixed_batch > 0 ? static_cast<size_t>(binding_.fixed_batch) : count_;
    const size_t pieces = (count_ + piece - 1) / piece;
    pieces_.resize(pieces);
    const int64_t size = binding_.size_px;
    const auto plane = static_cast<size_t>(3 * size * size);
    for (size_t p = 0; p < pieces; ++p) {
      Piece& to = pieces_[p];
      const auto batch = static_cast<int64_t>(piece);
      to.image.Resize(DType::kF32, {batch, 6, size, size});
      to.audio.Resize(DType::kF32, {batch, binding_.audio_dims[0], binding_.audio_dims[1], binding_.audio_dims[2]});
      for (size_t i = 0; i < piece; ++i) {  // frames beyond the last repeat it
        const FaceSample& frame = material_.faces[frames[std::min(p * piece + i, count_ - 1)]];
        const auto image = to.image.As<float>().subspan(2 * i * plane, 2 * plane);
        ToUnit(frame.roi.view(), image.first(plane));
        ToUnit(frame.masked.view(), image.last(plane));
        std::ranges::copy(frame.audio,
                          to.audio.As<float>().subspan(i * frame.audio.size(), frame.audio.size()).begin());
      }
    }
    return {};
  }

  Status Run() override {
    for (const Piece& piece : pieces_) RETURN_IF_ERROR(RunPiece(piece));
    return {};
  }

  // Runs once more where the frames came in several pieces, since only the last one's output is still there.
  Status Fetch(std::vector<Image>& mouths) override {
    const auto plane = static_cast<size_t>(3 * binding_.size_px * binding_.size_px);
    mouths.resize(count_);
    size_t made = 0;
    for (const Piece& piece : pieces_) {
      if (pieces_.size() > 1) RETURN_IF_ERROR(RunPiece(piece));
      const Tensor& output = outputs_[static_cast<size_t>(binding_.output)];
      const auto batch = static_cast<size_t>(piece.image.dims()[0]);
      if (output.dtype() != DType::kF32 || static_cast<size_t>(output.size()) != batch * plane) {
        return Error(ErrorCode::kCorrupted, "the network gave " + ToString(output.dims()) + ", expected " +
                                                std::to_string(batch) + " pictures of 3 planes");
      }
      for (size_t i = 0; i < batch && made < count_; ++i, ++made) {
        mouths[made].Resize(binding_.size_px, binding_.size_px);
        if (FromUnit(output.As<float>().subspan(i * plane, plane), mouths[made].view())) continue;
        return Error(ErrorCode::kCorrupted, "the network gave NaN or infinity");
      }
    }
    return {};
  }

 private:
  struct Piece {
    Tensor image;
    Tensor audio;
  };

  Status RunPiece(const Piece& piece) {
    TensorView inputs[2];
    inputs[binding_.image_input] = piece.image;
    inputs[binding_.audio_input] = piece.audio;
    return session_->Run(inputs, outputs_);
  }

  std::unique_ptr<Session> session_;
  GeneratorBinding binding_;
  std::vector<Tensor> outputs_;
  const FaceSamples& material_;
  std::vector<Piece> pieces_;
  size_t count_ = 0;
};

class GeneratorContender : public Contender {
 public:
  GeneratorContender(std::shared_ptr<Generator> generator, bool cached, const FaceSamples& material)
      : generator_(std::move(generator)), cached_(cached), material_(material) {}

  Status PrepareAll(int copies) {
    for (int copy = 0; copy < copies; ++copy) {
      for (const FaceSample& frame : material_.faces) {
        ASSIGN_OR_RETURN(auto face, generator_->Prepare(frame.roi.view(), frame.masked.view()));
        faces_.push_back(std::move(face));
      }
    }
    return {};
  }

  Status Load(std::span<const size_t> frames) override {
    frames_.assign(frames.begin(), frames.end());
    mouths_.resize(frames.size());
    jobs_.resize(frames.size());
    if (!cached_) faces_.resize(std::max(faces_.size(), frames.size()));
    for (size_t i = 0; i < frames.size(); ++i) {
      mouths_[i].Resize(generator_->size_px(), generator_->size_px());
      const size_t count = material_.faces.size();
      const size_t kept = cached_ ? (frames[i] + i / count * count) % faces_.size() : 0;
      jobs_[i] = {.face = cached_ ? faces_[kept].get() : nullptr,
                  .audio = material_.faces[frames[i]].audio,
                  .mouth = mouths_[i].view()};
    }
    return {};
  }

  Status Run() override {
    for (size_t i = 0; !cached_ && i < frames_.size(); ++i) {
      const FaceSample& face = material_.faces[frames_[i]];
      ASSIGN_OR_RETURN(faces_[i], generator_->Prepare(face.roi.view(), face.masked.view(), std::move(faces_[i])));
      jobs_[i].face = faces_[i].get();
    }
    return generator_->Generate(jobs_);
  }

  Status Fetch(std::vector<Image>& mouths) override {
    mouths.clear();
    for (const Image& mouth : mouths_) mouths.push_back(mouth.Clone());
    return {};
  }

 private:
  std::shared_ptr<Generator> generator_;
  bool cached_;
  const FaceSamples& material_;
  // When cached of all frames, copy after copy; else of the loaded ones.
  std::vector<std::unique_ptr<Generator::Template>> faces_;
  std::vector<size_t> frames_;
  std::vector<Image> mouths_;
  std::vector<Generator::Job> jobs_;
};

}  // namespace

Result<std::unique_ptr<Contender>> OpenWholeModel(const Graph& graph, const GeneratorBinding& binding,
                                                  const SessionOptions& options, const FaceSamples& material) {
  if (graph.inputs.size() != 2) {
    return Error(ErrorCode::kUnsupported, "the network takes " + std::to_string(graph.inputs.size()) +
                                              " inputs, expected an image and audio only");
  }
  ASSIGN_OR_RETURN(auto session, OpenSession(graph, options));
  return std::unique_ptr<Contender>(
      std::make_unique<WholeModel>(std::move(session), binding, graph.outputs.size(), material));
}

Result<std::unique_ptr<Contender>> MakeGeneratorContender(std::shared_ptr<Generator> generator, bool cached,
                                                          const FaceSamples& material, int copies) {
  auto contender = std::make_unique<GeneratorContender>(std::move(generator), cached, material);
  if (cached) RETURN_IF_ERROR(contender->PrepareAll(copies));
  return std::unique_ptr<Contender>(std::move(contender));
}

}  // namespace lips

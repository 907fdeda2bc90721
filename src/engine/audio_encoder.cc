#include "engine/audio_encoder.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/stats.h"
#include "engine/proof.h"
#include "model/binding.h"
#include "model/onnx.h"

namespace lips {
namespace {

constexpr int64_t kBands = 80;
constexpr int64_t kSteps = 16;
constexpr int64_t kInputFloats = kBands * kSteps;

// Rows per run of a model that leaves its batch open. Every run has the same number, so that a row's bits cannot depend
// on how many came together. One, because ONNX Runtime gains nothing by more and a live stream would pay for padding.
constexpr int64_t kPieceRows = 1;

// Rows that our own engine, whose bits do not depend on the batch, takes together where so many have come: the deep
// layers' weights are then read once for eight rows of one to nine pixels each.
constexpr int64_t kWideRows = 8;

class NetworkEncoder : public AudioEncoder {
 public:
  // `wide`, if given, takes kWideRows at a time.
  NetworkEncoder(const EncoderBinding& binding, std::string binding_text, std::unique_ptr<Session> session,
                 std::unique_ptr<Session> wide, size_t output_count)
      : binding_(binding),
        binding_text_(std::move(binding_text)),
        session_(std::move(session)),
        wide_(std::move(wide)),
        piece_rows_(binding.fixed_batch > 0 ? binding.fixed_batch : kPieceRows),
        padded_(DType::kF32, {piece_rows_, 1, kBands, kSteps}),
        outputs_(output_count) {
    view_.dims = padded_.dims();
  }

  int row_floats() const override { return binding_.row_floats; }
  std::string Describe() const override { return session_->Describe() + "; " + binding_text_; }
  std::string engine() const { return session_->Describe(); }
  const Tensor& output() const { return outputs_[static_cast<size_t>(binding_.output)]; }

  Status Encode(std::span<const float> inputs, int64_t count, std::span<float> out) override;

  // Runs one piece, [piece_rows, 1, 80, 16]; output() is then [piece_rows, row_floats].
  Status RunPiece(const float* rows) { return RunRows(*session_, piece_rows_, rows); }
  Dims piece_dims() const { return padded_.dims(); }

 private:
  EncoderBinding binding_;
  std::string binding_text_;
  Status RunRows(Session& session, int64_t rows, const float* mel);

  std::unique_ptr<Session> session_;
  std::unique_ptr<Session> wide_;
  int64_t piece_rows_;
  Tensor padded_;  // the last, incomplete piece
  TensorView view_;
  std::vector<Tensor> outputs_;
};

Status NetworkEncoder::RunRows(Session& session, int64_t rows, const float* mel) {
  view_.dims[0] = rows;
  view_.data = reinterpret_cast<const uint8_t*>(mel);
  RETURN_IF_ERROR(session.Run({&view_, 1}, outputs_));
  if (output().dtype() == DType::kF32 && output().size() == rows * row_floats()) return {};
  return Error(ErrorCode::kCorrupted, "the encoder gave " + std::string(Name(output().dtype())) + " " +
                                          ToString(output().dims()) + ", expected " + std::to_string(rows) +
                                          " rows of " + std::to_string(row_floats()));
}

Status NetworkEncoder::Encode(std::span<const float> inputs, int64_t count, std::span<float> out) {
  if (count < 0 || static_cast<int64_t>(inputs.size()) != count * kInputFloats ||
      static_cast<int64_t>(out.size()) != count * row_floats()) {
    return Error(ErrorCode::kInvalidInput,
                 std::to_string(inputs.size()) + " mel values and room for " + std::to_string(out.size()) +
                     " results, expected " + std::to_string(count) + " times 1280 and " + std::to_string(row_floats()));
  }
  for (int64_t begin = 0; begin < count;) {
    const bool wide = wide_ != nullptr && count - begin >= kWideRows;
    const int64_t rows = wide ? kWideRows : std::min(piece_rows_, count - begin);
    const float* piece = inputs.data() + begin * kInputFloats;
    if (!wide && rows < piece_rows_) {
      std::memcpy(padded_.data(), piece, static_cast<size_t>(rows * kInputFloats) * sizeof(float));
      piece = padded_.As<float>().data();
    }
    RETURN_IF_ERROR(wide ? RunRows(*wide_, kWideRows, piece) : RunPiece(piece));
    const auto values = output().As<float>().first(static_cast<size_t>(rows * row_floats()));
    const auto bad = std::ranges::find_if(values, [](float v) { return !std::isfinite(v); });
    if (bad != values.end()) {
      return Error(ErrorCode::kCorrupted, "row " + std::to_string(begin + (bad - values.begin()) / row_floats()) +
                                              ": the encoder gave NaN or infinity");
    }
    std::ranges::copy(values, out.begin() + begin * row_floats());
    begin += rows;
  }
  return {};
}

Status ProveAndWarmUp(const Graph& graph, const GeneratorOptions& options, const EncoderBinding& binding,
                      NetworkEncoder& encoder) {
  std::vector<Tensor> inputs(1);
  inputs[0] = ProofInput(encoder.piece_dims());
  RETURN_IF_ERROR(encoder.RunPiece(inputs[0].As<float>().data()));  // teaches the backend its shapes
  RETURN_IF_ERROR(encoder.RunPiece(inputs[0].As<float>().data()));
  if (!options.prove || options.session.backend == Backend::kReference) return {};
  if (const std::string unsupported = FirstUnsupported(graph, Backend::kReference); !unsupported.empty()) {
    Log(LogLevel::kWarning, "network not proven", {{"why", unsupported}});
    return {};
  }
  const Findings proof("proof", {HashOfGraph(graph), encoder.engine()});
  if (proof.Read() == kProven) return {};
  Status proven = Prove(graph, inputs, binding.output, encoder.output(), options.session);
  if (!proven.ok()) return std::move(proven).TakeError().Within("engine " + encoder.engine());
  proof.Keep(kProven);
  return {};
}

Result<std::unique_ptr<AudioEncoder>> Open(const FilePart& model, const GeneratorOptions& options) {
  const Stopwatch watch;
  ASSIGN_OR_RETURN(const Graph graph, ReadOnnx(model));
  ASSIGN_OR_RETURN(const EncoderBinding binding, BindEncoder(graph));
  if (graph.inputs.size() != 1) {
    return Error(ErrorCode::kUnsupported,
                 "the encoder takes " + std::to_string(graph.inputs.size()) + " inputs, expected the mel window only");
  }
  ASSIGN_OR_RETURN(auto session, OpenSession(graph, options.session));
  std::unique_ptr<Session> wide;
  const std::string engine = session->Describe();
  GeneratorOptions there = options;
  if (engine.starts_with("cpu")) there.session.backend = Backend::kCpu;  // wherever it was to run at first
  if (binding.fixed_batch <= 1 && (engine.starts_with("cpu") || engine.starts_with("cuda"))) {
    SessionOptions in_batches = there.session;
    in_batches.batch = kWideRows;
    in_batches.may_delegate = false;
    if (auto opened = OpenSession(graph, in_batches); opened.ok()) wide = std::move(opened).value();
  }
  auto encoder = std::make_unique<NetworkEncoder>(binding, Describe(graph, binding), std::move(session),
                                                  std::move(wide), graph.outputs.size());
  RETURN_IF_ERROR(ProveAndWarmUp(graph, there, binding, *encoder));
  Log(LogLevel::kInfo, "audio encoder open", {{"engine", encoder->engine()}, {"ms", watch.ElapsedMs()}});
  return std::unique_ptr<AudioEncoder>(std::move(encoder));
}

}  // namespace

Result<std::unique_ptr<AudioEncoder>> OpenAudioEncoder(const Path& model, const GeneratorOptions& options) {
  ASSIGN_OR_RETURN(const FilePart file, FilePart::Open(model));
  return OpenAudioEncoder(file, options);
}

Result<std::unique_ptr<AudioEncoder>> OpenAudioEncoder(const FilePart& model, const GeneratorOptions& options) {
  if (options.session.backend == Backend::kNull) {
    return Error(ErrorCode::kUnsupported, "engine null has no audio encoder; use --engine cpu, cuda, ort or reference");
  }
  auto encoder = Open(model, options);
  if (!encoder.ok()) return std::move(encoder).TakeError().Within(model.name());
  return encoder;
}

}  // namespace lips

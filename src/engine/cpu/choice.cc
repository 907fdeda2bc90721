#include "engine/cpu/choice.h"

#include <cstdio>
#include <optional>
#include <utility>

#include "base/cpu.h"
#include "base/json.h"
#include "base/log.h"
#include "base/sha256.h"
#include "engine/cpu/mixed_precision.h"
#include "engine/proof.h"
#include "image/unit.h"
#include "model/passes.h"

namespace lips::cpu {
namespace {

constexpr const char* kJudgedPart = "mouth and chin";  // what was found out about another part does not hold

std::string ShortDb(double db) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f dB", db);
  return text;
}

std::vector<uint8_t> PackedPixels(ConstImageView view) {
  std::vector<uint8_t> pixels;
  for (int y = 0; y < view.height; ++y) pixels.insert(pixels.end(), view.Row(y), view.Row(y) + 3 * view.width);
  return pixels;
}

// A picture of slow waves, for want of a face.
std::vector<uint8_t> MadeUpPicture(int size_px, int seed) {
  const Tensor waves = ProofInput({1, 3, size_px + seed, size_px});
  Image picture(size_px, size_px);
  const auto plane = static_cast<size_t>(3) * static_cast<size_t>(size_px) * static_cast<size_t>(size_px);
  static_cast<void>(FromUnit(waves.As<float>().subspan(static_cast<size_t>(seed * size_px), plane), picture.view()));
  return PackedPixels(picture.view());
}

// Every second one first, since one half calibrates and the other judges.
Result<std::vector<Sample>> TakeSamples(const CutNetwork& network, const GeneratorOptions& options) {
  std::vector<Sample> samples;
  if (!options.samples) return samples;
  ASSIGN_OR_RETURN(const std::vector<FaceSample> faces, options.samples());
  for (const size_t first : {size_t{0}, size_t{1}}) {
    for (size_t i = first; i < faces.size(); i += 2) {
      const FaceSample& face = faces[i];
      const bool fits = face.roi.width() == network.binding.size_px && face.masked.width() == network.binding.size_px &&
                        static_cast<int64_t>(face.audio.size()) == network.binding.audio_floats();
      if (fits) samples.push_back({PackedPixels(face.roi.view()), PackedPixels(face.masked.view()), face.audio});
    }
  }
  return samples;
}

Sample MadeUpSample(const CutNetwork& network) {
  Dims dims = network.binding.audio_dims;
  dims.insert(dims.begin(), 1);
  const Tensor audio = ProofInput(dims);
  const auto values = audio.As<float>();
  return {MadeUpPicture(network.binding.size_px, 0),
          MadeUpPicture(network.binding.size_px, 3),
          {values.begin(), values.end()}};
}

Result<MixedPrecision> Mixed(std::string_view graph_hash, const CutNetwork& network, const GeneratorOptions& options) {
  const std::string level = std::to_string(static_cast<int>(options.template_level));
  const Findings known("int8", {graph_hash, options.samples_key, level, kJudgedPart});
  if (const auto text = known.Read()) {
    if (auto mixed = ReadMixedPrecision(*text)) return *std::move(mixed);
  }
  ASSIGN_OR_RETURN(const std::vector<Sample> samples, TakeSamples(network, options));
  if (samples.empty()) {
    return Error(ErrorCode::kUnsupported,
                 "8 bits are calibrated with an avatar's frames, and there are none here; use bf16");
  }
  ASSIGN_OR_RETURN(MixedPrecision mixed, FindMixedPrecision(network, samples, kInt8GateDb));
  known.Keep(WriteMixedPrecision(mixed));
  return mixed;
}

Tensor Planes(const CutNetwork& network, const Sample& sample) {
  const int size = network.binding.size_px;
  Tensor image(DType::kF32, {1, 6, size, size});
  const auto values = image.As<float>();
  const size_t plane = values.size() / 2;
  ToUnit({sample.roi.data(), size, size, 3 * size}, values.first(plane));
  ToUnit({sample.masked.data(), size, size, 3 * size}, values.subspan(plane));
  return image;
}

Result<Fidelity> Bf16Fidelity(std::string_view graph_hash, const CutNetwork& network, const GeneratorOptions& options) {
  const Findings known("bf16", {graph_hash, options.samples_key, kJudgedPart});
  if (const auto text = known.Read()) {
    if (const auto json = ParseJson(*text); json.ok()) {
      if (const auto fidelity = ReadFidelity(json.value())) return *fidelity;
    }
  }
  std::vector<Sample> samples;
  if (auto taken = TakeSamples(network, options); taken.ok()) {
    samples = std::move(taken).value();
  } else {
    Log(LogLevel::kInfo, "precision is judged by a made-up picture", {{"why", taken.error().message()}});
  }
  if (samples.empty()) samples.push_back(MadeUpSample(network));
  ASSIGN_OR_RETURN(const Fidelity fidelity, MeasureBf16(network, samples));
  known.Keep(ToJson(fidelity).Dump());
  return fidelity;
}

}  // namespace

std::string_view Name(Mode mode) {
  switch (mode) {
    case Mode::kF32: return "f32";
    case Mode::kBf16: return "bf16";
    case Mode::kInt8: return "int8";
  }
  return "?";
}

CompileOptions PrecisionChoice::compile_options() const {
  CompileOptions options;
  options.mode = mode;
  options.exceptions = mixed.exceptions;
  options.calibration = &mixed.calibration;
  return options;
}

Status ProveF32(const Graph& graph, std::string_view graph_hash, const CutNetwork& network,
                const GeneratorOptions& options) {
  const std::string level = std::to_string(static_cast<int>(options.template_level));
  const Findings proof("proof", {graph_hash, "cpu f32", lips::Name(ActiveIsa()), level});
  if (proof.Read() == kProven) return {};
  ASSIGN_OR_RETURN(const Graph single, WithBatch(graph, 1));
  if (const std::string unsupported = FirstUnsupported(single, Backend::kReference); !unsupported.empty()) {
    Log(LogLevel::kWarning, "network not proven", {{"why", unsupported}});
    return {};
  }
  const Sample sample = MadeUpSample(network);
  ASSIGN_OR_RETURN(const ProgramPair pair, ProgramPair::Make(network, {.mode = Mode::kF32}, Port::kPlanes));
  const std::vector<std::vector<float>> actual = Trial(network, pair).Run({&sample, 1});
  Dims audio_dims = network.binding.audio_dims;
  audio_dims.insert(audio_dims.begin(), 1);
  std::vector<Tensor> inputs(2);
  inputs[static_cast<size_t>(network.binding.image_input)] = Planes(network, sample);
  inputs[static_cast<size_t>(network.binding.audio_input)] = Tensor::Of<float>(audio_dims, sample.audio);
  const int size = network.binding.size_px;
  const Tensor output = Tensor::Of<float>({1, 3, size, size}, actual[0]);
  Status proven = Prove(single, inputs, network.binding.output, output, options.session);
  if (!proven.ok()) return std::move(proven).TakeError().Within("engine cpu");
  proof.Keep(kProven);
  return {};
}

namespace {

Result<PrecisionChoice> Choose(std::string_view graph_hash, const CutNetwork& network,
                               const GeneratorOptions& options) {
  PrecisionChoice choice;
  const bool fast = ActiveIsa() == Isa::kAvx512;
  switch (options.session.precision) {
    case Precision::kF32: choice.reason = "f32"; return choice;
    case Precision::kBf16:
      choice.mode = Mode::kBf16;
      choice.reason = "bf16";
      return choice;
    case Precision::kF16: return Error(ErrorCode::kUnsupported, "engine cpu does not compute in f16");
    case Precision::kAuto: break;
    case Precision::kInt8: {
      ASSIGN_OR_RETURN(choice.mixed, Mixed(graph_hash, network, options));
      choice.mode = Mode::kInt8;
      const auto in_bf16 = static_cast<int>(choice.mixed.exceptions.size());
      choice.reason = "int8 (" + std::to_string(choice.mixed.steps - in_bf16) + " of " +
                      std::to_string(choice.mixed.steps) + " steps, the others bf16; " +
                      ShortDb(choice.mixed.fidelity.mouth_db) + " of the f32 mouth)";
      return choice;
    }
  }
  if (!fast) {
    choice.reason = "f32 (this CPU has no instructions for bf16)";
    return choice;
  }
  ASSIGN_OR_RETURN(const Fidelity fidelity, Bf16Fidelity(graph_hash, network, options));
  if (fidelity.picture_db >= kBf16GateDb) {
    choice.mode = Mode::kBf16;
    choice.reason = "bf16 (" + ShortDb(fidelity.picture_db) + " of the f32 picture)";
  } else {
    choice.reason = "f32 (bf16 would keep only " + ShortDb(fidelity.picture_db) + " of the f32 picture)";
  }
  return choice;
}

}  // namespace

Result<PrecisionChoice> ChoosePrecision(std::string_view graph_hash, const CutNetwork& network,
                                        const GeneratorOptions& options) {
  ASSIGN_OR_RETURN(PrecisionChoice choice, Choose(graph_hash, network, options));
  choice.key = Name(choice.mode);
  if (choice.mode == Mode::kInt8) {
    Sha256 hash;
    hash.AddValues(std::span<const char>(WriteMixedPrecision(choice.mixed)));
    choice.key += "-" + hash.Hex();
  }
  return choice;
}

}  // namespace lips::cpu

#include "verify/avatar_proof.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <utility>

#include "audio/mel.h"
#include "audio/shaped_features.h"
#include "composite/composite.h"
#include "image/colour.h"
#include "image/mouth_area.h"
#include "media/speech.h"
#include "talker/face_samples.h"
#include "verify/picture_difference.h"

namespace lips {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr int kIdentityFrames = 8;
constexpr size_t kStreamSamples = 64000;  // four seconds

int64_t DifferentSamples(ConstImageView a, ConstImageView b) {
  int64_t count = 0;
  for (int y = 0; y < a.height; ++y) {
    for (int i = 0; i < 3 * a.width; ++i) count += a.Row(y)[i] != b.Row(y)[i] ? 1 : 0;
  }
  return count;
}

// In levels, of any sample.
int LargestDifference(ConstImageView a, ConstImageView b) {
  int largest = 0;
  for (int y = 0; y < a.height; ++y) {
    for (int i = 0; i < 3 * a.width; ++i) largest = std::max(largest, std::abs(int{a.Row(y)[i]} - int{b.Row(y)[i]}));
  }
  return largest;
}

class Proof {
 public:
  explicit Proof(const AvatarProofRequest& request) : request_(request) {}

  Result<AvatarProof> Run() {
    ASSIGN_OR_RETURN(Avatar avatar, Avatar::Open(request_.job.avatar, request_.job.avatar_options));
    avatar_ = std::make_unique<Avatar>(std::move(avatar));
    proof_.avatar = avatar_->name();
    RETURN_IF_ERROR(Step("identity"));
    RETURN_IF_ERROR(Identity());
    if (request_.job.engine.session.backend != Backend::kNull) {
      RETURN_IF_ERROR(Step("samples"));
      ASSIGN_OR_RETURN(FaceSamples samples, SampleFaces(*avatar_, Source()));
      samples_ = std::move(samples.faces);
      RETURN_IF_ERROR(Engine());
      RETURN_IF_ERROR(Precisions());
      RETURN_IF_ERROR(Step("streaming"));
      RETURN_IF_ERROR(Streaming());
    }
    return std::move(proof_);
  }

 private:
  Status Step(const std::string& name) {
    if (request_.progress) request_.progress(name);
    if (request_.stop != nullptr) return request_.stop->Check();
    return {};
  }

  SampleSource Source() const {
    SampleSource source = {.edge = request_.job.edge, .threads = request_.job.engine.session.threads};
    if (!avatar_->packaged_features().ok()) source.audio = request_.job.audio;
    return source;
  }

  Status Identity() {
    AvatarOptions derived = request_.job.avatar_options;
    derived.inputs = InputSource::kDerived;
    ASSIGN_OR_RETURN(const Avatar avatar, Avatar::Open(request_.job.avatar, derived));
    ASSIGN_OR_RETURN(const auto templates, avatar.OpenTemplates());
    const int64_t count = std::min<int64_t>(kIdentityFrames, avatar.video().frames);
    double least = kEqualDb;
    int64_t changed = 0, worst = -1;
    TemplateFace face;
    for (int64_t k = 0; k < count; ++k) {
      const int64_t index = k * avatar.video().frames / count;
      RETURN_IF_ERROR(templates->Read(index, face));
      const Rect rect = avatar.rects()[static_cast<size_t>(index)];
      Image was(face.frame.width(), face.frame.height()), now(was.width(), was.height());
      YuvToBgr(std::as_const(face.frame).view(), was.view());
      for (const CompositeMode mode : {CompositeMode::kNatural, CompositeMode::kCompatible}) {
        CopyPixels(std::as_const(was).view(), now.view());
        MakeComposite(mode)->Paste(face.inputs.crop.view(), face.inputs.roi.view(), rect, now.view());
        if (mode == CompositeMode::kNatural) {
          changed += DifferentSamples(was.view(), now.view());
          continue;
        }
        const double db = Difference(was.view(), now.view(), rect).psnr_db;
        if (db < least) least = db, worst = index;
      }
    }
    proof_.metrics.push_back({"identity", least, "dB", Bound::kAtLeast, 55.0,
                              "the template's own mouth pasted as the reference does, within the rectangle", worst});
    proof_.metrics.push_back({"natural identity", static_cast<double>(changed), "samples", Bound::kAtMost, 0.0,
                              "changed by the template's own mouth in natural compositing", -1});
    return {};
  }

  Result<std::unique_ptr<Generator>> Open(Backend backend, Precision precision) {
    ASSIGN_OR_RETURN(const FilePart model, avatar_->generator_model());
    GeneratorOptions options = request_.job.engine;
    options.session.backend = backend;
    options.session.precision = precision;
    if (backend == Backend::kReference) options.session.provider = Provider::kCpu;
    RETURN_IF_ERROR(UseFaceSamples(*avatar_, options));
    return OpenGenerator(model, options);
  }

  // Mouths of the first `count` samples through templates, one by one.
  Result<std::vector<Image>> Mouths(Generator& generator, size_t count) {
    std::vector<Image> mouths;
    for (size_t k = 0; k < std::min(count, samples_.size()); ++k) {
      const FaceSample& sample = samples_[k];
      ASSIGN_OR_RETURN(const auto prepared, generator.Prepare(sample.roi.view(), sample.masked.view()));
      Image mouth(generator.size_px(), generator.size_px());
      const Generator::Job job{prepared.get(), sample.audio, mouth.view()};
      RETURN_IF_ERROR(generator.Generate({&job, 1}));
      mouths.push_back(std::move(mouth));
    }
    return mouths;
  }

  static double LeastDb(const std::vector<Image>& a, const std::vector<Image>& b) {
    double least = kEqualDb;
    for (size_t k = 0; k < std::min(a.size(), b.size()); ++k) {
      const Rect face = {0, 0, a[k].width(), a[k].height()};
      for (const Rect& part : {MouthOf(face), ChinOf(face)}) {
        least = std::min(least, Difference(a[k].view(), b[k].view(), part).psnr_db);
      }
    }
    return a.empty() || b.empty() ? kNone : least;
  }

  Status Engine() {
    RETURN_IF_ERROR(Step("engine"));
    ASSIGN_OR_RETURN(const auto engine,
                     Open(request_.job.engine.session.backend, request_.job.engine.session.precision));
    proof_.engine = engine->Describe();
    ASSIGN_OR_RETURN(const std::vector<Image> mouths, Mouths(*engine, samples_.size()));
    RETURN_IF_ERROR(Step("cache"));
    RETURN_IF_ERROR(Cache(*engine, mouths));
    RETURN_IF_ERROR(Step("reference"));
    ASSIGN_OR_RETURN(const auto reference, Open(Backend::kReference, Precision::kF32));
    proof_.reference = reference->Describe();
    ASSIGN_OR_RETURN(const std::vector<Image> expected, Mouths(*reference, static_cast<size_t>(request_.frames)));
    proof_.metrics.push_back({"engine", LeastDb(expected, mouths), "dB", Bound::kAtLeast, 45.0,
                              "the mouth against the reference engine's, least of the frames", -1});
    return {};
  }

  // Whatever way the pictures go, the bits are the same.
  Status Cache(Generator& engine, const std::vector<Image>& mouths) {
    int64_t by_pictures = 0, together = 0;
    std::vector<Image> out;
    std::vector<Generator::Job> jobs;
    std::vector<std::unique_ptr<Generator::Template>> prepared;
    for (const FaceSample& sample : samples_) {
      out.emplace_back(engine.size_px(), engine.size_px());
      ASSIGN_OR_RETURN(auto made, engine.Prepare(sample.roi.view(), sample.masked.view()));
      prepared.push_back(std::move(made));
    }
    for (size_t k = 0; k < samples_.size(); ++k) jobs.push_back({prepared[k].get(), samples_[k].audio, out[k].view()});
    RETURN_IF_ERROR(engine.Generate(jobs));
    int farthest = 0;
    for (size_t k = 0; k < samples_.size(); ++k) {
      together += DifferentSamples(out[k].view(), mouths[k].view());
      farthest = std::max(farthest, LargestDifference(out[k].view(), mouths[k].view()));
    }
    for (size_t k = 0; k < samples_.size() && engine.takes_pictures(); ++k) {
      const Generator::Job job{nullptr, samples_[k].audio, out[k].view(), samples_[k].roi.view(),
                               samples_[k].masked.view()};
      RETURN_IF_ERROR(engine.Generate({&job, 1}));
      by_pictures += DifferentSamples(out[k].view(), mouths[k].view());
    }
    proof_.metrics.push_back({"cache", engine.takes_pictures() ? static_cast<double>(by_pictures) : kNone, "samples",
                              Bound::kAtMost, 0.0, "that differ between a kept template and its pictures", -1});
    if (request_.job.engine.session.backend == Backend::kCuda) {  // its sums go in another order with other tiles
      proof_.metrics.push_back({"batch", static_cast<double>(farthest), "levels", Bound::kAtMost, 2.0,
                                "of difference between frames made together and alone", -1});
      return {};
    }
    proof_.metrics.push_back({"batch", static_cast<double>(together), "samples", Bound::kAtMost, 0.0,
                              "that differ between frames made together and alone", -1});
    return {};
  }

  Status Precisions() {
    if (request_.job.engine.session.backend != Backend::kCpu) return {};
    RETURN_IF_ERROR(Step("precisions"));
    ASSIGN_OR_RETURN(const auto exact, Open(Backend::kCpu, Precision::kF32));
    ASSIGN_OR_RETURN(const std::vector<Image> expected, Mouths(*exact, samples_.size()));
    for (const auto& [name, precision] : {std::pair{"bf16", Precision::kBf16}, std::pair{"int8", Precision::kInt8}}) {
      double db = kNone;
      auto generator = Open(Backend::kCpu, precision);
      if (generator.ok()) {
        ASSIGN_OR_RETURN(const std::vector<Image> mouths, Mouths(*generator.value(), samples_.size()));
        db = LeastDb(expected, mouths);
      } else if (generator.error().code() != ErrorCode::kUnsupported) {
        return std::move(generator).TakeError();
      }
      proof_.metrics.push_back({name, db, "dB", Bound::kAtLeast, std::nullopt, "the mouth against f32's", -1});
    }
    return {};
  }

  Status Streaming() {
    std::vector<float> signal(kStreamSamples);
    if (!request_.job.audio.empty()) {
      ASSIGN_OR_RETURN(Speech speech, ReadSpeech(request_.job.audio));
      signal = std::move(speech.samples_16k);
      if (signal.size() > kStreamSamples) signal.resize(kStreamSamples);
    } else {  // a glide with pauses
      for (size_t n = 0; n < signal.size(); ++n) {
        const double t = static_cast<double>(n) / kModelRateHz;
        signal[n] = std::fmod(t, 1.0) < 0.7 ? static_cast<float>(0.3 * std::sin(2 * M_PI * (150 + 400 * t) * t)) : 0.0F;
      }
    }
    ASSIGN_OR_RETURN(const FilePart model, avatar_->audio_encoder_model());
    ASSIGN_OR_RETURN(const auto encoder, OpenAudioEncoder(model, request_.job.engine));
    const EncodeRowsFn encode = [&encoder](std::span<const float> in, int64_t count, std::span<float> out) {
      return encoder->Encode(in, count, out);
    };
    for (const bool gate : {false, true}) {
      const auto rows_of = [&](bool pieces) -> Result<std::vector<float>> {
        ShapedFeatureStream stream(encode, encoder->row_floats(), {.rest_in_silence = gate, .mouth_gain = 1});
        std::vector<float> rows;
        std::mt19937 random(1);
        for (std::span<const float> rest = signal; !rest.empty();) {
          const size_t take = pieces ? std::min<size_t>(1 + random() % 2000, rest.size()) : rest.size();
          RETURN_IF_ERROR(stream.Push(rest.first(take), rows));
          rest = rest.subspan(take);
        }
        RETURN_IF_ERROR(stream.Finish(rows));
        return rows;
      };
      ASSIGN_OR_RETURN(const std::vector<float> whole, rows_of(false));
      ASSIGN_OR_RETURN(const std::vector<float> pieces, rows_of(true));
      int64_t different = std::abs(std::ssize(whole) - std::ssize(pieces));
      for (size_t k = 0; k < std::min(whole.size(), pieces.size()); ++k) {
        different += std::memcmp(&whole[k], &pieces[k], sizeof(float)) != 0 ? 1 : 0;
      }
      proof_.metrics.push_back({gate ? "gate streaming" : "streaming", static_cast<double>(different), "values",
                                Bound::kAtMost, 0.0, "of features that differ between pieces and the whole", -1});
    }
    return {};
  }

  const AvatarProofRequest& request_;
  std::unique_ptr<Avatar> avatar_;
  std::vector<FaceSample> samples_;
  AvatarProof proof_;
};

}  // namespace

Result<AvatarProof> ProveAvatar(const AvatarProofRequest& request) { return Proof(request).Run(); }

Json AvatarProof::ToJson() const {
  return Json::Object({{"ok", AllOk(metrics)},
                       {"avatar", avatar},
                       {"engine", engine},
                       {"reference", reference},
                       {"metrics", lips::ToJson(metrics)}});
}

}  // namespace lips

#include "demo/training_set.h"

#include <vector>

#include "avatar/geometry.h"
#include "base/json.h"
#include "base/thread_pool.h"
#include "demo/draw_frames.h"
#include "demo/motion.h"
#include "demo/number.h"
#include "demo/package_json.h"
#include "demo/sentences.h"
#include "demo/viseme.h"
#include "image/colour.h"
#include "media/video_writer.h"
#include "media/wav_writer.h"
#include "tensor/npy.h"

namespace lips::demo {
namespace {

constexpr int kRateHz = 16000;
constexpr size_t kFrameSamples = kRateHz / 25;
constexpr int kFramesAtOnce = 16;
constexpr float kLively = 1.15F;  // a little more motion than any template has

// What is heard and how the mouth goes with it; the sound is on disk already.
struct Score {
  std::vector<Mouth> mouths;
  Json sentences = Json::Array{};
  int64_t count = 0;
  int64_t held_out_from = -1;
};

Status AddPause(int64_t frames, Score& score, WavWriter& sound) {
  score.mouths.insert(score.mouths.end(), static_cast<size_t>(frames), Mouth{});
  return sound.Write(std::vector<float>(static_cast<size_t>(frames) * kFrameSamples));
}

Result<Score> WriteSound(const TrainingSetRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<Sentence> sentences, FindSentences(request.speech));
  ASSIGN_OR_RETURN(WavWriter sound, WavWriter::Create(request.folder / "aud.wav", kRateHz));
  Score score;
  Random random(request.seed + 301);
  for (const Sentence& sentence : sentences) {
    if (request.stop != nullptr) RETURN_IF_ERROR(request.stop->Check());
    if (request.sound_only && sentence.held_out) break;  // these come last
    RETURN_IF_ERROR(AddPause(4 + random.Bits() % 9, score, sound));
    const auto first = static_cast<int64_t>(score.mouths.size());
    if (sentence.held_out && score.held_out_from < 0) score.held_out_from = first;
    ASSIGN_OR_RETURN(const SpokenSentence spoken, ReadSentence(sentence));
    RETURN_IF_ERROR(sound.Write(spoken.samples_16k));
    score.mouths.insert(score.mouths.end(), spoken.mouths.begin(), spoken.mouths.end());
    score.sentences.Append(Json::Object({{"name", sentence.name},
                                         {"first_frame", first},
                                         {"frames", spoken.mouths.size()},
                                         {"held_out", sentence.held_out}}));
    ++score.count;
  }
  RETURN_IF_ERROR(AddPause(12, score, sound));
  RETURN_IF_ERROR(sound.Finish());
  return score;
}

Status WriteMouths(const Path& path, const std::vector<Mouth>& mouths) {
  std::vector<float> values;
  values.reserve(mouths.size() * kMouthParameters);
  for (const Mouth& m : mouths) values.insert(values.end(), {m.open, m.wide, m.round, m.teeth, m.tuck, m.press});
  return WriteNpy(path, TensorView({std::ssize(mouths), kMouthParameters}, std::span<const float>(values)));
}

Result<VideoWriter> FaceVideo(const Path& path, int size) {
  VideoWriterOptions options;
  options.width = size;
  options.height = size;
  options.crf = 10;
  options.preset = "superfast";
  options.metadata = {{"comment", "drawn by Lipstream; shows nobody"}};
  return VideoWriter::Create(path, options);
}

// One frame on its way: drawn at the size it has in a full frame, then as the network sees it.
struct Drawn {
  Image speaking, resting;
  FaceInputs faces;
  YuvImage crop, rest;
};

void DrawFaces(const Person& person, const Pose& pose, const Mouth& mouth, Drawn& to) {
  const Rect rect = person.FaceRect(pose);
  to.speaking.Resize(rect.width, rect.height);
  to.resting.Resize(rect.width, rect.height);
  person.DrawBoth(pose, {mouth, Mouth{}}, rect, {to.speaking.view(), to.resting.view()});
  DeriveInputs(to.resting.view(), kFace320, DefaultMask(kFace320), to.faces);
  to.rest.Resize(kFace320.roi_px(), kFace320.roi_px(), {});
  BgrToYuv(to.faces.roi.view(), to.rest.view());
  DeriveInputs(to.speaking.view(), kFace320, DefaultMask(kFace320), to.faces);
  to.crop.Resize(kFace320.crop_px, kFace320.crop_px, {});
  BgrToYuv(to.faces.crop.view(), to.crop.view());
}

Status WriteFaces(const TrainingSetRequest& request, const std::vector<Mouth>& mouths) {
  const auto frames = std::ssize(mouths);
  const Person person(request.width, request.height, request.seed);
  const std::vector<Pose> poses = IdleMotion(frames, request.seed + 302, kLively);
  ASSIGN_OR_RETURN(VideoWriter speaking, FaceVideo(request.folder / "full_body_video.mp4", kFace320.crop_px));
  ASSIGN_OR_RETURN(VideoWriter resting, FaceVideo(request.folder / "resting_rois_320_video.mp4", kFace320.roi_px()));
  ThreadPool threads(ThreadsOrCores(request.threads));
  std::vector<Drawn> drawn(kFramesAtOnce);
  for (int64_t first = 0; first < frames; first += kFramesAtOnce) {
    if (request.stop != nullptr) RETURN_IF_ERROR(request.stop->Check());
    const int count = static_cast<int>(std::min<int64_t>(kFramesAtOnce, frames - first));
    threads.Run([&](const Worker& worker) {
      const auto [begin, end] = worker.Share(count);
      for (int k = begin; k < end; ++k) {
        const auto n = static_cast<size_t>(first + k);
        DrawFaces(person, poses[n], mouths[n], drawn[static_cast<size_t>(k)]);
      }
    });
    for (int k = 0; k < count; ++k) {
      RETURN_IF_ERROR(speaking.Write(drawn[static_cast<size_t>(k)].crop.view()));
      RETURN_IF_ERROR(resting.Write(drawn[static_cast<size_t>(k)].rest.view()));
    }
    if (request.progress) request.progress(first + count, frames);
  }
  RETURN_IF_ERROR(resting.Finish());
  return speaking.Finish();
}

}  // namespace

Result<TrainingSetReport> WriteTrainingSet(const TrainingSetRequest& request) {
  RETURN_IF_ERROR(MakeFolder(request.folder));
  ASSIGN_OR_RETURN(const Score score, WriteSound(request));
  const auto frames = std::ssize(score.mouths);
  const int64_t held_out = score.held_out_from < 0 ? 0 : frames - score.held_out_from;
  RETURN_IF_ERROR(WriteMouths(request.folder / "mouth.npy", score.mouths));
  const Json list = Json::Object({{"held_out_frames", held_out}, {"sentences", score.sentences}});
  RETURN_IF_ERROR(WriteFileAtomically(request.folder / "sentences.json", list.Dump() + "\n"));
  if (request.sound_only) return TrainingSetReport{frames, score.count, held_out};
  const std::string ranges = held_out == 0 ? "" : std::to_string(score.held_out_from) + " " + std::to_string(held_out);
  RETURN_IF_ERROR(WriteFileAtomically(request.folder / "heldout.txt", "# first frame, count\n" + ranges + "\n"));
  RETURN_IF_ERROR(WriteFaces(request, score.mouths));
  const int crop_px = kFace320.crop_px;
  const std::vector<Rect> rects(score.mouths.size(), Rect{0, 0, crop_px, crop_px});
  RETURN_IF_ERROR(WritePackageJson(request.folder, {"demo training set", crop_px, crop_px, false}, rects));
  return TrainingSetReport{frames, score.count, held_out};
}

}  // namespace lips::demo

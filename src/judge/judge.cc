#include "judge/judge.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "avatar/avatar.h"
#include "avatar/template_order.h"
#include "demo/motion.h"
#include "demo/sentences.h"
#include "image/colour.h"
#include "image/mouth_area.h"
#include "image/resize.h"
#include "judge/verdict.h"
#include "media/picture.h"
#include "media/video_reader.h"
#include "media/video_writer.h"
#include "render/render.h"

namespace lips {
namespace {

// A mouth for the sheet: the frame where one parameter is largest.
struct Example {
  float strength = 0;
  Image drawn, rendered;  // faces
};
constexpr size_t kExamples = 7;
constexpr int kFacePx = 200;

// How much a mouth is silence, p, a, i, u, s, f.
std::array<float, kExamples> StrengthsOf(const demo::Mouth& mouth) {
  const float moved = mouth.open + mouth.wide + mouth.round + mouth.teeth + mouth.tuck + mouth.press;
  return {moved == 0 ? 1.0F : 0.0F,
          mouth.press,
          mouth.open - mouth.press - mouth.round,
          mouth.wide - mouth.press,
          mouth.round - mouth.press,
          mouth.teeth,
          mouth.tuck};
}

// As far as 4:2:0 goes, what a lossless video of `picture` shows; its sides are even.
void ThroughYuv(Image& picture, YuvFormat format) {
  YuvImage yuv(picture.width(), picture.height(), format);
  BgrToYuv(std::as_const(picture).view(), yuv.view());
  YuvToBgr(std::as_const(yuv).view(), picture.view());
}

PictureError ErrorOf(ConstImageView a, ConstImageView b) {
  PictureError error = {0, int64_t{3} * a.width * a.height};
  for (int y = 0; y < a.height; ++y) {
    for (int x = 0; x < 3 * a.width; ++x) {
      const int difference = int{a.Row(y)[x]} - int{b.Row(y)[x]};
      error.squares += static_cast<double>(difference) * difference;
    }
  }
  return error;
}

class Judgement {
 public:
  static Result<Judgement> Begin(const JudgeRequest& request) {
    ASSIGN_OR_RETURN(Avatar avatar, Avatar::Open(request.avatar, {}));
    const VideoInfo info = avatar.video();
    Judgement judgement(request, demo::Person(info.width, info.height, request.seed),
                        demo::IdleMotion(info.frames, request.seed));
    for (size_t k = 0; k < judgement.poses_.size(); ++k) {
      if (judgement.person_.FaceRect(judgement.poses_[k]) == avatar.rects()[k]) continue;
      return Error(ErrorCode::kInvalidInput,
                   "'" + request.avatar.string() + "' is not the drawn person with seed " +
                       std::to_string(request.seed) + ": frame " + std::to_string(k) +
                       " shows another pose; make the package with lipstream avatar demo, or give its --seed");
    }
    ASSIGN_OR_RETURN(judgement.templates_, avatar.OpenTemplates());
    return judgement;
  }

  Result<JudgeReport> Run() {
    ASSIGN_OR_RETURN(auto sentences, demo::FindSentences(request_.speech));
    std::erase_if(sentences, [](const demo::Sentence& sentence) { return !sentence.held_out; });
    if (sentences.empty()) {
      return Error(ErrorCode::kInvalidInput, "no heldout_NAME.wav in '" + request_.speech.string() + "'");
    }
    RETURN_IF_ERROR(MakeFolder(request_.output));
    RETURN_IF_ERROR(LookAtRest());
    std::map<std::string, std::vector<JudgedFrame>> kinds;
    std::vector<JudgedFrame> all;
    for (const demo::Sentence& sentence : sentences) {
      if (request_.stop != nullptr) RETURN_IF_ERROR(request_.stop->Check());
      auto frames = JudgeSentence(sentence);
      if (!frames.ok()) return std::move(frames).TakeError().Within(sentence.name);
      report_.sentences.push_back(SumUp(sentence.name, frames.value(), resting_));
      auto& kind = kinds[sentence.name.substr(sentence.name.rfind('_') + 1)];
      kind.insert(kind.end(), frames.value().begin(), frames.value().end());
      all.insert(all.end(), frames.value().begin(), frames.value().end());
      if (request_.progress) {
        request_.progress(std::ssize(report_.sentences), std::ssize(sentences));
      }
    }
    for (const auto& [name, frames] : kinds) report_.kinds.push_back(SumUp(name, frames, resting_));
    report_.all = SumUp("all", all, resting_);
    RETURN_IF_ERROR(WritePng(request_.output / "sheet.png", Sheet().view()));
    RETURN_IF_ERROR(WriteFileAtomically(request_.output / "report.json", report_.ToJson().Dump() + "\n"));
    return std::move(report_);
  }

 private:
  Judgement(const JudgeRequest& request, demo::Person person, std::vector<demo::Pose> poses)
      : request_(request), person_(std::move(person)), poses_(std::move(poses)) {}

  Status LookAtRest() {
    Image frame(person_.width(), person_.height());
    Draw(poses_[0], {}, frame);
    resting_ = LookAtMouth(person_, poses_[0], std::as_const(frame).view());
    return {};
  }

  // The face's rectangle and what whole pixels of colour need around it.
  Rect EvenFace(const demo::Pose& pose) const {
    Rect face = person_.FaceRect(pose);
    face = {face.x & ~1, face.y & ~1, (face.width + 3) & ~1, (face.height + 3) & ~1};
    face.width = std::min(face.width, (person_.width() & ~1) - face.x);
    face.height = std::min(face.height, (person_.height() & ~1) - face.y);
    return face;
  }

  // The face only, and as video shows it.
  void Draw(const demo::Pose& pose, const demo::Mouth& mouth, Image& frame) {
    const Rect face = EvenFace(pose);
    drawn_.Resize(face.width, face.height);
    person_.Draw(pose, mouth, face, drawn_.view());
    ThroughYuv(drawn_, YuvFormat());
    CopyPixels(std::as_const(drawn_).view(), frame.view().Crop(face));
  }

  Result<std::vector<JudgedFrame>> JudgeSentence(const demo::Sentence& sentence) {
    ASSIGN_OR_RETURN(const demo::SpokenSentence spoken, ReadSentence(sentence));
    RenderRequest render;
    render.job.avatar = request_.avatar;
    render.job.avatar_options.model = request_.model;
    render.job.avatar_options.audio_encoder = request_.audio_encoder;
    render.job.audio = sentence.wav;
    render.job.engine = request_.engine;
    render.job.composite = request_.composite;
    const Path video = request_.output / (sentence.name + ".rendered.mkv");
    render.video = video;
    render.codec = "ffv1";
    render.with_audio = false;
    render.stop = request_.stop;
    ASSIGN_OR_RETURN(const RenderReport rendered, Render(render));
    report_.engine = rendered.engine;
    std::optional<VideoWriter> keep;
    if (request_.keep_videos) {
      VideoWriterOptions options;
      options.width = person_.width();
      options.height = person_.height();
      options.codec = "ffv1";
      ASSIGN_OR_RETURN(keep, VideoWriter::Create(request_.output / (sentence.name + ".drawn.mkv"), options));
    }
    auto frames = Compare(video, spoken.mouths, keep);
    std::error_code ignored;
    if (!keep) std::filesystem::remove(video, ignored);
    if (keep && frames.ok()) RETURN_IF_ERROR(keep->Finish());
    return frames;
  }

  // The template around a drawn face.
  Status WriteDrawn(const demo::Pose& pose, const Image& drawn, Image& resting, VideoWriter& video) {
    const Rect face = EvenFace(pose);
    CopyPixels(drawn.view().Crop(face), resting.view().Crop(face));
    yuv_.Resize(person_.width(), person_.height(), YuvFormat());
    BgrToYuv(std::as_const(resting).view(), yuv_.view());
    return video.Write(std::as_const(yuv_).view());
  }

  Result<std::vector<JudgedFrame>> Compare(const Path& video, const std::vector<demo::Mouth>& mouths,
                                           std::optional<VideoWriter>& keep) {
    ASSIGN_OR_RETURN(VideoReader reader, VideoReader::Open(video, {.threads = 0}));
    std::vector<JudgedFrame> frames;
    YuvImage yuv;
    Image rendered(person_.width(), person_.height()), drawn(person_.width(), person_.height());
    Image resting(person_.width(), person_.height());
    TemplateFace face;
    const auto count = std::min<int64_t>(reader.info().frames, std::ssize(mouths));
    for (int64_t n = 0; n < count; ++n) {
      RETURN_IF_ERROR(reader.Read(yuv));
      YuvToBgr(std::as_const(yuv).view(), rendered.view());
      const int64_t index = TemplateFrame(n, std::ssize(poses_), 0, Loop::kPingPong);
      const demo::Pose& pose = poses_[static_cast<size_t>(index)];
      const demo::Mouth& mouth = mouths[static_cast<size_t>(n)];
      Draw(pose, mouth, drawn);
      RETURN_IF_ERROR(templates_->Read(index, FaceParts::kFrameAndCrop, face));
      YuvToBgr(std::as_const(face.frame).view(), resting.view());
      const Rect whole = person_.FaceRect(pose);
      const auto error = [&](const Image& shown, Rect part) {
        return ErrorOf(std::as_const(drawn).view().Crop(part), shown.view().Crop(part));
      };
      JudgedFrame frame;
      frame.drawn = LookAtMouth(person_, pose, std::as_const(drawn).view());
      frame.rendered = LookAtMouth(person_, pose, std::as_const(rendered).view());
      frame.mouth = error(rendered, MouthOf(whole));
      frame.resting_mouth = error(resting, MouthOf(whole));
      frame.lips = error(rendered, LipsArea(person_, pose));
      frame.resting_lips = error(resting, LipsArea(person_, pose));
      frame.face = error(rendered, whole);
      frames.push_back(frame);
      KeepExamples(mouth, whole, drawn, rendered);
      if (keep) RETURN_IF_ERROR(WriteDrawn(pose, drawn, resting, *keep));
    }
    return frames;
  }

  void KeepExamples(const demo::Mouth& mouth, Rect face, const Image& drawn, const Image& rendered) {
    const auto strengths = StrengthsOf(mouth);
    for (size_t k = 0; k < kExamples; ++k) {
      Example& example = examples_[k];
      if (strengths[k] <= example.strength) continue;
      example.strength = strengths[k];
      CubicResizer resizer(face.width, face.height, kFacePx, kFacePx);
      example.drawn.Resize(kFacePx, kFacePx);
      example.rendered.Resize(kFacePx, kFacePx);
      resizer.Run(drawn.view().Crop(face), example.drawn.view());
      resizer.Run(rendered.view().Crop(face), example.rendered.view());
    }
  }

  Image Sheet() const {
    Image sheet(static_cast<int>(kExamples) * kFacePx, 2 * kFacePx);
    for (size_t k = 0; k < kExamples; ++k) {
      if (examples_[k].strength <= 0) continue;
      const int x = static_cast<int>(k) * kFacePx;
      CopyPixels(examples_[k].drawn.view(), sheet.view().Crop({x, 0, kFacePx, kFacePx}));
      CopyPixels(examples_[k].rendered.view(), sheet.view().Crop({x, kFacePx, kFacePx, kFacePx}));
    }
    return sheet;
  }

  const JudgeRequest& request_;
  demo::Person person_;
  std::vector<demo::Pose> poses_;
  std::unique_ptr<TemplateReader> templates_;
  MouthLook resting_;
  std::array<Example, kExamples> examples_;
  Image drawn_;
  YuvImage yuv_;
  JudgeReport report_;
};

}  // namespace

Result<JudgeReport> Judge(const JudgeRequest& request) {
  ASSIGN_OR_RETURN(Judgement judgement, Judgement::Begin(request));
  return judgement.Run();
}

}  // namespace lips

#include "render/finish.h"

#include <algorithm>
#include <utility>

#include "composite/over.h"

namespace lips {

Result<Finish> Finish::Open(const FinishOptions& options, const Avatar& avatar, FrameRate fps) {
  Finish finish;
  const VideoInfo& video = avatar.video();
  if (options.alpha) finish.key_ = options.key ? options.key : avatar.key();
  if (finish.key_) {
    RETURN_IF_ERROR(CheckKeyColour(*finish.key_));
    finish.keyer_.emplace(*finish.key_, video.format);
  }
  finish.transparent_ = options.alpha && (finish.key_ || video.alpha);
  if (options.background) {
    if (!finish.transparent_) {
      return Error(ErrorCode::kInvalidInput,
                   "avatar '" + avatar.name() + "' is opaque, so nothing of the background '" +
                       options.background->string() + "' would show; name the colour of the screen behind the person");
    }
    ASSIGN_OR_RETURN(finish.background_,
                     Background::Open(*options.background, video.width, video.height, video.format, fps));
  }
  if (options.label) {
    ASSIGN_OR_RETURN(finish.label_, Label::Create(*options.label, video.width, video.height, avatar.rects()));
  }
  return finish;
}

std::string Finish::transparency() const {
  if (!transparent_) return "none";
  return key_ ? KeyColourText(*key_) : "template";
}

void Finish::TakeMatte(TemplateFace& face) {
  if (!keyer_) return;
  const ConstYuvView frame = std::as_const(face.frame).view();
  if (face.alpha.empty()) {
    face.alpha.Resize(frame.width(), frame.height());
    keyer_->Matte(frame, face.alpha.view());
    return;
  }
  matte_.Resize(frame.width(), frame.height());
  keyer_->Matte(frame, matte_.view());
  for (int y = 0; y < frame.height(); ++y) {
    const uint8_t* matte = std::as_const(matte_).view().Row(y);
    uint8_t* alpha = face.alpha.view().Row(y);
    for (int x = 0; x < frame.width(); ++x) alpha[x] = std::min(alpha[x], matte[x]);
  }
}

Status Finish::Apply(int64_t n, TemplateFace& face) {
  if (keyer_) keyer_->Despill(std::as_const(face.alpha).view(), face.frame.view());
  if (background_) {
    ASSIGN_OR_RETURN(const YuvImage* behind, background_->At(n));
    PutOver(behind->view(), std::as_const(face.alpha).view(), face.frame.view());
  }
  if (label_ && writes_alpha()) {
    label_->Burn(face.frame.view(), face.alpha.view());
  } else if (label_) {
    label_->Burn(face.frame.view());
  }
  return {};
}

}  // namespace lips

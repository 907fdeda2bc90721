// What happens to a frame after its mouth is in: the screen keyed out, a background put behind, a label burnt in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "avatar/avatar.h"
#include "base/file.h"
#include "base/result.h"
#include "composite/keyer.h"
#include "composite/label.h"
#include "image/key_colour.h"
#include "render/background.h"

namespace lips {

struct FinishOptions {
  // False: as if the avatar had neither alpha nor a key colour.
  bool alpha = true;
  std::optional<KeyColour> key = {};    // instead of the avatar's own
  std::optional<Path> background = {};  // a picture or video behind the avatar; the result is opaque
  std::optional<LabelOptions> label = {};
};

// Opacity is the template's, or what its key colour leaves: a generated mouth never changes it.
class Finish {
 public:
  // For output at `fps`. Errors: those of the parts; kInvalidInput for a background behind an opaque avatar.
  static Result<Finish> Open(const FinishOptions& options, const Avatar& avatar, FrameRate fps);

  bool transparent() const { return transparent_; }                   // the avatar is
  bool writes_alpha() const { return transparent_ && !background_; }  // frames go out with their alpha
  bool works() const { return keyer_ || background_ || label_; }      // Apply does something
  std::string transparency() const;                                   // "none", "template", "#00ff00"

  // Of a template frame, before its mouth is replaced: gives it the alpha that its screen leaves. From one thread;
  // another one may call Apply.
  void TakeMatte(TemplateFace& face);
  // Output frame `n` with its mouth. Errors: those of the background. One thread at a time.
  Status Apply(int64_t n, TemplateFace& face);

 private:
  bool transparent_ = false;
  std::optional<KeyColour> key_;
  std::optional<Keyer> keyer_;
  Plane matte_;  // scratch of TakeMatte, where the template has an alpha of its own
  std::optional<Background> background_;
  std::optional<Label> label_;
};

}  // namespace lips

// The template of an avatar as a video that browsers play and jump in: the background of `patch` clients.
#pragma once

#include <string>

#include "avatar/avatar.h"
#include "base/file.h"
#include "base/result.h"
#include "composite/label.h"

namespace lips {

// `label` is burnt in; `version` names avatar and label (AvatarFacts::background_version) and is the file's name.
//
// H.264 in MP4 with exactly the avatar's frames at its rate, a key frame every half second (clients play it backwards
// too), marked as synthetic. Made once and kept in the cache folder (a temporary one where there is none) and
// made again when it is missing. Takes seconds. Errors: those of reading the
// template and of writing.
Result<Path> MakeTemplateVideo(const Avatar& avatar, const Label* label, const std::string& version);

}  // namespace lips

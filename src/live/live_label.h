// Where the label of live pictures stands: beside every face, so that no patch ever covers it.
#pragma once

#include "avatar/avatar.h"
#include "base/result.h"
#include "composite/label.h"

namespace lips {

// A label of `avatar`'s template frames. A client of mode `patch` draws faces on the template video: a label that
// stands there, and beside the surroundings of the face in every frame, is in its picture as in everybody's. Errors:
// kInvalidInput (it would touch a face wherever it may stand); those of Label::Create.
Result<Label> LabelBesideFaces(const LabelOptions& options, const Avatar& avatar);

}  // namespace lips

// Where a render's frames go: a video file, a folder of pictures, or both. Private to this folder.
#pragma once

#include <optional>

#include "base/result.h"
#include "image/plane.h"
#include "media/sequence_writer.h"
#include "media/video_writer.h"
#include "render/render.h"

namespace lips {

class RenderOutput {
 public:
  // `report` has the size, rate and hashes; `format` is that of the frames. With `alpha` they come with their opacity.
  // Errors: those of the writers; kInvalidInput where the output cannot hold alpha, saying what can.
  static Result<RenderOutput> Open(const RenderRequest& request, const RenderReport& report, YuvFormat format,
                                   bool alpha);

  Status Write(ConstYuvView frame, ConstPlaneView alpha);
  Status Finish();

 private:
  bool alpha_ = false;
  std::optional<VideoWriter> video_;
  std::optional<SequenceWriter> pictures_;
};

}  // namespace lips

// Reads whole template frames: the picture and the network's inputs of it.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "avatar/avatar.h"
#include "avatar/package_files.h"
#include "base/result.h"

namespace lips {

// Where everything comes from; checked by Avatar::Open.
struct TemplateSources {
  PictureFiles full;
  std::vector<Rect> rects;    // one per frame; all inside the frame
  std::vector<Place> places;  // where they are cut out; empty: these rectangles
  FaceGeometry face;
  Rect mask;
  struct Pictures {
    PictureFiles roi;
    PictureFiles masked;
    std::optional<PictureFiles> crop;  // derived when absent
  };
  std::optional<Pictures> package;  // inputs from the package; derived when absent
};

// Opens every file and takes all memory: `budget_bytes` for decoded frames, or what 16 frames need (up to 256 MiB) when
// that is more. Errors: kIo, kCorrupted naming the file.
Result<std::unique_ptr<TemplateReader>> OpenTemplateReader(TemplateSources sources, size_t budget_bytes,
                                                           int decode_threads);

}  // namespace lips

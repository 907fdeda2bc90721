// The face rectangle of every template frame, from whichever file of the package gives them.
#pragma once

#include <string>
#include <vector>

#include "avatar/package_files.h"
#include "base/result.h"
#include "image/view.h"

namespace lips {

struct TemplateRects {
  std::vector<Rect> rects;
  std::string source;  // "cache/crop_rectangles.json", "landmarks"
};

// Prefers crop_rectangles.json, then crop_rects.json, then face_bounds, then landmarks. Errors name the file and frame.
Result<TemplateRects> ReadTemplateRects(const PackageFiles& package);

// Each of the sources by itself.
Result<std::vector<Rect>> ReadCropRects(const Path& file);
Result<std::vector<Rect>> ReadLandmarkRects(const NumberedFiles& landmarks);  // spec.md 1.3
Result<std::vector<Rect>> ReadFaceBounds(const NumberedFiles& arrays);        // NPY: xmin, ymin, xmax, ymax, ...

}  // namespace lips

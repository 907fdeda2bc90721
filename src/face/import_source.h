// What avatars of other programs consist of, told by what lies in their folders.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "avatar/package_files.h"
#include "face/box_file.h"
#include "face/create.h"

namespace lips {

struct ImportSource {
  std::string layout;  // "Wav2Lip avatar of LiveTalking"
  PictureFiles pictures;
  std::optional<FrameRate> fps;                    // where it is known and no video says it
  std::optional<int64_t> frames;                   // how many of them, where not all
  GivenFaces faces;                                // empty when not wanted
  bool family_rects = true;                        // rectangles follow the 110-point rule
  Path audio, features, generator, audio_encoder;  // empty: there is none
  bool hubert = false;                             // what the generator hears, if its weights leave it open
  std::vector<std::string> kept, lost;             // in words, beyond frames and networks
};

// Looks at `path`: a folder of one of the layouts of docs/avatars.md, "Importing", or, with `boxes`, a video, a picture
// or a folder of numbered pictures. `want_faces`: false when faces will be looked for anew; boxes are not read then.
// Errors: kInvalidInput saying what was looked for, or what does not fit together; those of reading.
Result<ImportSource> FindImportSource(const Path& path, const std::optional<Path>& boxes, BoxOrder order,
                                      bool want_faces);

}  // namespace lips

// What an opened avatar knows. Only avatar*.cc include this.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "avatar/avatar.h"
#include "avatar/package_files.h"
#include "avatar/template_reader.h"

namespace lips {

struct Avatar::State {
  // Opens what `files.folder` holds.
  Status Fill();
  // Second half of Fill: which pictures the network is shown, of which size, and where they are black.
  Status ChooseInputs();

  AvatarOptions options;
  PackageFiles files;
  std::string name;
  VideoInfo video;          // frames: usable ones
  TemplateSources sources;  // of the template reader
  std::string rects_source;
  bool has_package_inputs = false;
  bool mask_measured = false;
  std::vector<std::string> warnings;  // what was found odd at open, for Info
};

}  // namespace lips

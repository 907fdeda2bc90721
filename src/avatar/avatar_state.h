// What an opened avatar knows. Only avatar*.cc include this.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "avatar/avatar.h"
#include "avatar/pack_facts.h"
#include "avatar/package_files.h"
#include "avatar/package_inputs.h"
#include "avatar/template_reader.h"

namespace lips {

struct Avatar::State {
  // Opens what `files.folder` holds, or the pack of that name.
  Status Fill();
  Status FillFromFolder();
  Status FillFromPack();
  void ChoosePlaces();
  // Second half of both: which pictures the network is shown, of which size, and where they are black.
  Status ChooseInputs(const PackageInputs& inputs);
  FaceGeometry FaceOfGenerator() const;
  Result<Rect> FindMask() const;
  Result<FilePart> Model(const std::optional<Path>& chosen, const char* section, const char* kind,
                         Result<Path> (*find)(const PackageFiles&)) const;

  AvatarOptions options;
  PackageFiles files;
  std::string name;
  VideoInfo video;  // frames: usable ones
  std::optional<KeyColour> key;
  bool resting = false;     // the mouth is at rest in every frame
  TemplateSources sources;  // of the template reader
  std::string rects_source;
  bool has_package_inputs = false;
  PackageInputs inputs;                  // what the folder or pack has, whatever was chosen
  std::shared_ptr<const PackFile> pack;  // null for a folder
  PackFacts facts;                       // of the pack
  bool mask_measured = false;
  std::vector<std::string> warnings;  // what was found odd at open, for Info
};

}  // namespace lips

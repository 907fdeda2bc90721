// Finds a package's networks: by the names in use, else by the shapes of their inputs and outputs.
#pragma once

#include <vector>

#include "avatar/manifest.h"
#include "avatar/package_files.h"
#include "base/file.h"
#include "base/result.h"

namespace lips {

// The mouth generator: the manifest's, checkpoint/model_best.onnx, models/generator.onnx, else the first .onnx of the
// package that binds as one. Errors: kIo listing every place looked at and what was found there (a .pth alone needs
// conversion).
Result<Path> FindGenerator(const PackageFiles& package);

// The audio encoder: models/audio_encoder.onnx and the like, else the first that binds as one. Errors: kIo as above.
Result<Path> FindAudioEncoder(const PackageFiles& package);

// What onnx_dist_config.json declares; empty when there is none. Errors: kIo, kCorrupted.
Result<std::vector<DeclaredFile>> ReadDeclaredModels(const PackageFiles& package);
// Where a declared file lies (the package itself, models/ or checkpoint/), or an empty path.
Path LocateDeclared(const PackageFiles& package, const DeclaredFile& declared);

// Every .onnx (or .pth) of the package: its own folder, models/, checkpoint/ and checkpoint/NAME/. Sorted; links to
// elsewhere are like files.
std::vector<Path> FilesWithExtension(const PackageFiles& package, std::string_view extension);

}  // namespace lips

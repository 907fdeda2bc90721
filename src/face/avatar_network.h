// A lip-sync network on its way into a package.
#pragma once

#include "base/file.h"
#include "base/file_part.h"
#include "base/result.h"
#include "model/graph.h"

namespace lips {

struct AvatarNetwork {
  FilePart file;
  Graph graph;
  bool converted = false;  // the file is a checkpoint
};

// An ONNX file, or a PyTorch checkpoint (.pth, .pt, .tar). `hubert`: as FamilyGraph. Errors: kIo and those of ReadOnnx;
// of a checkpoint those of ReadPth, FamilyGraph and CheckWeights, naming the file.
Result<AvatarNetwork> OpenAvatarNetwork(const FilePart& file, bool hubert);
Result<AvatarNetwork> OpenAvatarNetwork(const Path& file, bool hubert);

// As a file of its own, without data beside it.
Status WriteAvatarNetwork(const AvatarNetwork& network, const Path& to);

}  // namespace lips

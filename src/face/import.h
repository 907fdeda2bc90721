// From an avatar of another program to a package of ours.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "face/box_file.h"
#include "face/create.h"

namespace lips {

enum class ImportRects : uint8_t {
  kKeep,    // as they are
  kSmooth,  // as they are, without trembling (RectRule::kSmooth)
  kFind,    // faces are looked for anew
};

struct ImportRequest {
  Path source;
  std::optional<Path> boxes = {};  // of a video or of pictures that no layout says anything of
  BoxOrder box_order = BoxOrder::kUnknown;
  ImportRects rects = ImportRects::kKeep;
  // Where to, sound, networks, face models, progress. Its networks go before those that are found; `rule` is that of
  // kFind; `video`, `pictures` and `faces` are filled in.
  CreateRequest create;
};

struct ImportReport {
  std::string layout;                   // what was found, in words
  std::vector<std::string> kept, lost;  // in words
  CreateReport created;
};

// Errors: those of FindImportSource and CreateAvatar. A network of the source that cannot be read is no error: it is
// lost, with the reason.
Result<ImportReport> ImportAvatar(const ImportRequest& request);

}  // namespace lips

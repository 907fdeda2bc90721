// What killed processes leave behind.
#pragma once

#include "base/file.h"

namespace lips {

// Removes the temporary files of AtomicFiles (base/file.h) in `folder` whose process does not exist any more; gives how
// many. For folders that belong to one program at a time: processes of other machines are not known here. No errors:
// what cannot be removed stays.
int RemoveAbandonedFiles(const Path& folder);

}  // namespace lips

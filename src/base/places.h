// Where a program finds what belongs to it, and where it may keep what it found out.
#pragma once

#include <functional>
#include <initializer_list>

#include "base/file.h"

namespace lips {

// $XDG_CACHE_HOME/lipstream or ~/.cache/lipstream; empty where neither variable says. It need not exist.
Path CacheFolder();

// The first of `places` (relative: "assets/demo", "share/lipstream/demo") that `is_it`, in the folder of this program
// or in one above it: a source tree it was built in, or the prefix it was installed under. Empty when there is none.
Path FindBesideProgram(std::initializer_list<const char*> places, const std::function<bool(const Path&)>& is_it);

}  // namespace lips

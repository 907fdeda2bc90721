// Text as coverage: letters of an installed font, drawn by FreeType.
#pragma once

#include <string_view>

#include "base/file.h"
#include "base/result.h"
#include "image/plane.h"

namespace lips {

// A bold sans-serif font of this machine. Errors: kIo, saying what to install.
Result<Path> FindFont();

// One line of UTF-8, `size_px` from the top of the tallest letter to the bottom of the lowest (6..1000): 0 outside the
// letters, 255 inside. Letters stand one after another as the font spaces them; scripts whose letters join are not
// joined. Errors: kInvalidInput (no UTF-8, empty, over 200 characters, one that the font has no picture of); kIo and
// kCorrupted of the font.
Result<Plane> DrawText(std::string_view text, const Path& font, int size_px);

}  // namespace lips

#include "image/text.h"

#include <freetype/freetype.h>
#include <ft2build.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <type_traits>
#include <vector>

namespace lips {
namespace {

constexpr size_t kMaxCharacters = 200;

struct FreeTypeDeleter {
  void operator()(FT_Library library) const { FT_Done_FreeType(library); }
  void operator()(FT_Face face) const { FT_Done_Face(face); }
};
using LibraryPtr = std::unique_ptr<std::remove_pointer_t<FT_Library>, FreeTypeDeleter>;
using FacePtr = std::unique_ptr<std::remove_pointer_t<FT_Face>, FreeTypeDeleter>;

// Errors: kInvalidInput (a byte that belongs to no character, an overlong or impossible one, a control character).
Result<std::u32string> Characters(std::string_view text) {
  std::u32string characters;
  for (size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const size_t length = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
    if (length == 0 || i + length > text.size()) {
      return Error(ErrorCode::kInvalidInput, "the text is no UTF-8 at byte " + std::to_string(i));
    }
    char32_t character = length == 1 ? first : first & (0x7FU >> length);
    for (size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if (next >> 6 != 2) return Error(ErrorCode::kInvalidInput, "the text is no UTF-8 at byte " + std::to_string(i));
      character = character << 6 | (next & 0x3FU);
    }
    constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = character >= 0xD800 && character < 0xE000;
    if (character < kLeast[length] || character > 0x10FFFF || surrogate || character < 0x20 || character == 0x7F) {
      return Error(ErrorCode::kInvalidInput, "the text has no printable character at byte " + std::to_string(i));
    }
    characters += character;
    i += length;
  }
  if (characters.empty()) return Error(ErrorCode::kInvalidInput, "the text is empty");
  if (characters.size() <= kMaxCharacters) return characters;
  return Error(ErrorCode::kInvalidInput, "the text has " + std::to_string(characters.size()) + " characters; at most " +
                                             std::to_string(kMaxCharacters) + " are drawn");
}

// A glyph, drawn, and where it goes.
struct Glyph {
  Plane coverage;
  int left = 0;  // from the line's start
  int top = 0;   // above the baseline
};

Result<Glyph> DrawGlyph(FT_Face face, char32_t character, int pen) {
  const FT_UInt index = FT_Get_Char_Index(face, character);
  if (index == 0) {
    return Error(ErrorCode::kInvalidInput,
                 "the font has no character " + std::to_string(static_cast<uint32_t>(character)) + "; choose another");
  }
  if (FT_Load_Glyph(face, index, FT_LOAD_RENDER | FT_LOAD_NO_HINTING) != 0 ||
      (face->glyph->bitmap.rows > 0 && face->glyph->bitmap.pixel_mode != FT_PIXEL_MODE_GRAY)) {
    return Error(ErrorCode::kCorrupted,
                 "the font's character " + std::to_string(static_cast<uint32_t>(character)) + " cannot be drawn");
  }
  const FT_Bitmap& bitmap = face->glyph->bitmap;
  Glyph glyph{Plane(static_cast<int>(bitmap.width), static_cast<int>(bitmap.rows), 0), pen + face->glyph->bitmap_left,
              face->glyph->bitmap_top};
  for (int y = 0; y < glyph.coverage.height(); ++y) {
    const uint8_t* row = bitmap.buffer + ptrdiff_t{y} * bitmap.pitch;
    std::copy_n(row, bitmap.width, glyph.coverage.view().Row(y));
  }
  return glyph;
}

// One picture around all glyphs.
Plane Join(const std::vector<Glyph>& glyphs) {
  int left = INT32_MAX, right = INT32_MIN, top = INT32_MIN, bottom = INT32_MAX;
  for (const Glyph& glyph : glyphs) {
    if (glyph.coverage.empty()) continue;
    left = std::min(left, glyph.left);
    right = std::max(right, glyph.left + glyph.coverage.width());
    top = std::max(top, glyph.top);
    bottom = std::min(bottom, glyph.top - glyph.coverage.height());
  }
  if (left > right) return {};
  Plane line(right - left, top - bottom, 0);
  for (const Glyph& glyph : glyphs) {
    for (int y = 0; y < glyph.coverage.height(); ++y) {
      const uint8_t* in = glyph.coverage.view().Row(y);
      uint8_t* out = line.view().Row(top - glyph.top + y) + (glyph.left - left);
      for (int x = 0; x < glyph.coverage.width(); ++x) out[x] = std::max(out[x], in[x]);
    }
  }
  return line;
}

}  // namespace

Result<Path> FindFont() {
  for (const char* place :
       {"/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf", "/usr/share/fonts/dejavu/DejaVuSans-Bold.ttf",
        "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans-Bold.ttf", "/usr/share/fonts/TTF/DejaVuSans-Bold.ttf",
        "/usr/share/fonts/truetype/liberation/LiberationSans-Bold.ttf",
        "/usr/share/fonts/truetype/noto/NotoSans-Bold.ttf"}) {
    std::error_code ignored;
    if (std::filesystem::is_regular_file(place, ignored)) return Path(place);
  }
  return Error(ErrorCode::kIo,
               "no font was found: install DejaVu Sans Bold (Debian: fonts-dejavu-core), or name a font file");
}

Result<Plane> DrawText(std::string_view text, const Path& font, int size_px) {
  ASSIGN_OR_RETURN(const std::u32string characters, Characters(text));
  if (size_px < 6 || size_px > 1000) {
    return Error(ErrorCode::kInvalidInput, "text of " + std::to_string(size_px) + " px; expected 6 to 1000");
  }
  constexpr size_t kMaxFontBytes = size_t{64} << 20;
  ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, ReadFile(font, kMaxFontBytes));
  FT_Library raw_library = nullptr;
  if (FT_Init_FreeType(&raw_library) != 0) return Error(ErrorCode::kResourceLimit, "FreeType cannot start");
  const LibraryPtr library(raw_library);
  FT_Face raw_face = nullptr;
  if (FT_New_Memory_Face(library.get(), bytes.data(), static_cast<FT_Long>(bytes.size()), 0, &raw_face) != 0) {
    return Error(ErrorCode::kCorrupted, "'" + font.string() + "' is no font that FreeType reads");
  }
  const FacePtr face(raw_face);
  FT_Size_RequestRec size = {};
  size.type = FT_SIZE_REQUEST_TYPE_REAL_DIM;  // ascender to descender
  size.height = FT_Long{size_px} * 64;
  if (FT_Request_Size(face.get(), &size) != 0) {
    return Error(ErrorCode::kCorrupted, "'" + font.string() + "' has no letters of " + std::to_string(size_px) + " px");
  }
  std::vector<Glyph> glyphs;
  FT_Pos pen = 0;  // 1/64 px
  for (const char32_t character : characters) {
    auto glyph = DrawGlyph(face.get(), character, static_cast<int>((pen + 32) / 64));
    if (!glyph.ok()) return std::move(glyph).TakeError().Within("'" + font.string() + "'");
    glyphs.push_back(std::move(glyph).value());
    pen += face->glyph->advance.x;
  }
  Plane line = Join(glyphs);
  if (line.empty()) return Error(ErrorCode::kInvalidInput, "the text is nothing but space");
  return line;
}

}  // namespace lips

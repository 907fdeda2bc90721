#include "media/alpha.h"

extern "C" {
#include <libavutil/frame.h>
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <array>
#include <cstring>

namespace lips {
namespace {

constexpr int kPaletteColours = 256;

// The palette's alpha. Colours are ARGB in this machine's byte order.
std::array<uint8_t, kPaletteColours> PaletteAlpha(const AVFrame& picture) {
  std::array<uint32_t, kPaletteColours> colours = {};
  std::memcpy(colours.data(), picture.data[1], sizeof(colours));
  std::array<uint8_t, kPaletteColours> alpha = {};
  std::ranges::transform(colours, alpha.begin(), [](uint32_t argb) { return static_cast<uint8_t>(argb >> 24); });
  return alpha;
}

// Where a format keeps its alpha, or null.
const AVComponentDescriptor* AlphaOf(const AVPixFmtDescriptor& format) {
  if ((format.flags & AV_PIX_FMT_FLAG_ALPHA) == 0) return nullptr;
  return &format.comp[format.nb_components - 1];  // pixdesc.h: alpha is always the last component
}

void CopyRow(const uint8_t* in, const AVComponentDescriptor& alpha, bool big_endian, int width, uint8_t* out) {
  if (alpha.depth == 8 && alpha.step == 1) {
    std::memcpy(out, in, static_cast<size_t>(width));
    return;
  }
  if (alpha.depth <= 8) {
    for (int x = 0; x < width; ++x) out[x] = static_cast<uint8_t>(in[x * alpha.step] >> alpha.shift);
    return;
  }
  const uint32_t most = (1U << alpha.depth) - 1;
  for (int x = 0; x < width; ++x) {
    const uint8_t* at = in + ptrdiff_t{x} * alpha.step;
    const uint32_t both = big_endian ? uint32_t{at[0]} << 8 | at[1] : uint32_t{at[1]} << 8 | at[0];
    const uint32_t value = both >> alpha.shift & most;
    out[x] = static_cast<uint8_t>((value * 255 + most / 2) / most);
  }
}

}  // namespace

bool HasAlpha(const AVFrame& picture) {
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(picture.format));
  if (format == nullptr || AlphaOf(*format) == nullptr) return false;
  if (picture.format != AV_PIX_FMT_PAL8) return true;
  return picture.data[1] != nullptr && std::ranges::any_of(PaletteAlpha(picture), [](uint8_t a) { return a != 255; });
}

void CopyAlpha(const AVFrame& picture, PlaneView out) {
  const bool has_alpha = HasAlpha(picture);
  if (has_alpha && picture.format == AV_PIX_FMT_PAL8) {
    const auto alpha = PaletteAlpha(picture);
    for (int y = 0; y < out.height; ++y) {
      const uint8_t* in = picture.data[0] + ptrdiff_t{y} * picture.linesize[0];
      std::transform(in, in + out.width, out.Row(y), [&alpha](uint8_t index) { return alpha[index]; });
    }
    return;
  }
  if (!has_alpha) {
    for (int y = 0; y < out.height; ++y) std::memset(out.Row(y), 255, static_cast<size_t>(out.width));
    return;
  }
  const AVPixFmtDescriptor& format = *av_pix_fmt_desc_get(static_cast<AVPixelFormat>(picture.format));
  const AVComponentDescriptor& alpha = *AlphaOf(format);
  const bool big_endian = (format.flags & AV_PIX_FMT_FLAG_BE) != 0;
  for (int y = 0; y < out.height; ++y) {
    const uint8_t* in = picture.data[alpha.plane] + ptrdiff_t{y} * picture.linesize[alpha.plane] + alpha.offset;
    CopyRow(in, alpha, big_endian, out.width, out.Row(y));
  }
}

}  // namespace lips

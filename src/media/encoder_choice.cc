#include "media/encoder_choice.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
}

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace lips {
namespace {

struct Container {
  const char* extension;
  const char* format;
};
constexpr std::array<Container, 5> kContainers = {{
    {".mp4", "mp4"},
    {".m4v", "mp4"},
    {".mov", "mov"},
    {".mkv", "matroska"},
    {".webm", "webm"},
}};

struct Codec {
  const char* name;
  const char* encoder;
  AVCodecID id;
  int max_crf;
  bool needs_even_size;
  AVPixelFormat opaque;
  AVPixelFormat with_alpha;  // AV_PIX_FMT_NONE: it keeps none
};
constexpr AVPixelFormat k420 = AV_PIX_FMT_YUV420P;
constexpr AVPixelFormat k420Alpha = AV_PIX_FMT_YUVA420P;
constexpr std::array<Codec, 6> kCodecs = {{
    {"h264", "libx264", AV_CODEC_ID_H264, 51, true, k420, AV_PIX_FMT_NONE},
    {"hevc", "libx265", AV_CODEC_ID_HEVC, 51, true, k420, AV_PIX_FMT_NONE},
    {"vp9", "libvpx-vp9", AV_CODEC_ID_VP9, 63, false, k420, k420Alpha},
    {"prores", "prores_ks", AV_CODEC_ID_PRORES, 51, false, AV_PIX_FMT_YUV422P10, AV_PIX_FMT_YUVA444P10},  // fixed rates
    {"ffv1", "ffv1", AV_CODEC_ID_FFV1, 51, false, k420, k420Alpha},  // lossless: crf and preset change nothing
    {"mjpeg", "mjpeg", AV_CODEC_ID_MJPEG, 51, false, k420, AV_PIX_FMT_NONE},
}};

// x264's and x265's own names, fastest first.
constexpr std::array<const char*, 10> kPresets = {"ultrafast", "superfast", "veryfast", "faster",   "fast",
                                                  "medium",    "slow",      "slower",   "veryslow", "placebo"};

template <typename List, typename Name>
std::string Choices(const List& list, Name name) {
  std::string text;
  for (const auto& item : list) text += (text.empty() ? "" : ", ") + std::string(name(item));
  return text;
}

Error Unknown(std::string_view what, const std::string& found, const std::string& choices) {
  return Error(ErrorCode::kInvalidInput,
               "unknown " + std::string(what) + " '" + found + "'; expected one of: " + choices);
}

std::string LowerExtension(const Path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  return extension;
}

Result<const Codec*> FindCodec(const std::string& name) {
  for (const Codec& codec : kCodecs) {
    if (name == codec.name) return &codec;
  }
  return Unknown("video codec", name, Choices(kCodecs, [](const Codec& codec) { return codec.name; }));
}

// Errors: kInvalidInput, saying which codecs keep alpha and in which files.
Result<AVPixelFormat> PixelFormatOf(const Codec& codec, bool alpha) {
  if (!alpha) return codec.opaque;
  if (codec.with_alpha != AV_PIX_FMT_NONE) return codec.with_alpha;
  return Error(
      ErrorCode::kInvalidInput,
      std::string(codec.name) + " video has no alpha; expected prores (.mov, .mkv), vp9 (.webm, .mkv) or ffv1 (.mkv)");
}

Status CheckQuality(const Codec& codec, const VideoWriterOptions& options) {
  const auto preset = std::find(kPresets.begin(), kPresets.end(), options.preset);
  if (preset == kPresets.end()) {
    return Unknown("preset", options.preset, Choices(kPresets, [](const char* name) { return name; }));
  }
  if (options.crf >= 0 && options.crf <= codec.max_crf) return {};
  return Error(ErrorCode::kInvalidInput, "crf is " + std::to_string(options.crf) + "; expected 0.." +
                                             std::to_string(codec.max_crf) + " for " + codec.name);
}

// Our crf and preset in the encoder's own terms. Returns FFmpeg's code.
int SetQuality(AVCodecContext& codec, const VideoWriterOptions& options) {
  const auto preset = std::find(kPresets.begin(), kPresets.end(), options.preset) - kPresets.begin();
  const std::string crf = std::to_string(options.crf);
  const auto set = [&codec](const char* name, const std::string& value) {
    return av_opt_set(codec.priv_data, name, value.c_str(), 0);
  };
  int rc = 0;
  switch (codec.codec_id) {
    case AV_CODEC_ID_H264: {
      // Without it libx264 0.164 reads memory it never wrote on CPUs with AVX-512, and the same pictures become other
      // bytes now and then; with it they become the same bytes on every CPU.
      // The thread that looks ahead gives frames back to a list that the encoder takes them from, and neither locks it:
      // now and then a frame is lost, half a megabyte of a service that encodes for days. Without the thread the same
      // bytes come out for the same work.
      constexpr const char* kParameters = "cpu-independent=1:sync-lookahead=0";
      rc = std::min({set("preset", options.preset), set("crf", crf), set("x264-params", kParameters)});
      break;
    }
    case AV_CODEC_ID_HEVC: {
      std::string parameters = "log-level=none";  // it writes to standard error past FFmpeg
      if (options.threads > 0) parameters += ":pools=" + std::to_string(options.threads);
      rc = std::min({set("preset", options.preset), set("crf", crf), set("x265-params", parameters)});
      break;
    }
    case AV_CODEC_ID_VP9: {
      const bool fast = preset <= 3;  // its "realtime" tools reach where "good" ends
      const auto speed = std::max<int64_t>(8 - preset, 0);
      rc = std::min({set("crf", crf), set("deadline", fast ? "realtime" : "good"),
                     set("cpu-used", std::to_string(fast ? speed : std::min<int64_t>(speed, 5))), set("row-mt", "1")});
      if (codec.pix_fmt == k420Alpha) rc = std::min(rc, set("auto-alt-ref", "0"));  // hidden frames have no alpha
      codec.bit_rate = 0;
      break;
    }
    case AV_CODEC_ID_PRORES:
      rc = std::min({set("profile", codec.pix_fmt == AV_PIX_FMT_YUVA444P10 ? "4444" : "hq"), set("vendor", "apl0")});
      break;
    case AV_CODEC_ID_FFV1:
      codec.level = 3;  // slices with checksums: damage is noticed
      rc = set("slicecrc", "1");
      break;
    default: {  // mjpeg: quantisers 2..31
      codec.flags |= AV_CODEC_FLAG_QSCALE;
      codec.global_quality = FF_QP2LAMBDA * std::clamp(options.crf * 31 / 51, 2, 31);
      codec.strict_std_compliance = FF_COMPLIANCE_UNOFFICIAL;  // limited range, told by a comment in each picture
      break;
    }
  }
  return rc;
}

}  // namespace

void TagColour(AVCodecContext& codec, int width, int height, FrameRate fps, YuvFormat format) {
  const bool large = width >= 1280 || height > 576;
  const bool fifty_hertz = fps.num == int64_t{25} * fps.den || fps.num == int64_t{50} * fps.den;
  const bool is_709 = format.matrix == YuvMatrix::kBt709;
  codec.color_range = format.range == YuvRange::kFull ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
  codec.colorspace = is_709 ? AVCOL_SPC_BT709 : (fifty_hertz ? AVCOL_SPC_BT470BG : AVCOL_SPC_SMPTE170M);
  codec.color_primaries = is_709 || large ? AVCOL_PRI_BT709 : (fifty_hertz ? AVCOL_PRI_BT470BG : AVCOL_PRI_SMPTE170M);
  codec.color_trc = is_709 || large ? AVCOL_TRC_BT709 : AVCOL_TRC_SMPTE170M;
  codec.chroma_sample_location = AVCHROMA_LOC_LEFT;
}

std::string DefaultCodec(const Path& path, bool alpha) {
  const std::string extension = LowerExtension(path);
  if (extension == ".webm") return "vp9";
  if (alpha && extension == ".mov") return "prores";
  return alpha && extension == ".mkv" ? "vp9" : "h264";
}

bool HoldsAlpha(std::string_view codec) {
  return std::ranges::any_of(
      kCodecs, [codec](const Codec& one) { return one.name == codec && one.with_alpha != AV_PIX_FMT_NONE; });
}

Result<EncoderChoice> ChooseEncoder(const Path& path, const VideoWriterOptions& options) {
  SilenceFfmpeg();
  const std::string extension = LowerExtension(path);
  const auto container = std::find_if(kContainers.begin(), kContainers.end(),
                                      [&extension](const Container& c) { return extension == c.extension; });
  if (container == kContainers.end()) {
    return Unknown("video file extension", extension,
                   Choices(kContainers, [](const Container& c) { return c.extension; }));
  }
  ASSIGN_OR_RETURN(const Codec* codec, FindCodec(options.codec));
  RETURN_IF_ERROR(CheckQuality(*codec, options));
  ASSIGN_OR_RETURN(const AVPixelFormat pixel_format, PixelFormatOf(*codec, options.alpha));
  EncoderChoice choice;
  choice.container = av_guess_format(container->format, nullptr, nullptr);
  if (choice.container == nullptr) {
    return Error(ErrorCode::kUnsupported, "FFmpeg was built without its " + std::string(container->format) + " writer");
  }
  if (avcodec_find_encoder_by_name(codec->encoder) == nullptr) {
    return Error(ErrorCode::kUnsupported, "FFmpeg was built without the encoder " + std::string(codec->encoder) +
                                              ", which codec '" + options.codec + "' needs");
  }
  if (avformat_query_codec(choice.container, codec->id, FF_COMPLIANCE_NORMAL) != 1) {
    std::string possible;
    for (const Codec& other : kCodecs) {
      if (avformat_query_codec(choice.container, other.id, FF_COMPLIANCE_NORMAL) != 1) continue;
      possible += (possible.empty() ? "" : ", ") + std::string(other.name);
    }
    return Error(ErrorCode::kInvalidInput,
                 "a " + extension + " file cannot hold " + options.codec + " video; expected one of: " + possible);
  }
  const bool webm = std::string_view(container->format) == "webm";
  choice.is_mp4 = !webm && std::string_view(container->format) != "matroska";
  choice.audio_codec = webm ? AV_CODEC_ID_OPUS : AV_CODEC_ID_AAC;
  choice.encoder = codec->encoder;
  choice.needs_even_size = codec->needs_even_size;
  choice.pixel_format = pixel_format;
  choice.has_range = codec->id != AV_CODEC_ID_PRORES;
  return choice;
}

Result<CodecPtr> OpenVideoEncoder(const EncoderChoice& choice, const VideoWriterOptions& options, int width,
                                  int height) {
  const AVCodec* encoder = avcodec_find_encoder_by_name(choice.encoder);
  CodecPtr codec(avcodec_alloc_context3(encoder));
  if (codec == nullptr) return FfmpegError(AVERROR(ENOMEM), "cannot open the encoder");
  codec->width = width;
  codec->height = height;
  codec->pix_fmt = static_cast<AVPixelFormat>(choice.pixel_format);
  codec->time_base = {options.fps.den, options.fps.num};
  codec->framerate = {options.fps.num, options.fps.den};
  codec->sample_aspect_ratio = {1, 1};
  codec->thread_count = options.threads;
  codec->flags |= AV_CODEC_FLAG_BITEXACT;
  if ((choice.container->flags & AVFMT_GLOBALHEADER) != 0) codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  if (codec->codec_id == AV_CODEC_ID_HEVC) codec->codec_tag = MKTAG('h', 'v', 'c', '1');  // what Apple's players take
  YuvFormat format = options.format;
  if (!choice.has_range) format.range = YuvRange::kLimited;
  TagColour(*codec, options.width, options.height, options.fps, format);
  int rc = SetQuality(*codec, options);
  if (rc >= 0) rc = avcodec_open2(codec.get(), encoder, nullptr);
  if (rc >= 0) return codec;
  return Error(ErrorCode::kUnsupported, "encoder " + std::string(choice.encoder) + " refuses " + std::to_string(width) +
                                            "x" + std::to_string(height) + " at " + std::to_string(options.fps.num) +
                                            "/" + std::to_string(options.fps.den) + " fps: " + FfmpegReason(rc));
}

}  // namespace lips

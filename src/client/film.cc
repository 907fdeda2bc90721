#include "client/film.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <utility>

#include "image/colour.h"
#include "media/coded_video_writer.h"
#include "media/picture.h"
#include "media/video_reader.h"
#include "media/video_writer.h"

namespace lips {
namespace {

using Metadata = std::vector<std::pair<std::string, std::string>>;

Metadata MetadataOf(const FilmOptions& options) {
  return {{"comment", "synthetic: made by Lipstream, avatar " + options.avatar}};
}

class CodedFilm : public Film {
 public:
  static Result<std::unique_ptr<Film>> Make(const FilmOptions& options) {
    CodedVideoOptions coded;
    // What the container holds is even; the server pads likewise.
    coded.width = options.width + options.width % 2;
    coded.height = options.height + options.height % 2;
    coded.fps = options.fps;
    coded.audio = options.sound;
    coded.metadata = MetadataOf(options);
    ASSIGN_OR_RETURN(CodedVideoWriter writer, CodedVideoWriter::Create(options.path, coded));
    return std::unique_ptr<Film>(new CodedFilm(std::move(writer)));
  }
  Status Add(const MediaHeader& header, std::span<const uint8_t> payload, int64_t frame) override {
    return writer_.Write(payload, frame, (header.flags & kMediaKey) != 0);
  }
  Status Finish(int64_t frames) override { return writer_.Finish(frames); }

 private:
  explicit CodedFilm(CodedVideoWriter writer) : writer_(std::move(writer)) {}
  CodedVideoWriter writer_;
};

// Draws pictures and codes them anew. One that was left out shows its predecessor.
class DrawnFilm : public Film {
 public:
  Status Add(const MediaHeader& header, std::span<const uint8_t> payload, int64_t frame) override {
    RETURN_IF_ERROR(RepeatUntil(frame));
    RETURN_IF_ERROR(Draw(header, payload, picture_));
    if (picture_.width() != options_.width || picture_.height() != options_.height) {
      return Error(ErrorCode::kCorrupted, "the server sends pictures of " + std::to_string(picture_.width()) + "x" +
                                              std::to_string(picture_.height()) + ", expected " +
                                              std::to_string(options_.width) + "x" + std::to_string(options_.height));
    }
    return Write();
  }

  Status Finish(int64_t frames) override {
    RETURN_IF_ERROR(RepeatUntil(frames));
    if (!writer_) return Error(ErrorCode::kInvalidInput, "there is no picture to write");
    return writer_->Finish();
  }

 protected:
  explicit DrawnFilm(const FilmOptions& options) : options_(options) {}
  virtual Status Draw(const MediaHeader& header, std::span<const uint8_t> payload, YuvImage& out) = 0;

 private:
  Status RepeatUntil(int64_t frame) {
    while (writer_ && written_ < frame) RETURN_IF_ERROR(Write());
    return {};
  }
  Status Write() {
    if (!writer_) {
      VideoWriterOptions coded;
      coded.width = options_.width;
      coded.height = options_.height;
      coded.fps = options_.fps;
      coded.format = picture_.format();
      coded.audio = options_.sound;
      coded.metadata = MetadataOf(options_);
      ASSIGN_OR_RETURN(VideoWriter writer, VideoWriter::Create(options_.path, coded));
      writer_.emplace(std::move(writer));
    }
    ++written_;
    return writer_->Write(std::as_const(picture_).view());
  }

  const FilmOptions options_;
  std::optional<VideoWriter> writer_;
  YuvImage picture_;
  int64_t written_ = 0;
};

class JpegFilm : public DrawnFilm {
 public:
  explicit JpegFilm(const FilmOptions& options) : DrawnFilm(options) {}

 private:
  Status Draw(const MediaHeader& /*header*/, std::span<const uint8_t> payload, YuvImage& out) override {
    ASSIGN_OR_RETURN(out, ParseJpegAsYuv(payload));
    const YuvFormat limited = {out.format().matrix, YuvRange::kLimited};
    YuvImage video(out.width(), out.height(), limited);
    FullToLimited(std::as_const(out).view(), video.view());
    out = std::move(video);
    return {};
  }
};

// The template plays back and forth: the pictures from one key frame on are kept until another is wanted.
class PatchFilm : public DrawnFilm {
 public:
  static Result<std::unique_ptr<Film>> Make(const FilmOptions& options) {
    std::unique_ptr<PatchFilm> film(new PatchFilm(options));
    ASSIGN_OR_RETURN(VideoReader reader, VideoReader::OpenBytes(film->background_, "the avatar's template video", {}));
    film->reader_.emplace(std::move(reader));
    return std::unique_ptr<Film>(std::move(film));
  }

 private:
  explicit PatchFilm(const FilmOptions& options) : DrawnFilm(options), background_(options.background) {}

  Status Draw(const MediaHeader& header, std::span<const uint8_t> payload, YuvImage& out) override {
    ASSIGN_OR_RETURN(const YuvImage* frame, TemplateFrame(header.template_frame));
    out.Resize(frame->width(), frame->height(), frame->format());
    CopyPixels(frame->view(), out.view());
    if (header.w == 0) return {};  // no face in this frame
    ASSIGN_OR_RETURN(const Image patch, ParsePicture(payload));
    const Rect place = {header.x, header.y, header.w, header.h};
    const bool fits = patch.width() == place.width && patch.height() == place.height && place.x % 2 == 0 &&
                      place.y % 2 == 0 && place.right() <= out.width() && place.bottom() <= out.height();
    if (!fits) {
      return Error(ErrorCode::kCorrupted, "a patch of " + std::to_string(patch.width()) + "x" +
                                              std::to_string(patch.height()) + " does not fit its place in the frame");
    }
    const YuvView whole = out.view();
    const Rect chroma = {place.x / 2, place.y / 2, (place.width + 1) / 2, (place.height + 1) / 2};
    BgrToYuv(patch.view(), {whole.y.Crop(place), whole.u.Crop(chroma), whole.v.Crop(chroma), whole.format});
    return {};
  }

  Result<const YuvImage*> TemplateFrame(int64_t index) {
    if (const auto kept = kept_.find(index); kept != kept_.end()) return &kept->second;
    if (index >= reader_->info().frames) {
      return Error(ErrorCode::kCorrupted, "template frame " + std::to_string(index) + " of a template video of " +
                                              std::to_string(reader_->info().frames));
    }
    constexpr int64_t kMost = 32;
    const int64_t from = std::max(reader_->KeyframeAtOrBefore(index), index - kMost);
    const int64_t to = std::min(reader_->info().frames - 1, from + kMost);
    kept_.clear();
    RETURN_IF_ERROR(reader_->Seek(from));
    for (int64_t at = from; at <= to && (at <= index || reader_->KeyframeAtOrBefore(at) != at); ++at) {
      RETURN_IF_ERROR(reader_->Read(kept_[at]));
    }
    return &kept_.at(index);
  }

  const std::vector<uint8_t> background_;
  std::optional<VideoReader> reader_;
  std::map<int64_t, YuvImage> kept_;
};

class Mp4Film : public Film {
 public:
  static Result<std::unique_ptr<Film>> Make(const FilmOptions& options) {
    ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(options.path));
    std::ofstream out(file.temporary_path(), std::ios::binary | std::ios::trunc);
    return std::unique_ptr<Film>(new Mp4Film(std::move(file), std::move(out)));
  }

  // A player can do without no piece.
  Status Add(const MediaHeader& header, std::span<const uint8_t> payload, int64_t /*frame*/) override {
    const bool lost = next_seq_ && header.seq != *next_seq_;
    next_seq_ = header.seq + 1;
    if (lost) return Error(ErrorCode::kIo, "pieces of the video were lost, because they were not read in time");
    out_.write(reinterpret_cast<const char*>(payload.data()), static_cast<std::streamsize>(payload.size()));
    return Check();
  }
  Status Finish(int64_t /*frames*/) override {
    out_.close();
    RETURN_IF_ERROR(Check());
    return file_.Commit();
  }

 private:
  Mp4Film(AtomicFile file, std::ofstream out) : file_(std::move(file)), out_(std::move(out)) {}
  Status Check() const {
    if (out_) return {};
    return Error(ErrorCode::kIo, "cannot write '" + file_.target_path().string() + "'");
  }

  AtomicFile file_;
  std::ofstream out_;
  std::optional<uint32_t> next_seq_;
};

}  // namespace

Result<std::unique_ptr<Film>> MakeFilm(const std::string& mode, const FilmOptions& options) {
  if (mode == "h264") return CodedFilm::Make(options);
  if (mode == "jpeg") return std::unique_ptr<Film>(std::make_unique<JpegFilm>(options));
  if (mode == "patch") return PatchFilm::Make(options);
  if (mode == "fmp4") return Mp4Film::Make(options);
  return Error(ErrorCode::kInvalidInput, "mode '" + mode + "' is none of h264, jpeg, patch, fmp4");
}

}  // namespace lips

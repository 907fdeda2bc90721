#include "face/import_source.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <system_error>
#include <utility>

#include "avatar/full_frames.h"
#include "avatar/geometry.h"
#include "avatar/model_files.h"
#include "avatar/picture_track.h"
#include "avatar/template_rects.h"
#include "face/contact_sheet.h"
#include "media/picture.h"

namespace lips {
namespace {

namespace fs = std::filesystem;
constexpr std::array<std::string_view, 3> kPictures = {".png", ".jpg", ".jpeg"};
constexpr size_t kMaxLandmarkBytes = size_t{64} << 10;

bool IsFile(const Path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

bool IsFolder(const Path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool IsPictureName(const Path& path) {
  std::string extension = path.extension().string();
  std::ranges::transform(extension, extension.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::ranges::find(kPictures, extension) != kPictures.end();
}

// --- boxes of face detectors ----------------------------------------------------------------------------------------

// The family's square in a box that reaches from the forehead to the chin: as wide, and ending where the box ends.
Rect SquareOf(Rect box) { return {box.x, box.bottom() - box.width, box.width, box.width}; }

// How far the saved face is from what the frame shows in `box`, in levels; nothing when the box leaves the frame.
std::optional<double> FaceDistance(ConstImageView frame, ConstImageView face, const std::array<double, 4>& box,
                                   BoxOrder order) {
  const auto rect = RectOfBox(box, order);
  if (!rect.ok() || rect.value().x < 0 || rect.value().y < 0 || rect.value().right() > frame.width ||
      rect.value().bottom() > frame.height) {
    return std::nullopt;
  }
  Image shown(face.width, face.height);
  ShrinkPicture(frame.Crop(rect.value()), shown.view());
  const ConstImageView made = std::as_const(shown).view();
  double sum = 0;
  for (int y = 0; y < face.height; ++y) {
    for (int x = 0; x < 3 * face.width; ++x) sum += std::abs(int{made.Row(y)[x]} - int{face.Row(y)[x]});
  }
  return sum / (3.0 * face.width * face.height);
}

// The order by which the saved faces were cut from the frames; kUnknown when neither gives them.
Result<BoxOrder> OrderByFaces(const PictureFiles& frames, const NumberedFiles& faces, const BoxFile& boxes) {
  constexpr double kAlike = 16;  // levels, in the mean: resized by other rules, but the same picture
  const auto count = std::min(static_cast<int64_t>(boxes.boxes.size()), faces.count());
  for (int64_t k = 0; k < count; ++k) {
    const auto& box = boxes.boxes[static_cast<size_t>(k)];
    if (!box) continue;
    ASSIGN_OR_RETURN(const Image frame, ReadPicture(frames.pictures->At(k)));
    ASSIGN_OR_RETURN(const Image face, ReadPicture(faces.At(k)));
    const auto first = FaceDistance(frame.view(), face.view(), *box, BoxOrder::kX1Y1X2Y2);
    const auto second = FaceDistance(frame.view(), face.view(), *box, BoxOrder::kY1Y2X1X2);
    const double nearest = std::min(first.value_or(255), second.value_or(255));
    if (nearest > kAlike) return BoxOrder::kUnknown;
    return first && *first == nearest ? BoxOrder::kX1Y1X2Y2 : BoxOrder::kY1Y2X1X2;
  }
  return BoxOrder::kUnknown;
}

// MuseTalk's own tool stores its frames forwards and then backwards.
bool IsThereAndBack(const BoxFile& boxes) {
  const auto& all = boxes.boxes;
  const bool moves = std::ranges::any_of(all, [&](const auto& box) { return box != all.front(); });
  return moves && all.size() >= 4 && all.size() % 2 == 0 && std::equal(all.begin(), all.end(), all.rbegin());
}

Status TakeBoxes(ImportSource& source, const BoxFile& file, BoxOrder order) {
  ASSIGN_OR_RETURN(const PictureTrack track, PictureTrack::Open(source.pictures, 1));
  const auto frames = static_cast<size_t>(track.info().frames);
  if (file.boxes.size() != 1 && file.boxes.size() != frames) {
    return Error(ErrorCode::kInvalidInput, "there are " + std::to_string(file.boxes.size()) + " boxes and " +
                                               std::to_string(frames) + " frames; expected one box a frame, or one");
  }
  if (order == BoxOrder::kUnknown) {
    ASSIGN_OR_RETURN(order, GuessBoxOrder(file, track.info().width, track.info().height));
  }
  if (order == BoxOrder::kUnknown) {
    return Error(ErrorCode::kInvalidInput,
                 "the boxes may be x1,y1,x2,y2 as well as y1,y2,x1,x2; say which with --box-order");
  }
  for (size_t k = 0; k < frames; ++k) {
    const auto& box = file.boxes[file.boxes.size() == 1 ? 0 : k];
    if (!box) {
      source.faces.rects.emplace_back();
      continue;
    }
    auto rect = RectOfBox(*box, order);
    if (!rect.ok()) return std::move(rect).TakeError().Within("box " + std::to_string(k));
    source.faces.rects.emplace_back(source.family_rects ? rect.value() : SquareOf(rect.value()));
  }
  if (std::ranges::none_of(source.faces.rects, [](const auto& rect) { return rect.has_value(); })) {
    return Error(ErrorCode::kInvalidInput, "no frame has a box");
  }
  if (!source.family_rects) {
    source.lost.emplace_back(
        "boxes: they are a face detector's, so squares were made of them (as wide, ending where they end); networks of "
        "this family expect other rectangles: --rects find looks for faces anew");
  }
  return {};
}

// --- LiveTalking, MuseTalk ------------------------------------------------------------------------------------------

struct LiveFolder {
  std::optional<NumberedFiles> frames, faces;
  bool musetalk = false, ultralight = false;
};

Result<ImportSource> FromLiveFolder(const Path& path, BoxOrder order, bool want_faces) {
  LiveFolder folder;
  ASSIGN_OR_RETURN(folder.frames, FindNumberedFiles(path / "full_imgs", kPictures));
  if (!folder.frames) {
    return Error(ErrorCode::kInvalidInput, "'" + path.string() + "' has coords.pkl but no full_imgs/00000000.png");
  }
  ASSIGN_OR_RETURN(folder.faces, FindNumberedFiles(path / "face_imgs", kPictures));
  folder.musetalk = IsFile(path / "latents.pt") || IsFile(path / "mask_coords.pkl");
  if (IsFile(path / "ultralight.pth")) {
    folder.ultralight = true;
  } else if (folder.faces) {
    ASSIGN_OR_RETURN(const Image face, ReadPicture(folder.faces->At(0)));
    folder.ultralight = face.width() == 168 && face.height() == 168;
  }
  ImportSource source;
  source.layout = folder.musetalk     ? "MuseTalk avatar"
                  : folder.ultralight ? "Ultralight avatar of LiveTalking"
                                      : "Wav2Lip avatar of LiveTalking";
  source.family_rects = folder.ultralight;
  source.pictures.pictures = std::move(folder.frames);
  if (folder.ultralight && IsFile(path / "ultralight.pth")) {
    source.generator = path / "ultralight.pth";
    source.hubert = true;
  }
  if (want_faces) {
    const auto count = source.pictures.pictures->count();
    ASSIGN_OR_RETURN(BoxFile boxes, ReadBoxFile(path / "coords.pkl", count));
    if (order == BoxOrder::kUnknown && folder.faces) {
      ASSIGN_OR_RETURN(order, OrderByFaces(source.pictures, *folder.faces, boxes));
    }
    if (order == BoxOrder::kUnknown) {
      order = folder.musetalk || folder.ultralight ? BoxOrder::kX1Y1X2Y2 : BoxOrder::kY1Y2X1X2;
    }
    if (folder.musetalk && static_cast<int64_t>(boxes.boxes.size()) == count && IsThereAndBack(boxes)) {
      boxes.boxes.resize(boxes.boxes.size() / 2);
      source.pictures.pictures->names.resize(boxes.boxes.size());
      source.kept.emplace_back("the first half of the frames: the second one is the same backwards");
    }
    if (Status taken = TakeBoxes(source, boxes, order); !taken.ok()) {
      return std::move(taken).TakeError().Within("'" + (path / "coords.pkl").string() + "'");
    }
  }
  if (folder.faces) source.lost.emplace_back("face_imgs: the network's pictures are made from the frames again");
  if (IsFile(path / "latents.pt")) source.lost.emplace_back("latents.pt: latents of MuseTalk's own network");
  if (IsFolder(path / "mask") || IsFile(path / "mask_coords.pkl")) {
    source.lost.emplace_back("mask, mask_coords.pkl: mouths are joined to their frames by this family's mask");
  }
  if (!folder.ultralight) {
    source.lost.emplace_back(std::string(folder.musetalk ? "MuseTalk's" : "Wav2Lip's") +
                             " networks are of another family and cannot be converted");
  }
  source.lost.emplace_back("sound: there is none in such a folder; training needs the recording, --audio");
  return source;
}

// --- packages and training trees ------------------------------------------------------------------------------------

// The rectangle and points of every frame, from `.lms` files; a frame whose points make no rectangle has none.
Status TakeLandmarks(ImportSource& source, const NumberedFiles& files, bool rects_too) {
  for (int64_t k = 0; k < files.count(); ++k) {
    const std::string where = "landmarks/" + files.names[static_cast<size_t>(k)];
    auto text = ReadTextFile(files.At(k), kMaxLandmarkBytes);
    if (!text.ok()) return std::move(text).TakeError();
    auto points = ParseLandmarks(text.value());
    if (!points.ok()) return std::move(points).TakeError().Within(where);
    if (rects_too) {
      const auto rect = RectFromLandmarks(points.value());
      source.faces.rects.push_back(rect.ok() ? std::optional(rect.value()) : std::nullopt);
    }
    source.faces.points.push_back(std::move(points).value());
  }
  return {};
}

// The checkpoint to take: model_best, else the one with the highest number in its name, else the last one.
Path BestCheckpoint(const PackageFiles& package, ImportSource& source) {
  std::vector<Path> files = FilesWithExtension(package, ".pth");
  std::ranges::move(FilesWithExtension(package, ".tar"), std::back_inserter(files));
  std::erase_if(files, [](const Path& file) { return file.filename().string().find("syncnet") != std::string::npos; });
  if (files.empty()) return {};
  const auto rank = [](const Path& file) {
    const std::string stem = file.stem().string();
    if (stem.starts_with("model_best")) return int64_t{1} << 40;
    const size_t digits = stem.find_last_not_of("0123456789");
    const std::string number = stem.substr(digits == std::string::npos ? 0 : digits + 1);
    return number.empty() || number.size() > 9 ? int64_t{-1} : int64_t{std::stoi(number)};
  };
  std::ranges::stable_sort(files, {}, rank);
  if (files.size() > 1) {
    source.kept.emplace_back(files.back().lexically_relative(package.folder).string() + ", of " +
                             std::to_string(files.size()) + " checkpoints");
  }
  return files.back();
}

Result<ImportSource> FromPackage(const Path& path, bool want_faces) {
  ASSIGN_OR_RETURN(const PackageFiles package, FindPackageFiles(path));
  ImportSource source;
  source.layout = std::string(Name(package.layout));
  if (want_faces) {
    const bool by_landmarks = package.crop_rects.empty() && !package.face_bounds && package.landmarks;
    if (!by_landmarks) {
      ASSIGN_OR_RETURN(const TemplateRects rects, ReadTemplateRects(package));
      source.faces.rects.assign(rects.rects.begin(), rects.rects.end());
    }
    if (package.landmarks) RETURN_IF_ERROR(TakeLandmarks(source, *package.landmarks, by_landmarks));
    // As many of both; readers pair them from the first one on.
    if (source.faces.points.size() < source.faces.rects.size()) source.faces.points.clear();
    source.faces.points.resize(std::min(source.faces.points.size(), source.faces.rects.size()));
  }
  const bool wenet = package.features.filename().string().starts_with("aud_wenet");
  source.pictures = package.full.front();
  if (want_faces) {
    source.frames = static_cast<int64_t>(source.faces.rects.size());
    ASSIGN_OR_RETURN(const FullFrames full, ChooseFullFrames(package, *source.frames, 1));
    source.pictures = full.files;
    if (!full.disagreement.empty()) source.lost.push_back(full.disagreement);
    if (!full.files.is_video()) source.fps = full.info.fps;
  }
  if (!source.pictures.is_video() && wenet) {
    source.fps = FrameRate{20, 1};
    source.kept.emplace_back("20 frames per second, as trees with aud_wenet.npy are filmed at");
  }
  if (IsFile(path / "aud.wav")) source.audio = path / "aud.wav";
  const auto encoder = FindAudioEncoder(package);
  if (encoder.ok()) source.audio_encoder = encoder.value();
  const auto generator = FindGenerator(package);
  source.generator = generator.ok() ? generator.value() : BestCheckpoint(package, source);
  source.features = package.features;
  source.hubert = package.features.filename().string().starts_with("aud_hu");
  if (package.roi || package.masked || package.crop) {
    source.lost.emplace_back("the package's own crops, ROIs and masked pictures: they are made from the frames again");
  }
  return source;
}

// --- pictures with boxes --------------------------------------------------------------------------------------------

Result<PictureFiles> FindPictures(const Path& path) {
  PictureFiles found;
  if (IsFolder(path)) {
    ASSIGN_OR_RETURN(found.pictures, FindNumberedFiles(path, kPictures));
    if (!found.pictures) {
      ASSIGN_OR_RETURN(found.pictures, FindNumberedFiles(path / "full_imgs", kPictures));
    }
    if (found.pictures) return found;
    return Error(ErrorCode::kInvalidInput,
                 "'" + path.string() + "' has no numbered pictures (0.png or 00000001.jpg and so on)");
  }
  if (IsPictureName(path)) {
    found.pictures = NumberedFiles{path.parent_path(), 0, {path.filename().string()}};
  } else {
    found.video = path;
  }
  return found;
}

Result<ImportSource> FromBoxes(const Path& path, const Path& boxes, BoxOrder order, bool want_faces) {
  ImportSource source;
  ASSIGN_OR_RETURN(source.pictures, FindPictures(path));
  source.layout = source.pictures.is_video() ? "video with boxes" : "pictures with boxes";
  source.family_rects = false;
  if (source.pictures.is_video()) {
    source.audio = path;
  } else {
    source.lost.emplace_back("sound: pictures have none; training needs the recording, --audio");
  }
  source.lost.emplace_back("networks of another family (Wav2Lip and others) cannot be converted");
  if (!want_faces) return source;
  ASSIGN_OR_RETURN(const PictureTrack track, PictureTrack::Open(source.pictures, 1));
  ASSIGN_OR_RETURN(const BoxFile file, ReadBoxFile(boxes, track.info().frames));
  if (Status taken = TakeBoxes(source, file, order); !taken.ok()) {
    return std::move(taken).TakeError().Within("'" + boxes.string() + "'");
  }
  return source;
}

}  // namespace

Result<ImportSource> FindImportSource(const Path& path, const std::optional<Path>& boxes, BoxOrder order,
                                      bool want_faces) {
  std::error_code error;
  if (!fs::exists(path, error)) return Error(ErrorCode::kIo, "'" + path.string() + "' does not exist");
  if (boxes) return FromBoxes(path, *boxes, order, want_faces);
  if (!IsFolder(path)) {
    return Error(ErrorCode::kInvalidInput,
                 "'" + path.string() + "' is a file; give its face boxes with --boxes, or use lipstream avatar create");
  }
  if (IsFile(path / "coords.pkl")) return FromLiveFolder(path, order, want_faces);
  auto source = FromPackage(path, want_faces);
  if (source.ok() || source.error().code() != ErrorCode::kInvalidInput) return source;
  return Error(ErrorCode::kInvalidInput, std::move(source).TakeError().message() +
                                             "; nor is it a LiveTalking folder (full_imgs and coords.pkl); pictures "
                                             "alone need --boxes");
}

}  // namespace lips

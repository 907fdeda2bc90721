#include "live/live_avatar.h"

#include <algorithm>
#include <utility>

#include "audio/shaped_features.h"
#include "audio/window.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "base/stats.h"
#include "base/thread_pool.h"
#include "engine/template_level.h"
#include "live/calibration.h"
#include "live/live_label.h"
#include "talker/usual_rectangles.h"

namespace lips {
namespace {

int64_t DefaultFrameBytes() { return std::min(AvailableMemoryBytes() / 8, int64_t{1} << 30); }

TemplateLevel LevelOf(const Avatar& avatar, const LiveAvatarOptions& options, int64_t template_bytes) {
  if (options.template_level) return *options.template_level;
  const bool takes_packed = options.engine.session.backend != Backend::kCuda;
  const int packed = avatar.origin().template_level;
  if (takes_packed && packed != 0) return static_cast<TemplateLevel>(packed);
  if (const int network = avatar.origin().network_level; takes_packed && network != 0 && !options.template_bytes) {
    return static_cast<TemplateLevel>(network);
  }
  return ChooseTemplateLevel(avatar.face().roi_px(), options.engine.session, avatar.video().frames,
                             static_cast<size_t>(template_bytes));
}

// Names the content of the avatar's template video, label included.
std::string VersionOf(const AvatarFacts& facts) {
  constexpr size_t kDigits = 32;
  if (facts.label.empty()) return facts.etag.substr(0, kDigits);
  const Rect& area = facts.label_area;
  std::string content = facts.etag;
  for (const int edge : {area.x, area.y, area.width, area.height}) content += " " + std::to_string(edge);
  content += " " + facts.label;
  return Sha256Hex({reinterpret_cast<const uint8_t*>(content.data()), content.size()}).substr(0, kDigits);
}

}  // namespace

LiveAvatar::~LiveAvatar() {
  filler_.reset();
  cache_.reset();  // before the generator its templates belong to
}

Result<std::shared_ptr<LiveAvatar>> LiveAvatar::Open(const std::string& id, const Path& path,
                                                     const LiveAvatarOptions& options, CompositeMode composite) {
  const Stopwatch watch;
  std::shared_ptr<LiveAvatar> live(new LiveAvatar());
  live->composite_ = composite;
  live->facts_.id = id;
  RETURN_IF_ERROR(live->OpenParts(path, options));
  RETURN_IF_ERROR(live->MakeRestWindow());
  RETURN_IF_ERROR(live->Calibrate(options));
  ASSIGN_OR_RETURN(live->facts_.etag, live->avatar_->ContentHash());
  live->DescribeTo(live->facts_);
  if (options.fill && !live->packed_) {  // a pack has its templates ready
    ASSIGN_OR_RETURN(live->filling_reader_, live->avatar_->OpenTemplates());
    live->BeginFilling();
  }
  Log(LogLevel::kInfo, "avatar ready",
      {{"id", id}, {"engine", live->facts_.model}, {"fps", live->frames_per_second()}, {"ms", watch.ElapsedMs()}});
  return live;
}

Status LiveAvatar::OpenParts(const Path& path, const LiveAvatarOptions& options) {
  AvatarOptions as_composited = options.avatar;
  as_composited.rectangles = UsualRectangles(composite_, options.avatar.inputs);  // as a render has it
  ASSIGN_OR_RETURN(Avatar avatar, Avatar::Open(path, as_composited));
  avatar_ = std::make_shared<Avatar>(std::move(avatar));
  const int64_t template_bytes =
      options.template_bytes ? *options.template_bytes : UsualTemplateBytes(options.engine.session);
  NetworkRequest request;
  request.engine = options.engine;
  request.engine.template_level = LevelOf(*avatar_, options, template_bytes);
  request.engine.used = UsedPixels(composite_, avatar_->face().roi_px());
  request.other_model = options.avatar.model.has_value();
  ASSIGN_OR_RETURN(networks_, OpenNetworks(*avatar_, request));
  if (options.wrap) networks_.generator = options.wrap(std::move(networks_.generator));
  if (networks_.generator->size_px() != avatar_->face().roi_px()) {
    return Error(ErrorCode::kInvalidInput, "the engine works on " + std::to_string(networks_.generator->size_px()) +
                                               " px faces, but the avatar's pictures are " +
                                               std::to_string(avatar_->face().roi_px()) + " px");
  }
  ASSIGN_OR_RETURN(packed_, PackedTemplates::Open(*avatar_, *networks_.generator));
  cache_ = std::make_unique<TemplateCache>(static_cast<size_t>(template_bytes));
  std::optional<Label> label;
  if (options.label) {
    ASSIGN_OR_RETURN(label, LabelBesideFaces(*options.label, *avatar_));
    facts_.label = options.label->text;
    facts_.label_area = label->area();
  }
  const int64_t frame_bytes = options.frame_bytes.value_or(DefaultFrameBytes());
  ASSIGN_OR_RETURN(frames_, FrameStore::Open(*avatar_, frame_bytes, std::move(label)));
  return {};
}

Status LiveAvatar::MakeRestWindow() {
  if (encoder() == nullptr) return {};
  const auto encode = [this](std::span<const float> inputs, int64_t count, std::span<float> out) {
    return encoder()->Encode(inputs, count, out);
  };
  const Stopwatch watch;
  ASSIGN_OR_RETURN(const std::vector<float> row, SilentRow(encode, encoder()->row_floats()));
  row_ms_ = watch.ElapsedMs();
  for (int i = 0; i < kWindowRows; ++i) rest_window_.insert(rest_window_.end(), row.begin(), row.end());
  return {};
}

// How many frames a second this machine makes: network, pasting and a JPEG of the face, as sessions ask for them.
Status LiveAvatar::Calibrate(const LiveAvatarOptions& options) {
  const auto& rects = avatar_->rects();  // one of them at least is a face
  const int64_t index = std::ranges::find_if(rects, [](const Rect& rect) { return rect.width > 0; }) - rects.begin();
  ASSIGN_OR_RETURN(const TemplateCache::Handle face, TemplateOf(index));
  ASSIGN_OR_RETURN(const FrameStore::Handle frame, frames().Get(index, false));
  std::vector<float> window = rest_window_;
  window.resize(static_cast<size_t>(generator().audio_floats()));
  CalibrationRequest request;
  request.composite = composite_;
  request.threads = ThreadsOrCores(options.engine.session.threads);
  request.once = options.frames_per_second.has_value();
  ASSIGN_OR_RETURN(const double frame_ms, CalibrateFrameMs(generator(), *face, *frame, window, request));
  facts_.frames_per_second = options.frames_per_second.value_or(1000 / std::max(frame_ms + row_ms_, 1e-3));
  return {};
}

void LiveAvatar::DescribeTo(AvatarFacts& facts) const {
  const VideoInfo& video = avatar_->video();
  facts.name = avatar_->name();
  facts.width = video.width;
  facts.height = video.height;
  facts.fps = video.fps;
  facts.frames = video.frames;
  for (const Place& place : avatar_->places()) {
    const Rect area = FrameStore::AreaOf(place, video.width, video.height);
    facts.patch_max_w = std::max(facts.patch_max_w, area.width);
    facts.patch_max_h = std::max(facts.patch_max_h, area.height);
  }
  facts.background_version = VersionOf(facts);
  facts.model = networks_.generator->Describe();
  facts.ready = true;
}

Result<TemplateCache::Handle> LiveAvatar::TemplateOf(int64_t index) {
  if (auto kept = cache_->Get(index)) return kept;
  if (packed_) {
    ASSIGN_OR_RETURN(auto ready, packed_->Get(index));
    return cache_->Adopt(index, std::move(ready));
  }
  RETURN_IF_ERROR(frames().ReadFace(index, face_));
  return cache_->Prepare(generator(), index, face_.roi.view(), face_.masked.view());
}

const MediaMessage* LiveAvatar::FindRestPatch(int64_t index, const SessionSettings& settings, bool bare) const {
  const auto found = rest_patches_.find({index, settings.quality, settings.composite, bare});
  return found == rest_patches_.end() ? nullptr : &found->second;
}

void LiveAvatar::KeepRestPatch(int64_t index, const SessionSettings& settings, bool bare, const MediaMessage& patch) {
  constexpr size_t kMostBytes = size_t{64} << 20;
  if (rest_bytes_ + patch.bytes() > kMostBytes) return;
  if (rest_patches_.try_emplace({index, settings.quality, settings.composite, bare}, patch).second) {
    rest_bytes_ += patch.bytes();
  }
}

void LiveAvatar::BeginFilling() {
  std::vector<int64_t> order;
  for (int64_t index = 0; index < avatar_->video().frames; ++index) {
    if (avatar_->rects()[static_cast<size_t>(index)].width > 0) order.push_back(index);
  }
  filler_ = std::make_unique<TemplateFiller>(
      *cache_, generator(), std::move(order), [this](int64_t index) -> Result<TemplateFiller::Face> {
        RETURN_IF_ERROR(filling_reader_->Read(index, filling_face_));
        frames_->Offer(index, filling_face_);
        return TemplateFiller::Face{std::as_const(filling_face_.inputs.roi).view(),
                                    std::as_const(filling_face_.inputs.masked).view()};
      });
}

}  // namespace lips

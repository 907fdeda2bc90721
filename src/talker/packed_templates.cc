#include "talker/packed_templates.h"

#include <string>
#include <utility>

#include "avatar/pack_facts.h"
#include "base/log.h"

namespace lips {

Result<std::optional<PackedTemplates>> PackedTemplates::Open(const Avatar& avatar, Generator& generator) {
  const PackOrigin& origin = avatar.origin();
  if (avatar.pack() == nullptr || origin.template_format.empty()) return std::optional<PackedTemplates>();
  if (origin.template_format != generator.TemplateFormat()) {
    Log(LogLevel::kInfo, "the pack's templates are of another engine, precision, level or network",
        {{"packed", origin.template_format}, {"here", generator.TemplateFormat()}});
    return std::optional<PackedTemplates>();
  }
  const bool smooth = avatar.rectangles() == Rectangles::kSmooth;
  if (origin.template_package_inputs != avatar.uses_package_inputs() || origin.template_smooth_rects != smooth) {
    Log(LogLevel::kInfo, "the pack's templates are of other pictures",
        {{"packed", origin.template_package_inputs ? "package" : "derived"},
         {"rectangles", Name(origin.template_smooth_rects ? Rectangles::kSmooth : Rectangles::kPackage)}});
    return std::optional<PackedTemplates>();
  }
  ASSIGN_OR_RETURN(PackBlobs blobs, PackBlobs::Open(avatar.pack(), kTemplatesName));
  if (blobs.count() != avatar.video().frames) {
    return Error(ErrorCode::kCorrupted, "'" + avatar.path().string() + "' has templates of " +
                                            std::to_string(blobs.count()) + " frames; the avatar has " +
                                            std::to_string(avatar.video().frames));
  }
  return std::optional<PackedTemplates>(PackedTemplates(std::move(blobs), generator));
}

Result<std::unique_ptr<Generator::Template>> PackedTemplates::Get(int64_t index) const {
  ASSIGN_OR_RETURN(const OwnedBytes block, blobs_.Get(index));
  return generator_->Adopt(block.bytes, block.owner);
}

}  // namespace lips

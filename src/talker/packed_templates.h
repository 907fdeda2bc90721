// Templates that were prepared when the avatar was packed, for the generator at hand.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "avatar/avatar.h"
#include "avatar/pack_file.h"
#include "base/result.h"
#include "engine/generator.h"

namespace lips {

// Any number of threads as far as the generator's Adopt allows it.
class PackedTemplates {
 public:
  // Nothing when `avatar` has no templates, or those of other weights, another precision, level or engine, or of other
  // pictures than it is asked to show (a log line says which). Both outlive it. Errors: those of PackBlobs;
  // kCorrupted when there is not one for every frame.
  static Result<std::optional<PackedTemplates>> Open(const Avatar& avatar, Generator& generator);

  // The template of a frame, used where it lies in the mapped file. Errors: kCorrupted naming pack, section and frame.
  Result<std::unique_ptr<Generator::Template>> Get(int64_t index) const;

 private:
  PackedTemplates(PackBlobs blobs, Generator& generator) : blobs_(std::move(blobs)), generator_(&generator) {}

  PackBlobs blobs_;
  Generator* generator_;
};

}  // namespace lips

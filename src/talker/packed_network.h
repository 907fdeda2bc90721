// The network of an avatar pack, cut and packed for the CPU engine when the pack was made.
#pragma once

#include "avatar/avatar.h"
#include "avatar/pack_writer.h"
#include "base/result.h"
#include "engine/generator.h"

namespace lips {

// Gives `options` the parts that lie in the avatar's pack. Leaves them alone when the avatar is no pack, has no network
// packed, or `other_model` takes the place of its own. The avatar outlives the opening of the generator only.
void UsePackedNetwork(const Avatar& avatar, bool other_model, GeneratorOptions& options);

// Writes the sections. Errors: kIo.
Status AddPackedNetwork(const NetworkParts& parts, PackWriter& pack);

}  // namespace lips

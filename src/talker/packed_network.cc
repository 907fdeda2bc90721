#include "talker/packed_network.h"

#include <string>

#include "avatar/pack_file.h"

namespace lips {
namespace {

std::string SectionOf(std::string_view part) { return "engine/cpu/" + std::string(part); }

}  // namespace

void UsePackedNetwork(const Avatar& avatar, bool other_model, GeneratorOptions& options) {
  if (other_model || avatar.pack() == nullptr || avatar.origin().network_level == 0) return;
  options.stored = [pack = avatar.pack()](std::string_view part) { return pack->FindSection(SectionOf(part)); };
}

Status AddPackedNetwork(const NetworkParts& parts, PackWriter& pack) {
  for (const auto& [part, bytes] : parts) RETURN_IF_ERROR(pack.Add(SectionOf(part), bytes));
  return {};
}

}  // namespace lips

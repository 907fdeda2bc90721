#include "demo/viseme.h"

#include <algorithm>

namespace lips::demo {
namespace {

// open, wide, round, teeth, tuck, press. Source: what a mirror shows; American English as flite and CMU name it.
constexpr Viseme kVisemes[] = {
    {"pau", {0, 0, 0, 0, 0, 0}, 1.0F},
    {"sil", {0, 0, 0, 0, 0, 0}, 1.0F},
    {"aa", {.85F, .10F, 0, .10F, 0, 0}, 1.2F},
    {"ae", {.72F, .50F, 0, .35F, 0, 0}, 1.2F},
    {"ah", {.55F, .10F, 0, .15F, 0, 0}, 1.0F},
    {"ao", {.65F, 0, .55F, 0, 0, 0}, 1.3F},
    {"aw", {.70F, 0, .45F, .10F, 0, 0}, 1.2F},
    {"ax", {.34F, .10F, 0, .15F, 0, 0}, 0.7F},
    {"axr", {.30F, 0, .30F, .15F, 0, 0}, 0.9F},
    {"ay", {.74F, .32F, 0, .25F, 0, 0}, 1.2F},
    {"b", {0, 0, .08F, 0, 0, 1}, 3.2F},
    {"p", {0, 0, .08F, 0, 0, 1}, 3.2F},
    {"m", {0, 0, .06F, 0, 0, 1}, 3.2F},
    {"em", {0, 0, .06F, 0, 0, 1}, 3.2F},
    {"f", {.10F, .10F, 0, .65F, 1, 0}, 3.0F},
    {"v", {.10F, .10F, 0, .60F, 1, 0}, 2.8F},
    {"ch", {.18F, 0, .60F, .80F, 0, 0}, 2.2F},
    {"jh", {.18F, 0, .58F, .75F, 0, 0}, 2.2F},
    {"sh", {.18F, 0, .65F, .80F, 0, 0}, 2.4F},
    {"zh", {.18F, 0, .62F, .75F, 0, 0}, 2.4F},
    {"s", {.10F, .45F, 0, 1, 0, 0}, 2.0F},
    {"z", {.10F, .45F, 0, .95F, 0, 0}, 2.0F},
    {"t", {.18F, .28F, 0, .70F, 0, 0}, 1.0F},
    {"d", {.20F, .28F, 0, .60F, 0, 0}, 1.0F},
    {"dx", {.24F, .22F, 0, .40F, 0, 0}, 0.7F},
    {"n", {.22F, .22F, 0, .45F, 0, 0}, 0.8F},
    {"en", {.22F, .22F, 0, .45F, 0, 0}, 0.9F},
    {"nx", {.22F, .22F, 0, .45F, 0, 0}, 0.8F},
    {"l", {.36F, .18F, 0, .30F, 0, 0}, 0.9F},
    {"el", {.36F, .12F, .1F, .25F, 0, 0}, 0.9F},
    {"r", {.24F, 0, .50F, .30F, 0, 0}, 1.3F},
    {"er", {.30F, 0, .45F, .25F, 0, 0}, 1.2F},
    {"th", {.24F, .18F, 0, .60F, .12F, 0}, 1.6F},
    {"dh", {.24F, .18F, 0, .50F, .12F, 0}, 1.2F},
    {"k", {.30F, .15F, 0, .25F, 0, 0}, 0.6F},
    {"g", {.30F, .15F, 0, .25F, 0, 0}, 0.6F},
    {"ng", {.30F, .20F, 0, .30F, 0, 0}, 0.7F},
    {"hh", {.34F, .10F, 0, .15F, 0, 0}, 0.4F},
    {"y", {.20F, .65F, 0, .50F, 0, 0}, 1.2F},
    {"iy", {.22F, .95F, 0, .60F, 0, 0}, 1.5F},
    {"ih", {.32F, .58F, 0, .42F, 0, 0}, 1.0F},
    {"ix", {.28F, .48F, 0, .38F, 0, 0}, 0.7F},
    {"eh", {.50F, .52F, 0, .35F, 0, 0}, 1.1F},
    {"ey", {.42F, .75F, 0, .45F, 0, 0}, 1.3F},
    {"ow", {.45F, 0, .80F, 0, 0, 0}, 1.6F},
    {"oy", {.50F, 0, .70F, .10F, 0, 0}, 1.5F},
    {"uh", {.30F, 0, .60F, .05F, 0, 0}, 1.3F},
    {"uw", {.20F, 0, 1, 0, 0, 0}, 2.0F},
    {"w", {.10F, 0, 1, 0, 0, 0}, 2.4F},
    {"wh", {.10F, 0, 1, 0, 0, 0}, 2.4F},
};

}  // namespace

const Viseme* FindViseme(std::string_view phone) {
  const auto* found = std::ranges::find(kVisemes, phone, &Viseme::phone);
  return found == std::end(kVisemes) ? nullptr : found;
}

std::string KnownPhones() {
  std::string list;
  for (const Viseme& viseme : kVisemes) list += " " + std::string(viseme.phone);
  return list;
}

}  // namespace lips::demo

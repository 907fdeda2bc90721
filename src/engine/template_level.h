// How much of each template to keep, so that a budget saves the most time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/generator.h"

namespace lips {

// The level at which `budget_bytes` saves most when `templates` faces of `face_px` come again and again: the time a
// kept template saves, times the share of templates that fit. So it is the highest level at which all fit, or a lower
// one where keeping more faces is worth more than keeping more of each. A guess by the size of the usual network; the
// cache counts the bytes that templates really have.
TemplateLevel ChooseTemplateLevel(int face_px, const SessionOptions& session, int64_t templates, size_t budget_bytes);

// The budget unless one is given: a quarter of the memory that is free where templates lie. That is this computer's, of
// which 4 GiB are the most, or the device's of Backend::kCuda, which is good for nothing else here (but no more than a
// quarter of this computer's, should the network come to run there after all).
int64_t UsualTemplateBytes(const SessionOptions& session);

}  // namespace lips

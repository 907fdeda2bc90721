// Drawing on several threads: the rows of one frame, or many frames at once.
#pragma once

#include "base/thread_pool.h"
#include "demo/person.h"
#include "image/image.h"

namespace lips::demo {

// Person::Draw of the whole frame; the same bytes for any number of threads. `out` is made that size.
void DrawFrame(const Person& person, const Pose& pose, const Mouth& mouth, ThreadPool& threads, Image& out);

}  // namespace lips::demo

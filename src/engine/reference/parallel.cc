#include "engine/reference/parallel.h"

#include <algorithm>
#include <system_error>
#include <thread>
#include <vector>

namespace lips {

void ParallelFor(int threads, int64_t count, const std::function<void(int64_t begin, int64_t end)>& body) {
  const int64_t parts = std::clamp<int64_t>(threads, 1, std::max<int64_t>(count, 1));
  std::vector<std::jthread> others;
  int64_t begin = 0;
  for (int64_t part = 1; part < parts; ++part) {
    const int64_t end = count / parts * part;
    try {
      others.emplace_back([&body, begin, end] { body(begin, end); });
    } catch (const std::system_error&) {
      break;  // no more threads to be had: this one does the rest
    }
    begin = end;
  }
  body(begin, count);
}

}  // namespace lips

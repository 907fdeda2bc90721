#include "avatar/template_order.h"

namespace lips {
namespace {

// Never negative, unlike %.
int64_t Modulo(int64_t value, int64_t period) {
  const int64_t rest = value % period;
  return rest < 0 ? rest + period : rest;
}

}  // namespace

int64_t TemplateFrame(int64_t n, int64_t length, int64_t start, Loop loop) {
  if (length <= 1) return 0;
  const int64_t period = loop == Loop::kForward ? length : 2 * (length - 1);
  // Both terms are reduced first, so that no n or start can overflow the sum.
  const int64_t phase = (Modulo(n, period) + Modulo(start, period)) % period;
  return phase < length ? phase : period - phase;
}

}  // namespace lips

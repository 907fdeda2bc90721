#include "engine/session_input.h"

#include <algorithm>
#include <string>

#include "base/thread_pool.h"

namespace lips {
namespace {

bool Fits(const Value& declared, const Dims& given) {
  if (!declared.has_shape) return true;
  return std::ranges::equal(declared.dims, given,
                            [](int64_t want, int64_t got) { return got >= 0 && (want < 0 || want == got); });
}

}  // namespace

Status CheckSessionInputs(std::span<const Value> declared, std::span<const TensorView> given) {
  if (declared.size() != given.size()) {
    return Error(ErrorCode::kInvalidInput, "the network takes " + std::to_string(declared.size()) + " inputs, not " +
                                               std::to_string(given.size()));
  }
  for (size_t i = 0; i < declared.size(); ++i) {
    if (declared[i].dtype == given[i].dtype && Fits(declared[i], given[i].dims)) continue;
    const std::string shape = declared[i].has_shape ? ToString(declared[i].dims) : "of any shape";
    return Error(ErrorCode::kInvalidInput, "input '" + declared[i].name + "' is " + std::string(Name(given[i].dtype)) +
                                               " " + ToString(given[i].dims) + ", expected " +
                                               std::string(Name(declared[i].dtype)) + " " + shape);
  }
  return {};
}

Status CheckSessionOutputs(size_t declared, size_t given) {
  if (declared == given) return {};
  return Error(ErrorCode::kInvalidInput,
               "the network gives " + std::to_string(declared) + " outputs, not " + std::to_string(given));
}

Status CheckPrecision(const SessionOptions& options) {
  if (Offers(options.backend, options.precision)) return {};
  return Error(ErrorCode::kUnsupported, "engine " + std::string(Name(options.backend)) + " does not compute in " +
                                            std::string(Name(options.precision)) + "; use --engine " +
                                            std::string(WhoOffers(options.precision)));
}

int ThreadCount(const SessionOptions& options) { return std::min(ThreadsOrCores(options.threads), 256); }

}  // namespace lips

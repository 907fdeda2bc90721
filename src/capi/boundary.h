// The border between our C++ and the C header: nothing is thrown across it, and every failure leaves its sentence.
#pragma once

#include <exception>
#include <mutex>
#include <new>
#include <string>
#include <string_view>

#include "base/result.h"
#include "capi/lipstream.h"

namespace lips::capi {

// A handle's last error. Thread-safe.
class ErrorText {
 public:
  void Set(std::string_view text);
  // As lips_avatar_error says.
  size_t CopyTo(char* text, size_t size) const;

 private:
  mutable std::mutex mutex_;
  std::string text_;  // guarded by mutex_
};

int StatusOf(ErrorCode code);

// Remembers why, for the thread and, when it is not null, the handle. Never throws; without memory for the sentence a
// shorter one takes its place.
int Fail(int status, std::string_view why, ErrorText* handle) noexcept;

// Runs `body`, which gives a Status, and makes a C status of whatever comes of it.
template <typename Body>
int Guard(ErrorText* handle, Body&& body) noexcept {
  try {
    const Status status = body();
    return status.ok() ? LIPS_OK : Fail(StatusOf(status.error().code()), status.error().message(), handle);
  } catch (const std::bad_alloc&) {
    return Fail(LIPS_RESOURCE_LIMIT, "out of memory", handle);
  } catch (const std::exception& problem) {
    return Fail(LIPS_INTERNAL, problem.what(), handle);
  } catch (...) {
    return Fail(LIPS_INTERNAL, "an exception of unknown kind", handle);
  }
}

// kInvalidInput naming the argument when it is NULL.
Status NotNull(const void* argument, const char* name);

// The caller's text, or `otherwise` when it is NULL or empty.
std::string TextOr(const char* text, const char* otherwise);

}  // namespace lips::capi

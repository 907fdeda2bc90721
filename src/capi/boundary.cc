#include "capi/boundary.h"

#include <algorithm>
#include <cstring>

#include "base/log.h"
#include "base/version.h"

namespace lips::capi {
namespace {

struct LastError {
  std::string text;
  const char* shorter = "";  // when there was no memory for the text
};

LastError& OfThread() {
  thread_local LastError last;
  return last;
}

}  // namespace

void ErrorText::Set(std::string_view text) {
  const std::scoped_lock lock(mutex_);
  text_ = text;
}

size_t ErrorText::CopyTo(char* text, size_t size) const {
  const std::scoped_lock lock(mutex_);
  if (text != nullptr && size > 0) {
    const size_t kept = std::min(size - 1, text_.size());
    std::memcpy(text, text_.data(), kept);
    text[kept] = '\0';
  }
  return text_.size();
}

int StatusOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidInput: return LIPS_INVALID_INPUT;
    case ErrorCode::kUnsupported: return LIPS_UNSUPPORTED;
    case ErrorCode::kCorrupted: return LIPS_CORRUPTED;
    case ErrorCode::kIo: return LIPS_IO;
    case ErrorCode::kResourceLimit: return LIPS_RESOURCE_LIMIT;
    case ErrorCode::kEndOfStream: return LIPS_END_OF_STREAM;
    case ErrorCode::kNeedMoreInput: return LIPS_NEED_MORE_INPUT;
    case ErrorCode::kCancelled: return LIPS_CANCELLED;
  }
  return LIPS_INTERNAL;
}

int Fail(int status, std::string_view why, ErrorText* handle) noexcept {
  LastError& last = OfThread();
  try {
    last.shorter = "";
    last.text = why;
    if (handle != nullptr) handle->Set(why);
  } catch (...) {
    last.text.clear();
    last.shorter = "out of memory";
  }
  return status;
}

Status NotNull(const void* argument, const char* name) {
  if (argument != nullptr) return {};
  return Error(ErrorCode::kInvalidInput, std::string("argument '") + name + "' is NULL");
}

std::string TextOr(const char* text, const char* otherwise) {
  return text != nullptr && *text != '\0' ? text : otherwise;
}

}  // namespace lips::capi

const char* lips_version(void) {
  return lips::Version().data();  // a literal, so it ends with a zero byte
}

int lips_abi(void) { return LIPS_ABI; }

const char* lips_status_name(int status) {
  switch (status) {
    case LIPS_OK: return "ok";
    case LIPS_INVALID_INPUT: return "invalid input";
    case LIPS_UNSUPPORTED: return "unsupported";
    case LIPS_CORRUPTED: return "corrupted";
    case LIPS_IO: return "input or output failed";
    case LIPS_RESOURCE_LIMIT: return "resource limit";
    case LIPS_END_OF_STREAM: return "end of stream";
    case LIPS_NEED_MORE_INPUT: return "need more input";
    case LIPS_CANCELLED: return "cancelled";
    case LIPS_INTERNAL: return "internal fault";
    default: return "unknown status";
  }
}

const char* lips_last_error(void) {
  const lips::capi::LastError& last = lips::capi::OfThread();
  return *last.shorter != '\0' ? last.shorter : last.text.c_str();
}

void lips_set_log_level(lips_log_level level) {
  switch (level) {
    case LIPS_LOG_DEBUG: return lips::SetLogLevel(lips::LogLevel::kDebug);
    case LIPS_LOG_INFO: return lips::SetLogLevel(lips::LogLevel::kInfo);
    case LIPS_LOG_WARNING: return lips::SetLogLevel(lips::LogLevel::kWarning);
    case LIPS_LOG_ERROR: return lips::SetLogLevel(lips::LogLevel::kError);
    case LIPS_LOG_OFF: return lips::SetLogLevel(lips::LogLevel::kOff);
  }
}

// For tests: which sanitizer this is compiled under. The simulator's fibers mean something to each of them.
#pragma once

namespace lips::cuda {

#if defined(__has_feature)
#define LIPS_HAS_FEATURE(x) __has_feature(x)
#else
#define LIPS_HAS_FEATURE(x) 0
#endif

#if LIPS_HAS_FEATURE(address_sanitizer) || defined(__SANITIZE_ADDRESS__)
#define LIPS_ADDRESS_SANITIZER 1
inline constexpr bool kAddressSanitizer = true;
#else
inline constexpr bool kAddressSanitizer = false;
#endif

#if LIPS_HAS_FEATURE(thread_sanitizer) || defined(__SANITIZE_THREAD__)
inline constexpr bool kThreadSanitizer = true;
#else
inline constexpr bool kThreadSanitizer = false;
#endif

}  // namespace lips::cuda

// A stand-in for NVIDIA's driver, for tests: its device's memory is this computer's, at addresses of their own, so that
// whoever mistakes one for the other is caught. FAKE_NVIDIA says what is wrong with it ("error", "no-device", "full"),
// or nothing.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

bool Is(std::string_view fault) {
  const char* said = std::getenv("FAKE_NVIDIA");
  return said != nullptr && fault == said;
}

constexpr std::uint64_t kOffset = std::uint64_t{1} << 56;  // no address of a program has this bit

void* Host(std::uint64_t address) { return reinterpret_cast<void*>(address & ~kOffset); }

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

int cuInit(unsigned /*flags*/) { return Is("error") ? 803 : 0; }

int cuDriverGetVersion(int* version) {
  *version = 13010;
  return 0;
}

int cuDeviceGetCount(int* count) {
  *count = Is("no-device") ? 0 : 2;
  return 0;
}

int cuDeviceGet(int* device, int ordinal) {
  *device = ordinal;
  return 0;
}

int cuDeviceGetName(char* name, int size, int /*device*/) {
  std::snprintf(name, static_cast<std::size_t>(size), "%s", "Fake RTX");
  return 0;
}

int cuDeviceTotalMem_v2(std::size_t* bytes, int /*device*/) {
  *bytes = std::size_t{24} << 30;
  return 0;
}

int cuDeviceGetAttribute(int* value, int attribute, int /*device*/) {
  *value = attribute == 75 ? 8 : 9;
  return 0;
}

int cuGetErrorString(int /*error*/, const char** text) {
  *text = "system has unsupported display driver / cuda driver combination";
  return 0;
}

int cuDevicePrimaryCtxRetain(void** context, int /*device*/) {
  static int primary = 0;
  *context = &primary;
  return 0;
}

int cuCtxSetCurrent(void* context) { return context != nullptr ? 0 : 201; }

int cuStreamCreate(void** stream, unsigned /*flags*/) {
  *stream = std::malloc(1);
  return 0;
}

int cuStreamSynchronize(void* stream) { return stream != nullptr ? 0 : 400; }

int cuStreamDestroy_v2(void* stream) {
  std::free(stream);
  return 0;
}

int cuMemAlloc_v2(std::uint64_t* address, std::size_t bytes) {
  if (Is("full")) return 2;
  *address = reinterpret_cast<std::uint64_t>(std::malloc(bytes)) | kOffset;
  return 0;
}

int cuMemFree_v2(std::uint64_t address) {
  std::free(Host(address));
  return 0;
}

int cuMemAllocHost_v2(void** memory, std::size_t bytes) {
  *memory = std::malloc(bytes);
  return 0;
}

int cuMemFreeHost(void* memory) {
  std::free(memory);
  return 0;
}

int cuMemcpyHtoDAsync_v2(std::uint64_t to, const void* from, std::size_t bytes, void* /*stream*/) {
  std::memcpy(Host(to), from, bytes);
  return 0;
}

int cuMemcpyDtoDAsync_v2(std::uint64_t to, std::uint64_t from, std::size_t bytes, void* /*stream*/) {
  std::memcpy(Host(to), Host(from), bytes);
  return 0;
}

int cuMemcpyDtoHAsync_v2(void* to, std::uint64_t from, std::size_t bytes, void* /*stream*/) {
  std::memcpy(to, Host(from), bytes);
  return 0;
}

}  // extern "C"
#pragma GCC visibility pop

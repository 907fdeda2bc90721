#include "engine/ort/nvidia_device.h"

#include <array>

#include "engine/ort/nvidia_calls.h"

namespace lips {

Result<NvidiaDevice> FindNvidiaDevice(const std::string& library) {
  constexpr int kComputeMajor = 75;  // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
  constexpr int kComputeMinor = 76;
  ASSIGN_OR_RETURN(const NvidiaCalls calls, LoadNvidiaCalls(library));
  const auto check = [&](int error, const char* call) { return CheckNvidia(calls, error, call); };
  NvidiaDevice found;
  int device = 0;
  std::array<char, 256> name = {};
  RETURN_IF_ERROR(check(calls.DeviceGet(&device, 0), "cuDeviceGet"));
  RETURN_IF_ERROR(
      check(calls.DeviceGetName(name.data(), static_cast<int>(name.size()) - 1, device), "cuDeviceGetName"));
  found.name = name.data();
  RETURN_IF_ERROR(check(calls.DeviceTotalMem(&found.memory_bytes, device), "cuDeviceTotalMem"));
  for (const auto& [attribute, value] :
       {std::pair{kComputeMajor, &found.compute_major}, std::pair{kComputeMinor, &found.compute_minor}}) {
    RETURN_IF_ERROR(check(calls.DeviceGetAttribute(value, attribute, device), "cuDeviceGetAttribute"));
  }
  RETURN_IF_ERROR(check(calls.DriverGetVersion(&found.cuda_version), "cuDriverGetVersion"));
  return found;
}

std::string Describe(const NvidiaDevice& device) {
  return device.name + ", " + std::to_string(device.memory_bytes >> 30) + " GiB, compute capability " +
         std::to_string(device.compute_major) + "." + std::to_string(device.compute_minor) + ", CUDA " +
         std::to_string(device.cuda_version / 1000) + "." + std::to_string(device.cuda_version % 1000 / 10);
}

}  // namespace lips

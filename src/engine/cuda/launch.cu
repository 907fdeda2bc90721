#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include "engine/cuda/launch.h"

namespace lips::cuda {
namespace {

// What kernels see of a device (gpu.h).
struct Thread {
  LIPS_KERNEL int thread() const { return static_cast<int>(threadIdx.x); }
  LIPS_KERNEL int block_x() const { return static_cast<int>(blockIdx.x); }
  LIPS_KERNEL int block_y() const { return static_cast<int>(blockIdx.y); }
  LIPS_KERNEL uint8_t* shared() const {
    extern __shared__ uint4 memory[];
    return reinterpret_cast<uint8_t*>(memory);
  }
  LIPS_KERNEL void Sync() const { __syncthreads(); }
  LIPS_KERNEL void WaitForEarlier() const {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;");
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
  }
  LIPS_KERNEL void CopyAsync(void* to, const void* from, bool valid) const {
    const auto address = static_cast<uint32_t>(__cvta_generic_to_shared(to));
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(address), "l"(from), "r"(valid ? 16 : 0)
                 : "memory");
  }
  LIPS_KERNEL void Commit() const { asm volatile("cp.async.commit_group;" ::: "memory"); }
  template <int kNewer>
  LIPS_KERNEL void Wait() const {
    asm volatile("cp.async.wait_group %0;" ::"n"(kNewer) : "memory");
  }
  LIPS_KERNEL void LoadMatrices(uint32_t (&out)[4], const Half* row) const {
    const auto address = static_cast<uint32_t>(__cvta_generic_to_shared(row));
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(out[0]), "=r"(out[1]), "=r"(out[2]), "=r"(out[3])
                 : "r"(address)
                 : "memory");
  }
  LIPS_KERNEL void Multiply(float (&sum)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) const {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  }
};

// Blocks that a multiprocessor shall have room for: registers are shared out accordingly.
template <typename Kernel>
constexpr int kBlocks = 2;
template <int kPixels, int kOut>
constexpr int kBlocks<ResidualOf<kPixels, kOut, 1>> = kOut <= 32 ? 3 : 2;

template <typename Kernel>
__global__ void __launch_bounds__(Kernel::kThreads, kBlocks<Kernel>)
    Entry(const __grid_constant__ typename Kernel::Args args) {
  Thread thread;
  Kernel::Run(thread, args);
}

template <typename Kernel>
cudaError_t Allow(int bytes) {
  return cudaFuncSetAttribute(Entry<Kernel>, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
}

// A kernel of `launch`, which may begin while the one before it ends.
template <typename AnyLaunch>
cudaError_t StartAny(const AnyLaunch& launch, cudaStream_t stream) {
  return Dispatch(launch, [&](auto kernel, const auto& args) {
    using Kernel = decltype(kernel);
    cudaLaunchAttribute early = {};
    early.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    early.val.programmaticStreamSerializationAllowed = 1;
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3(static_cast<unsigned>(launch.grid_x), static_cast<unsigned>(launch.grid_y));
    config.blockDim = dim3(Kernel::kThreads);
    config.dynamicSmemBytes = launch.shared_bytes;
    config.stream = stream;
    config.attrs = &early;
    config.numAttrs = 1;
    return cudaLaunchKernelEx(&config, Entry<Kernel>, args);
  });
}

}  // namespace

int AllowSharedMemory(int bytes) {
  cudaError_t result = cudaSuccess;
  ForEachKernel([&](auto kernel) {
    if (const cudaError_t one = Allow<decltype(kernel)>(bytes); one != cudaSuccess) result = one;
  });
  return result;
}

int Start(const Launch& launch, CUstream_st* stream) { return StartAny(launch, stream); }
int Start(const CompositeLaunch& launch, CUstream_st* stream) { return StartAny(launch, stream); }

}  // namespace lips::cuda

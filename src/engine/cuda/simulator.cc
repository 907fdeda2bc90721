#include "engine/cuda/simulator.h"

#include <setjmp.h>
#include <ucontext.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/cuda/sanitized.h"

#ifdef LIPS_ADDRESS_SANITIZER  // of <sanitizer/common_interface_defs.h>
extern "C" void __sanitizer_start_switch_fiber(void** kept, const void* bottom, size_t bytes);
extern "C" void __sanitizer_finish_switch_fiber(void* kept, const void** left, size_t* left_bytes);
#endif

namespace lips::cuda {
namespace {

constexpr size_t kStackBytes = size_t{64} * 1024;
constexpr size_t kMostSharedBytes = size_t{227} * 1024;  // of compute capability 9.0

// Tells the address sanitizer that the next jump goes to another stack, and after it that it came from one. `kept` is
// the sanitizer's, of the stack that is left; null: it is left for good.
void LeaveStack([[maybe_unused]] void** kept, [[maybe_unused]] const void* bottom, [[maybe_unused]] size_t bytes) {
#ifdef LIPS_ADDRESS_SANITIZER
  __sanitizer_start_switch_fiber(kept, bottom, bytes);
#endif
}
void EnterStack([[maybe_unused]] void* kept, [[maybe_unused]] const void** left = nullptr,
                [[maybe_unused]] size_t* left_bytes = nullptr) {
#ifdef LIPS_ADDRESS_SANITIZER
  __sanitizer_finish_switch_fiber(kept, left, left_bytes);
#endif
}

class Block;

// One thread of a block, as kernels see it (gpu.h).
class Thread {
 public:
  Thread(Block& block, int index) : block_(block), index_(index) {}

  int thread() const { return index_; }
  int block_x() const;
  int block_y() const;
  uint8_t* shared() const;
  void Sync();
  void WaitForEarlier() {}
  void CopyAsync(void* to, const void* from, bool valid) {
    const auto misaligned = [](const void* at) { return reinterpret_cast<uintptr_t>(at) % 16 != 0; };
    if (misaligned(to) || misaligned(from)) Complain("a copy of 16 bytes is not aligned");
    copies_.push_back({to, valid ? from : nullptr, groups_});
  }
  void Commit() { ++groups_; }
  template <int kNewer>
  void Wait() {
    std::erase_if(copies_, [this](const Copy& copy) {
      if (copy.group >= groups_ - kNewer) return false;
      if (copy.from != nullptr) std::memcpy(copy.to, copy.from, 16);
      if (copy.from == nullptr) std::memset(copy.to, 0, 16);
      return true;
    });
  }
  void LoadMatrices(uint32_t (&out)[4], const Half* row);
  void Multiply(float (&sum)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1);

 private:
  friend class Block;
  struct Copy {
    void* to;
    const void* from;
    int group;
  };
  // What a lane brings to a warp's instruction.
  struct Operands {
    const Half* row = nullptr;
    std::array<uint32_t, 4> a = {};
    std::array<uint32_t, 2> b = {};
    std::array<float, 4> sum = {};
    std::array<uint32_t, 4> loaded = {};
  };

  void Complain(const char* what);

  Block& block_;
  int index_;
  std::vector<Copy> copies_;
  int groups_ = 0;
  Operands operands_;
};

// Stacks of threads, kept from block to block.
uint8_t* StackOf(size_t thread) {
  static std::vector<std::unique_ptr<uint8_t[]>> stacks;
  while (stacks.size() <= thread) stacks.push_back(std::make_unique_for_overwrite<uint8_t[]>(kStackBytes));
  return stacks[thread].get();
}

// A block's threads as fibers: each runs until it has to wait for others.
class Block {
 public:
  Block(int threads, size_t shared_bytes, int at_x, int at_y, unsigned order)
      : x(at_x), y(at_y), shared(shared_bytes / 16 + 1), order_(order) {
    std::memset(shared.data(), 0xff, shared.size() * sizeof(Piece));
    for (int i = 0; i < threads; ++i) {
      threads_.push_back(std::make_unique<Thread>(*this, i));
      contexts_.push_back(std::make_unique<Fiber>());
    }
  }

  void Run(const std::function<void(Thread&)>& body) {
    body_ = &body;
    for (size_t i = 0; i < threads_.size(); ++i) Prepare(i);
    std::vector<size_t> turns(threads_.size());
    for (size_t i = 0; i < turns.size(); ++i) turns[i] = i;
    std::mt19937 random(order_);
    while (std::ranges::any_of(contexts_, [](const auto& fiber) { return fiber->state != State::kDone; })) {
      std::ranges::shuffle(turns, random);
      bool moved = false;
      for (const size_t i : turns) {
        if (contexts_[i]->state != State::kReady) continue;
        moved = true;
        running_ = i;
        Resume(*contexts_[i]);
      }
      if (Release()) continue;
      if (!moved) {
        complaint = "threads of a block wait for each other";
        return;
      }
    }
    for (const auto& thread : threads_) {
      if (!thread->copies_.empty()) complaint = "a thread ends before its copies are there";
    }
  }

  enum class State { kReady, kAtBarrier, kAtMatrix, kDone };
  void Meet(State state) {
    Fiber& fiber = *contexts_[running_];
    fiber.state = state;
    if (_setjmp(fiber.place) == 0) {
      LeaveStack(&fiber.kept, main_stack_, main_bytes_);
      _longjmp(scheduler_, 1);
    }
    EnterStack(fiber.kept);
  }
  Thread& Lane(size_t warp, size_t lane) { return *threads_[warp * kWarp + lane]; }

  int x, y;
  std::vector<Piece> shared;
  std::string complaint;  // the last one

 private:
  struct Fiber {
    ucontext_t context = {};  // of its beginning
    jmp_buf place = {};       // where it waits; quicker than swapcontext, which asks the kernel for signals each time
    void* kept = nullptr;     // see LeaveStack
    bool begun = false;
    State state = State::kReady;
  };

  void Prepare(size_t i) {
    Fiber& fiber = *contexts_[i];
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = StackOf(i);
    fiber.context.uc_stack.ss_size = kStackBytes;
    fiber.context.uc_link = nullptr;
    const auto self = reinterpret_cast<uintptr_t>(this);
    makecontext(&fiber.context, reinterpret_cast<void (*)()>(&Block::Enter), 3, static_cast<unsigned>(self >> 32),
                static_cast<unsigned>(self & 0xffffffffu), static_cast<unsigned>(i));
  }

  // Lets `fiber` run until it waits or ends.
  void Resume(Fiber& fiber) {
    if (_setjmp(scheduler_) != 0) {
      EnterStack(kept_);
      return;
    }
    LeaveStack(&kept_, fiber.context.uc_stack.ss_sp, kStackBytes);
    if (fiber.begun) _longjmp(fiber.place, 1);
    fiber.begun = true;
    setcontext(&fiber.context);
  }

  static void Enter(unsigned high, unsigned low, unsigned index) {
    auto& block = *reinterpret_cast<Block*>(static_cast<uintptr_t>(high) << 32 | low);  // NOLINT
    EnterStack(nullptr, &block.main_stack_, &block.main_bytes_);
    (*block.body_)(*block.threads_[index]);
    block.contexts_[index]->state = State::kDone;
    LeaveStack(nullptr, block.main_stack_, block.main_bytes_);
    _longjmp(block.scheduler_, 1);
  }

  // Lets whoever has waited for all others go on. Whether somebody could.
  bool Release() {
    bool released = false;
    for (size_t warp = 0; warp * kWarp < threads_.size(); ++warp) released |= ReleaseWarp(warp);
    const auto waits = [](const auto& fiber) { return fiber->state == State::kAtBarrier; };
    if (!std::ranges::all_of(contexts_, waits)) return released;
    for (const auto& fiber : contexts_) fiber->state = State::kReady;
    return true;
  }

  bool ReleaseWarp(size_t warp) {
    for (size_t lane = 0; lane < kWarp; ++lane) {
      if (contexts_[warp * kWarp + lane]->state != State::kAtMatrix) return false;
    }
    if (Lane(warp, 0).operands_.row != nullptr) {
      LoadAll(warp);
    } else {
      MultiplyAll(warp);
    }
    for (size_t lane = 0; lane < kWarp; ++lane) contexts_[warp * kWarp + lane]->state = State::kReady;
    return true;
  }

  void LoadAll(size_t warp) {
    for (size_t lane = 0; lane < kWarp; ++lane) {
      for (size_t matrix = 0; matrix < 4; ++matrix) {
        const Half* row = Lane(warp, matrix * 8 + lane / 4).operands_.row;
        std::memcpy(&Lane(warp, lane).operands_.loaded[matrix], row + lane % 4 * 2, sizeof(uint32_t));
      }
    }
  }

  void MultiplyAll(size_t warp) {
    float a[16][16], b[16][8];
    for (size_t lane = 0; lane < kWarp; ++lane) {
      const Thread::Operands& of = Lane(warp, lane).operands_;
      const size_t group = lane / 4, place = lane % 4 * 2;
      for (size_t i = 0; i < 4; ++i) {
        const Floats2 both = UnpackHalves(of.a[i]);
        a[group + i % 2 * 8][place + i / 2 * 8] = both.low;
        a[group + i % 2 * 8][place + i / 2 * 8 + 1] = both.high;
      }
      for (size_t i = 0; i < 2; ++i) {
        const Floats2 both = UnpackHalves(of.b[i]);
        b[place + i * 8][group] = both.low;
        b[place + i * 8 + 1][group] = both.high;
      }
    }
    for (size_t lane = 0; lane < kWarp; ++lane) {
      for (size_t i = 0; i < 4; ++i) {
        const size_t row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
        float sum = 0;
        for (size_t k = 0; k < 16; ++k) sum += a[row][k] * b[k][column];
        Lane(warp, lane).operands_.sum[i] += sum;
      }
    }
  }

  std::vector<std::unique_ptr<Thread>> threads_;
  std::vector<std::unique_ptr<Fiber>> contexts_;
  jmp_buf scheduler_ = {};
  void* kept_ = nullptr;              // see LeaveStack
  const void* main_stack_ = nullptr;  // the scheduler's
  size_t main_bytes_ = 0;
  size_t running_ = 0;
  unsigned order_;
  const std::function<void(Thread&)>* body_ = nullptr;
};

int Thread::block_x() const { return block_.x; }
int Thread::block_y() const { return block_.y; }
uint8_t* Thread::shared() const { return reinterpret_cast<uint8_t*>(block_.shared.data()); }
void Thread::Complain(const char* what) { block_.complaint = what; }
void Thread::Sync() { block_.Meet(Block::State::kAtBarrier); }

void Thread::LoadMatrices(uint32_t (&out)[4], const Half* row) {
  operands_.row = row;
  block_.Meet(Block::State::kAtMatrix);
  std::ranges::copy(operands_.loaded, out);
}

void Thread::Multiply(float (&sum)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  operands_.row = nullptr;
  std::ranges::copy(a, operands_.a.begin());
  operands_.b = {b0, b1};
  std::ranges::copy(sum, operands_.sum.begin());
  block_.Meet(Block::State::kAtMatrix);
  std::ranges::copy(operands_.sum, sum);
}

template <typename AnyLaunch>
Status SimulateAny(const AnyLaunch& launch, unsigned order) {
  if (launch.shared_bytes > kMostSharedBytes) {
    return Error(ErrorCode::kResourceLimit, std::to_string(launch.shared_bytes) + " bytes of shared memory");
  }
  return Dispatch(launch, [&](auto kernel, const auto& args) -> Status {
    using Kernel = decltype(kernel);
    for (int y = 0; y < launch.grid_y; ++y) {
      for (int x = 0; x < launch.grid_x; ++x) {
        Block block(Kernel::kThreads, launch.shared_bytes, x, y, order);
        block.Run([&args](Thread& thread) { Kernel::Run(thread, args); });
        if (!block.complaint.empty()) return Error(ErrorCode::kCorrupted, block.complaint);
      }
    }
    return {};
  });
}

}  // namespace

Status Simulate(const Launch& launch, unsigned order) { return SimulateAny(launch, order); }
Status Simulate(const CompositeLaunch& launch, unsigned order) { return SimulateAny(launch, order); }

}  // namespace lips::cuda

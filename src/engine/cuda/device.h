// A CUDA device's memory, streams and graphs, owned by values; what fails says so in a sentence.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/result.h"
#include "engine/cuda/alignment.h"

// What a cudaStream_t, a cudaGraphExec_t and a cudaEvent_t point to.
struct CUstream_st;
struct CUgraphExec_st;
struct CUevent_st;

namespace lips::cuda {

// Errors: kResourceLimit when the device's memory is full, kIo for everything else a device may answer (it was lost, a
// kernel went astray: no later call on it works then). `answer` is a cudaError_t; `doing` completes "the CUDA device
// failed while ...".
Status Check(int answer, const std::string& doing);

// The device of this process: the first that CUDA_VISIBLE_DEVICES leaves.
struct Device {
  std::string name;  // "NVIDIA H100 80GB HBM3"
  int multiprocessors = 0;
  int most_shared = 0;  // bytes of shared memory a block may have

  // Opens it once per process. Errors: kUnsupported saying what is missing (driver, device, its generation).
  static Result<Device> Open();
};

// Owned memory, of the device or pinned on the host. Aligned to 256 bytes.
class Memory {
 public:
  Memory() = default;
  static Result<Memory> OnDevice(size_t bytes);
  static Result<Memory> Pinned(size_t bytes);

  uint8_t* data() const { return data_.get(); }
  size_t bytes() const { return bytes_; }

 private:
  struct Free {
    bool pinned;
    void operator()(uint8_t* data) const;
  };
  std::unique_ptr<uint8_t, Free> data_;
  size_t bytes_ = 0;
};

class Stream {
 public:
  Stream() = default;
  static Result<Stream> Make();
  CUstream_st* get() const { return stream_.get(); }
  Status Wait() const;  // until everything on it is done

 private:
  struct Destroy {
    void operator()(CUstream_st* stream) const;
  };
  std::unique_ptr<CUstream_st, Destroy> stream_;
};

// A place in a stream's work.
class Event {
 public:
  Event() = default;
  static Result<Event> Make();
  Status Record(const Stream& stream) const;  // behind everything on it so far
  Status Wait() const;                        // until what was there is done

 private:
  struct Destroy {
    void operator()(CUevent_st* event) const;
  };
  std::unique_ptr<CUevent_st, Destroy> event_;
};

// Work that was captured once and starts with one call.
class CapturedGraph {
 public:
  CapturedGraph() = default;
  // What `enqueue` puts on `stream`. Nothing of it runs.
  template <typename Enqueue>
  static Result<CapturedGraph> Capture(const Stream& stream, Enqueue enqueue) {
    RETURN_IF_ERROR(Begin(stream));
    const Status enqueued = enqueue();
    auto graph = End(stream);
    RETURN_IF_ERROR(enqueued);
    return graph;
  }
  Status Start(const Stream& stream) const;

 private:
  struct Destroy {
    void operator()(CUgraphExec_st* graph) const;
  };
  static Status Begin(const Stream& stream);
  static Result<CapturedGraph> End(const Stream& stream);

  std::unique_ptr<CUgraphExec_st, Destroy> graph_;
};

}  // namespace lips::cuda

// A network compiled to steps over maps of pixels: built once, run for every frame.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/thread_pool.h"
#include "engine/cpu/aligned.h"
#include "engine/cpu/packed_matrix.h"

namespace lips::cpu {

using MapId = int;
inline constexpr MapId kNoMap = -1;

// One activation: [images, height, width, padded] numbers, channels innermost. Padding channels are zeros.
struct Map {
  int images = 1;
  int height = 1;
  int width = 1;
  int channels = 0;
  kernels::NumberType type = kernels::NumberType::kF32;
  QuantisationTable quantisation;  // of kU8, padded() entries each
  bool external = false;           // its memory is the caller's: see Workspace::Bind

  int padded() const { return kernels::PaddedChannels(channels); }
  int pixels() const { return images * height * width; }
  size_t bytes() const;
};

// `count` pixels of `map` at `from` as numbers of type `to_type`; to kU8 with the map's own quantisation.
void ConvertPixels(const uint8_t* from, const Map& map, int count, kernels::NumberType to_type, uint8_t* to);

// The columns of each row that somebody reads: [first, last), empty when first >= last. No rows: everything.
struct Region {
  std::vector<std::pair<int, int>> rows;

  bool all() const { return rows.empty(); }
  static Region Nothing(int height) { return {std::vector<std::pair<int, int>>(static_cast<size_t>(height), {0, 0})}; }
  void Add(int row, int first, int last);
};

// What a run needs besides the program: memory for its maps and its workers' scratch. One run at a time.
class Workspace {
 public:
  Workspace(const class Program& program, int workers);

  // The memory of an external map for the next runs; 64-byte aligned for maps of numbers.
  void Bind(MapId map, const void* data) { data_[static_cast<size_t>(map)] = const_cast<void*>(data); }
  template <typename T = void>
  T* Data(MapId map) const {
    return static_cast<T*>(data_[static_cast<size_t>(map)]);
  }
  uint8_t* Scratch(const Worker& worker) const {
    return scratch_.data() + static_cast<size_t>(worker.index()) * scratch_bytes_;
  }
  size_t bytes() const { return arena_.bytes() + scratch_.bytes(); }

  std::atomic<bool> finite{true};  // cleared by a step that meets NaN or infinity in what it gives out

 private:
  AlignedBytes arena_;
  AlignedBytes scratch_;
  size_t scratch_bytes_ = 0;
  std::vector<void*> data_;
};

// Sees ranges while a program runs, on one thread: calibration. `rows` are `count` pixels of f32.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void SeeMap(MapId map, const float* rows, int count, int channels) = 0;
  virtual void SeeDepth(int step_key, const float* rows, int count, int channels) = 0;
};

struct RunContext {
  Workspace& workspace;
  const Worker& worker;
  Observer* observer = nullptr;
};

// One operation. Immutable once the program is built; workers share the work among themselves inside Run.
class Step {
 public:
  virtual ~Step() = default;
  virtual void Run(const RunContext& context) const = 0;
  virtual size_t scratch_bytes() const { return 0; }  // of each worker
  virtual std::vector<MapId> reads() const = 0;
  virtual std::vector<MapId> writes() const = 0;  // temporaries of its own included
  // Restricts what is computed to what `needed` (one per map) asks of its outputs, and adds what that takes of its
  // inputs. Default: computes everything, so needs everything.
  virtual void Restrict(std::vector<Region>& needed, std::span<const Map> maps);
  virtual double macs() const { return 0; }  // multiply-adds of a run
  virtual const char* kind() const = 0;
  virtual int key() const { return -1; }  // of Compiled::step_names, of steps that have a mode
};

// Steps in order, with the places of their maps in one block of memory: maps that do not live at the same time share
// it.
class Program {
 public:
  Program() = default;
  Program(std::vector<Map> maps, std::vector<std::unique_ptr<Step>> steps);

  const std::vector<Map>& maps() const { return maps_; }
  std::span<const std::unique_ptr<Step>> steps() const { return steps_; }
  size_t arena_bytes() const { return arena_bytes_; }
  size_t scratch_bytes() const { return scratch_bytes_; }
  size_t offset(MapId map) const { return offsets_[static_cast<size_t>(map)]; }
  size_t weight_bytes = 0;

  // To be called by every worker of a team. Nothing is allocated.
  void Run(const RunContext& context) const;

 private:
  void Place();

  std::vector<Map> maps_;
  std::vector<std::unique_ptr<Step>> steps_;
  std::vector<size_t> offsets_;
  size_t arena_bytes_ = 0;
  size_t scratch_bytes_ = 0;
};

}  // namespace lips::cpu

// Keeps prepared templates within a memory budget, so that a face that comes again is not prepared again.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <utility>

#include "base/result.h"
#include "engine/generator.h"
#include "image/view.h"

namespace lips {

// Templates of one generator by template frame. When the budget is full, the template that is needed latest makes room,
// or the new one is not kept where it is needed later still. That is the best any cache can do when the order is known:
// with room for a part of the frames, about that part of the requests hit, back and forth as well as round and round.
// (Putting out the least recently used is as good back and forth, where it is the same choice, but never hits round and
// round.) Where the order is not known, the least recently used makes room.
//
// Where memory ends before the budget does (a device's, which others take from, too), what is kept makes room likewise.
//
// The budget covers what is kept and what was not kept but is still in use. Beyond it there may be one template for
// each caller that has just prepared one, and one that nobody uses, whose memory the next preparation takes: the steady
// state allocates nothing. A template in use is never put out.
//
// Any number of threads. Handles and the cache go before their generator.
class TemplateCache {
 public:
  using Handle = std::shared_ptr<const Generator::Template>;

  // When a template will be asked for again: a time on any clock that all callers share and that only goes forward
  // (for a render, the output frame), or one of these.
  static constexpr int64_t kUnknown = -1;                                 // no plan: least recently used goes out
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();  // not worth keeping

  struct Stats {
    int64_t hits = 0;            // requests answered without preparing
    int64_t misses = 0;          // templates prepared because somebody asked
    int64_t adopted = 0;         // templates that were ready elsewhere
    int64_t filled = 0;          // templates prepared ahead of need
    int64_t templates = 0;       // kept now
    size_t bytes = 0;            // of all templates that exist now, kept or not
    size_t peak_kept_bytes = 0;  // most that was kept at once
  };

  // `budget_bytes` 0: nothing is kept, memory is still recycled.
  explicit TemplateCache(size_t budget_bytes);
  TemplateCache(const TemplateCache&) = delete;
  TemplateCache& operator=(const TemplateCache&) = delete;
  ~TemplateCache();

  // The template of frame `index`, or null. `next_need`: when that frame will be asked for after this.
  Handle Get(int64_t index, int64_t next_need = kUnknown);
  bool Has(int64_t index) const;

  // Takes a prepared template and hands it out, kept or not. When the frame has one already, gives that one.
  Handle Put(int64_t index, std::unique_ptr<Generator::Template> face, int64_t next_need = kUnknown);

  // Put for a template over memory of somebody else's (Generator::Adopt): it counts likewise, but is let go rather than
  // recycled.
  Handle Adopt(int64_t index, std::unique_ptr<Generator::Template> face, int64_t next_need = kUnknown);

  // A template nobody uses, for Generator::Prepare's `reuse`; null when there is none.
  std::unique_ptr<Generator::Template> TakeSpare();

  // Get, or generator.Prepare with recycled memory and Put. Calls of Prepare are serialised, as generators demand.
  Result<Handle> Prepare(Generator& generator, int64_t index, ConstImageView roi, ConstImageView masked,
                         int64_t next_need = kUnknown);

  // Whether a template may be kept without putting another out. Before the first template: true unless the budget is 0.
  bool HasRoom() const;
  // Waits until no thread is in Prepare. False when `stop` was requested.
  bool WaitUntilIdle(const std::stop_token& stop);
  // Prepares ahead of need: does nothing when the frame has a template or there is no room, and puts nothing out. One
  // thread at a time. Where the generator prepares_beside(), nobody in Prepare ever waits for this one, however slowly
  // its thread runs: who needs the same frame meanwhile makes it too, with the same bits, and the first one is kept.
  Status Fill(Generator& generator, int64_t index, ConstImageView roi, ConstImageView masked);

  Stats stats() const;
  size_t budget_bytes() const { return budget_bytes_; }

 private:
  class Memory;  // counts every template that exists and keeps the one nobody uses
  struct Entry {
    Handle face;
    size_t bytes = 0;
    int64_t key = 0;  // the larger, the sooner it is put out
  };
  using Entries = std::map<int64_t, Entry>;

  // With mutex_ held.
  int64_t KeyOf(int64_t next_need);
  void Touch(Entries::iterator entry, int64_t next_need);
  bool MakeRoom(int64_t key);
  bool PutOneOut();
  void Add(int64_t index, Handle handle, int64_t key);
  bool RoomForOne() const;

  Handle Keep(int64_t index, Handle handle, int64_t next_need, int64_t Stats::*count);
  void KeepIfFree(int64_t index, Handle handle);

  const size_t budget_bytes_;
  const std::shared_ptr<Memory> memory_;

  mutable std::mutex mutex_;
  std::condition_variable_any idle_;
  Entries entries_;                              // guarded by mutex_
  std::set<std::pair<int64_t, int64_t>> order_;  // guarded by mutex_: key and index of every entry
  int64_t uses_ = 0;                             // guarded by mutex_
  size_t kept_bytes_ = 0;                        // guarded by mutex_
  size_t template_bytes_ = 0;                    // guarded by mutex_: of the last one, which all are like
  int waiting_ = 0;                              // guarded by mutex_: threads in Prepare
  Stats stats_;                                  // guarded by mutex_

  std::mutex preparing_;  // one Generator::Prepare at a time; taken before mutex_, and not by who fills beside it
};

}  // namespace lips

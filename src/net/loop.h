// The one thread that talks to sockets: what happens on them, timers, and work handed over by other threads.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace lips {

// Everything of src/net belongs to one loop and is used on the thread that runs it, but for Post and Stop.
class Loop {
 public:
  Loop();
  ~Loop();  // what is still pending is dropped uncalled
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Until Stop().
  void Run();
  // Runs for at most this long; for tests and fuzzing.
  void RunFor(std::chrono::milliseconds duration);
  // Runs what is ready now and returns whether there was anything.
  bool RunReady();

  void Stop();                            // any thread
  void Post(std::function<void()> work);  // any thread; run in order

  boost::asio::io_context& context();  // for this folder's own files

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Calls back once, after a while. Cancelled by Cancel, by another After and by its end. Stays within its loop's life.
class Timer {
 public:
  explicit Timer(Loop& loop);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  void After(std::chrono::milliseconds delay, std::function<void()> then);
  void Cancel();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace lips

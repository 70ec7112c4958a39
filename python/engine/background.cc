// SPDX-License-Identifier: Apache-2.0
#include "background.h"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "graphsieve/base/abort.h"
#include "graphsieve/base/error.h"
#include "graphsieve/base/large_memory.h"
#include "graphsieve/base/mapped_range.h"
#include "graphsieve/base/observer.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/files/foreign_error.h"
#include "text.h"

namespace graphsieve::python {
namespace {

namespace nb = nanobind;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{100};  ///< time between two checks for signals
constexpr std::chrono::seconds kPatience{3};     ///< time that a step has to end by itself

struct Event {
  enum Kind { kNote, kInformation, kStage, kStep } kind;
  std::string text;
  int64_t number = 0;
};

/// The reports of the work that the listener has not received yet.
class Events final : public Observer {
 public:
  void note(const std::string& text) override { add({Event::kNote, one_line(text)}); }
  void information(const std::string& text) override { add({Event::kInformation, one_line(text)}); }
  void stage(const std::string& name, int64_t steps) override { add({Event::kStage, name, steps}); }
  void step(int64_t done, const std::string& status) override { add({Event::kStep, status, done}); }
  bool stop_requested() override { return stopping_; }

  void stop() { stopping_ = true; }
  bool stopping() const { return stopping_; }

  void finish() {
    const std::lock_guard lock(mutex_);
    finished_ = true;
    changed_.notify_all();
  }

  /// Waits for the end of the work for a limited time. Returns true if the work has ended.
  bool wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kLook, [this] { return finished_; });
  }

  std::vector<Event> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(waiting_, {});
  }

 private:
  /// Adds an event. Of consecutive steps only the last is kept.
  void add(Event event) {
    const std::lock_guard lock(mutex_);
    const bool replaces = event.kind == Event::kStep && !waiting_.empty() && waiting_.back().kind == Event::kStep;
    if (replaces)
      waiting_.back() = std::move(event);
    else
      waiting_.push_back(std::move(event));
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Event> waiting_;
  bool finished_ = false;
  std::atomic<bool> stopping_{false};
};

/// Passes events on to the listener, in order.
void tell(const nb::object& listener, const std::vector<Event>& events) {
  if (listener.is_none()) return;
  for (const Event& event : events) {
    switch (event.kind) {
      case Event::kNote:
        listener.attr("note")(text(event.text));
        break;
      case Event::kInformation:
        listener.attr("information")(text(event.text));
        break;
      case Event::kStage:
        listener.attr("stage")(text(event.text), event.number);
        break;
      case Event::kStep:
        listener.attr("step")(event.number, text(event.text));
        break;
    }
  }
}

/// Passes on the information about how to continue the interrupted work, after an exception of Python. Nothing else is
/// passed on, since it could raise another exception.
void tell_where_it_is_kept(const nb::object& listener, std::vector<Event> events) {
  std::erase_if(events, [](const Event& event) { return event.kind != Event::kInformation; });
  try {
    tell(listener, events);
  } catch (const nb::python_error&) {
  }
}

/// The engine changes settings of the process, so one call works at a time. A forked child gets a new lock, since the
/// thread that has the lock may be missing there.
std::atomic<std::timed_mutex*> engine_mutex{new std::timed_mutex};

[[maybe_unused]] const int registered =
    pthread_atfork(nullptr, nullptr, [] { engine_mutex.store(new std::timed_mutex); });

/// Sets the number of threads while an object of this class lives; 0 leaves it as it is.
class Threads {
 public:
  explicit Threads(int count) : before_(count > 0 ? num_threads() : 0) {
    if (count > 0) set_num_threads(count);
  }
  ~Threads() {
    if (before_ > 0) set_num_threads(before_);
  }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  const int before_;
};

/// Runs the work on its thread. Waits for other calls first; `working` is true while this call works. Returns the
/// exception that the work threw, in a form for Python.
std::exception_ptr run(Events& events, int threads, std::atomic<bool>& working,
                       const std::function<void(Observer&)>& work) {
  std::unique_lock lock(*engine_mutex.load(), std::defer_lock);
  while (!lock.try_lock_for(kLook))
    if (events.stopping()) return std::make_exception_ptr(Interrupted());
  std::exception_ptr error;
  working = true;
  try {
    const Threads for_this_call(threads);
    with_mapped_files([&] { work(events); });
  } catch (const Error&) {
    error = std::current_exception();
  } catch (const std::exception& e) {
    const std::string sentence = sentence_of(e);
    error = sentence == "out of memory" ? std::make_exception_ptr(std::bad_alloc())
                                        : std::make_exception_ptr(Error(sentence));
  } catch (...) {
    error = std::current_exception();
  }
  working = false;
  set_memory_limit(0, {});
  trim_memory();
  return error;
}

/// The data that a call and its thread share. In a forked child, which lacks the thread, the object is left as it is
/// and never destroyed.
struct Call {
  Events events;
  std::exception_ptr error;
  std::atomic<bool> working{false};
  std::thread worker;
};

/// Throws Error in a child that Python code (a listener or a signal handler) has forked: the child has no work to wait
/// for.
void throw_if_forked(pid_t caller, std::unique_ptr<Call>& call) {
  if (getpid() == caller) return;
  (void)call.release();
  throw Error(
      "the process was forked while the engine ran, by a listener, tracker or signal handler; the run goes on in the "
      "parent alone: let the child end by os._exit");
}

}  // namespace

void in_background(const nb::object& listener, int threads, const std::function<void(Observer&)>& work) {
  auto call = std::make_unique<Call>();
  std::optional<nb::python_error> python_error;
  Clock::time_point stopped;
  bool aborting = false;
  const pid_t caller = getpid();
  call->worker = std::thread([&work, threads, shared = call.get()] {
    shared->error = run(shared->events, threads, shared->working, work);
    shared->events.finish();
  });
  for (bool finished = false; !finished;) {
    {
      const nb::gil_scoped_release release;
      finished = call->events.wait();
    }
    // After an exception of Python, the work is asked to stop. If it does not reach its next step in time, its parallel
    // loops are interrupted.
    if (python_error) {
      if (call->working && !aborting && Clock::now() - stopped > kPatience) aborting = true, request_abort();
      continue;
    }
    try {
      tell(listener, call->events.take());
      if (PyErr_CheckSignals() != 0) throw nb::python_error();
    } catch (nb::python_error& e) {
      python_error.emplace(std::move(e));
      stopped = Clock::now();
    }
    throw_if_forked(caller, call);
    if (python_error) call->events.stop();
  }
  call->worker.join();
  if (aborting) clear_abort();
  forget_lost_files();
  if (python_error) {
    tell_where_it_is_kept(listener, call->events.take());
    throw std::move(*python_error);
  }
  if (call->error) std::rethrow_exception(call->error);
}

}  // namespace graphsieve::python

#include "background.h"

#include <nanobind/stl/string.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "graphsieve/base/abort.h"
#include "graphsieve/base/error.h"
#include "graphsieve/base/large_memory.h"

namespace graphsieve::python {
namespace {

namespace nb = nanobind;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{100};  ///< between two looks for signals
constexpr std::chrono::seconds kPatience{3};     ///< for a step to end

struct Event {
  enum Kind { kNote, kStage, kStep } kind;
  std::string text;
  int64_t number = 0;
};

/// What the work said and the listener has not heard yet.
class Events final : public Observer {
 public:
  void note(const std::string& text) override { add({Event::kNote, text}); }
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

  /// Waits for the end, a while at most. Has it come?
  bool wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kLook, [this] { return finished_; });
  }

  std::vector<Event> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(waiting_, {});
  }

 private:
  /// Of steps in a row the last is enough.
  void add(Event event) {
    const std::lock_guard lock(mutex_);
    const bool replaces = event.kind == Event::kStep && !waiting_.empty() && waiting_.back().kind == Event::kStep;
    if (replaces) waiting_.back() = std::move(event);
    else waiting_.push_back(std::move(event));
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Event> waiting_;
  bool finished_ = false;
  std::atomic<bool> stopping_{false};
};

void tell(const nb::object& listener, const std::vector<Event>& events) {
  if (listener.is_none()) return;
  for (const Event& event : events) {
    switch (event.kind) {
      case Event::kNote: listener.attr("note")(event.text); break;
      case Event::kStage: listener.attr("stage")(event.text, event.number); break;
      case Event::kStep: listener.attr("step")(event.number, event.text); break;
    }
  }
}

/// The engine changes settings of the process: one call after the other.
std::timed_mutex engine_mutex;

/// `working`: while it is this call that works.
std::exception_ptr run(Events& events, std::atomic<bool>& working, const std::function<void(Observer&)>& work) {
  std::unique_lock lock(engine_mutex, std::defer_lock);
  while (!lock.try_lock_for(kLook))
    if (events.stopping()) return std::make_exception_ptr(Interrupted());
  std::exception_ptr error;
  working = true;
  try {
    work(events);
  } catch (...) {
    error = std::current_exception();
  }
  working = false;
  set_memory_limit(0, {});
  trim_memory();
  return error;
}

}  // namespace

void in_background(const nb::object& listener, const std::function<void(Observer&)>& work) {
  Events events;
  std::exception_ptr error;
  std::optional<nb::python_error> python_error;
  Clock::time_point stopped;
  bool aborting = false;
  std::atomic<bool> working{false};
  std::thread worker([&] {
    error = run(events, working, work);
    events.finish();
  });
  for (bool finished = false; !finished;) {
    {
      const nb::gil_scoped_release release;
      finished = events.wait();
    }
    if (python_error) {
      if (working && !aborting && Clock::now() - stopped > kPatience) aborting = true, request_abort();
      continue;
    }
    try {
      tell(listener, events.take());
      if (PyErr_CheckSignals() != 0) throw nb::python_error();
    } catch (nb::python_error& e) {
      python_error.emplace(std::move(e));
      stopped = Clock::now();
      events.stop();
    }
  }
  worker.join();
  if (aborting) clear_abort();
  if (python_error) throw std::move(*python_error);
  if (error) std::rethrow_exception(error);
}

}  // namespace graphsieve::python

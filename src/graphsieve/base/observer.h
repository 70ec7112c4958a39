// How the engine tells its caller of progress and of odd things, and how the caller stops it.
#pragma once

#include <cstdint>
#include <string>

namespace graphsieve {

/// Hears of progress, on the thread that does the work. The library itself never prints.
class Observer {
 public:
  virtual ~Observer() = default;
  /// Something odd about the data or the run, which the user should know and may want to change.
  virtual void note(const std::string& text) { (void)text; }
  /// What the work does or has chosen, with nothing odd about it. Told as a note where this is not overridden.
  virtual void information(const std::string& text) { note(text); }
  /// Long work of `steps` steps begins.
  virtual void stage(const std::string& name, int64_t steps) { (void)name, (void)steps; }
  /// `done` of its steps are done; `status` is short: "loss 0.412  val 0.906".
  virtual void step(int64_t done, const std::string& status) { (void)done, (void)status; }
  /// Asked between steps; true makes the work throw Interrupted.
  virtual bool stop_requested() { return false; }
};

}  // namespace graphsieve

// SPDX-License-Identifier: Apache-2.0
// The interface through which the engine reports its progress to the caller, and through which the caller stops it.
#pragma once

#include <cstdint>
#include <string>

#include "graphsieve/base/export.h"

namespace graphsieve {

/// Receives reports of progress on the thread that does the work. A caller overrides the functions that it needs. The
/// library itself never prints.
class GRAPHSIEVE_API Observer {
 public:
  virtual ~Observer() = default;
  /// Reports something odd about the data or the run, which the user should know and may want to change.
  virtual void note(const std::string& text) { (void)text; }
  /// Reports what the work does or has chosen, when nothing about it is odd. By default the text is passed to note().
  virtual void information(const std::string& text) { note(text); }
  /// Reports that work of `steps` steps begins.
  virtual void stage(const std::string& name, int64_t steps) { (void)name, (void)steps; }
  /// Reports that `done` steps of the current stage are done. `status` is a short text such as "loss 0.412  val 0.906".
  virtual void step(int64_t done, const std::string& status) { (void)done, (void)status; }
  /// Called between steps. If it returns true, the work throws Interrupted.
  virtual bool stop_requested() { return false; }
};

}  // namespace graphsieve

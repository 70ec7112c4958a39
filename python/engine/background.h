// SPDX-License-Identifier: Apache-2.0
// Calls of long work of the engine from Python. The work runs on its own thread without the interpreter's lock, while
// the caller's thread waits, passes on progress and checks for signals.
#pragma once

#include <nanobind/nanobind.h>

#include <functional>

#include "graphsieve/base/observer.h"

namespace graphsieve::python {

/// Runs `work` and returns when it has ended. `listener` is None or an object with note(text), information(text),
/// stage(name, steps) and step(done, status), which are called on the calling thread. An exception in the listener or
/// in a signal handler (Ctrl-C: KeyboardInterrupt) stops the work at its next step, or after three seconds within the
/// step, and is then raised. `threads` is the number of threads for this call; 0 leaves it as it is. All that the
/// engine changes in the process (torch's allocator and threads, its own memory limit and threads) is restored before
/// the return. If several threads call, one call works at a time. If a listener or signal handler forks, the call
/// throws Error in the child.
void in_background(const nanobind::object& listener, int threads, const std::function<void(Observer&)>& work);

}  // namespace graphsieve::python

// Long work of the engine, called from Python: it runs on a thread of its own without the interpreter's lock, while the
// caller's thread waits, hands on progress and looks for signals.
#pragma once

#include <nanobind/nanobind.h>

#include <functional>

#include "graphsieve/base/observer.h"

namespace graphsieve::python {

/// `listener`: None, or an object with note(text), information(text), stage(name, steps) and step(done, status), which
/// are called on the calling thread. An exception of a listener or a signal handler (Ctrl-C: KeyboardInterrupt) stops
/// the work at its next step, or three seconds later within it, and is raised then. `threads`: their number for this
/// call; 0: as it is. What the engine changes of the process (torch's allocator and threads, its own memory limit and
/// threads) is as before when this returns; of calls from several threads one works at a time. Where a listener or
/// signal handler forks, the child's call throws Error.
void in_background(const nanobind::object& listener, int threads, const std::function<void(Observer&)>& work);

}  // namespace graphsieve::python

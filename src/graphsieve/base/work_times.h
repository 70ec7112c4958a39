// SPDX-License-Identifier: Apache-2.0
// Measures for how much of the time one thread works, for how much two threads work at once, and so on. It shows which
// parts of a run one thread does alone. Nothing is measured, and nothing costs time, before count_work().
#pragma once

#include <vector>

namespace graphsieve {

/// Begins to measure, before any thread works. A second call changes nothing.
void count_work();

/// Returns seconds of wall time since count_work(): element n is the time in which n threads worked at once.
std::vector<double> work_seconds();

/// Sets whether the calling thread works, until the object ends. Objects of a thread may be nested.
class WorkState {
 public:
  WorkState(const WorkState&) = delete;
  WorkState& operator=(const WorkState&) = delete;

 protected:
  explicit WorkState(bool now);
  ~WorkState();

 private:
  const bool before_;
};

/// While an object lives, its thread works, except while the thread has a Waiting object. Every thread of
/// parallel_for() has one while it runs items.
struct Working : WorkState {
  Working() : WorkState(true) {}
};

/// While an object lives, its thread does not work: it waits for other threads, asleep or spinning.
struct Waiting : WorkState {
  Waiting() : WorkState(false) {}
};

}  // namespace graphsieve

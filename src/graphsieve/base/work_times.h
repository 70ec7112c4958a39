// SPDX-License-Identifier: Apache-2.0
// How long how many threads worked at the same time. It shows which parts of a run one thread does alone. Nothing is
// measured, and nothing costs time, before count_work().
#pragma once

#include <vector>

namespace graphsieve {

/// Begins to measure. To be called before any thread works.
void count_work();

/// True after count_work().
bool counts_work();

/// Returns seconds of wall time since count_work(): element n is the time in which n threads worked at once.
std::vector<double> work_seconds();

/// While an object lives, its thread works, except while the thread has a Waiting object. Every thread of
/// parallel_for() has one while it runs items.
class Working {
 public:
  Working();
  ~Working();
  Working(const Working&) = delete;
  Working& operator=(const Working&) = delete;

 private:
  const int before_;
};

/// While an object lives, its thread does not work: it waits for other threads, asleep or spinning.
class Waiting {
 public:
  Waiting();
  ~Waiting();
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  const int before_;
};

}  // namespace graphsieve

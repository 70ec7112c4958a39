// SPDX-License-Identifier: Apache-2.0
// Options, clock and output that the whole-graph benchmarks share.
//
//   PROGRAM [--graph RUN]… [--random NODES:IN_DEGREE]… [--threads N] [--repeats N] [--json]
//
// Without a graph: a generated one of tolokers' size. A line a measurement; with --json a JSON object a line.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "common/bench_graph.h"

namespace graphsieve::bench {

/// What one line says: names and numbers, in order.
class Line {
 public:
  Line& text(const std::string& name, const std::string& value);
  Line& number(const std::string& name, double value);
  void print(bool json) const;

 private:
  struct Field {
    std::string name, text;
    double number;
    bool is_text;
  };
  std::vector<Field> fields_;
};

struct BenchOptions {
  int threads = 1;
  int repeats = 0;  ///< 0: by the size of the graph
  bool json = false;
  int repeats_for(int64_t edges) const { return repeats > 0 ? repeats : edges > 5'000'000 ? 5 : 21; }
};

/// Parses, sets the threads, makes each graph in turn and hands it to `measure`. Errors go to stderr; returns the exit
/// code.
int bench_main(int argc, char** argv, const std::function<void(const BenchGraph&, const BenchOptions&)>& measure);

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Median seconds of each call, taken in turns so that a slow spell of the machine falls on all.
template <class... Calls>
std::vector<double> interleaved_medians(int repeats, const Calls&... calls) {
  using Clock = std::chrono::steady_clock;
  std::vector<std::vector<double>> seconds(sizeof...(calls));
  const auto timed = [](const auto& call) {
    const auto start = Clock::now();
    call();
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  for (int r = -1; r < repeats; ++r) {  // the first round warms up
    size_t i = 0;
    const auto one = [&](const auto& call) {
      const double s = timed(call);
      if (r >= 0) seconds[i].push_back(s);
      ++i;
    };
    (one(calls), ...);
  }
  std::vector<double> medians;
  for (auto& s : seconds) medians.push_back(median(std::move(s)));
  return medians;
}

}  // namespace graphsieve::bench

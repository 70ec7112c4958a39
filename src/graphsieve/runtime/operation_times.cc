// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/runtime/operation_times.h"

#include <ATen/record_function.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>

#include "graphsieve/base/work_times.h"

namespace graphsieve {
namespace {

/// The wall time so far in which exactly one thread worked.
double alone_now() {
  const std::vector<double> seconds = work_seconds();
  return seconds.size() > 1 ? seconds[1] : 0;
}

/// One call of an operation that has not returned yet.
struct Call : at::ObserverContext {
  double begin = 0;   ///< alone_now() at the beginning
  double within = 0;  ///< of it, the part inside of calls that this call has made
  Call* caller = nullptr;
};

thread_local Call* innermost = nullptr;

struct OperationSums {
  std::mutex mutex;
  std::map<std::string, double> of_name;
};

OperationSums& sums() {
  static OperationSums* const all = new OperationSums;
  return *all;
}

std::unique_ptr<at::ObserverContext> begin_call(const at::RecordFunction&) {
  auto call = std::make_unique<Call>();
  call->caller = innermost;
  call->begin = alone_now();
  innermost = call.get();
  return call;
}

void end_call(const at::RecordFunction& function, at::ObserverContext* context) {
  auto* const call = static_cast<Call*>(context);
  const double seconds = alone_now() - call->begin;
  innermost = call->caller;
  if (innermost != nullptr) innermost->within += seconds;
  OperationSums& all = sums();
  const std::lock_guard lock(all.mutex);
  all.of_name[function.name()] += seconds - call->within;
}

}  // namespace

void watch_operations() {
  // A second callback would count each operation twice.
  [[maybe_unused]] static const auto added = at::addGlobalCallback(at::RecordFunctionCallback(begin_call, end_call));
}

std::vector<std::pair<std::string, double>> alone_seconds() {
  OperationSums& all = sums();
  const std::lock_guard lock(all.mutex);
  std::vector<std::pair<std::string, double>> found(all.of_name.begin(), all.of_name.end());
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  return found;
}

}  // namespace graphsieve

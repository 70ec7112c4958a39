// SPDX-License-Identifier: Apache-2.0
// In which of torch's operations one thread works alone (base/work_times.h).
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace graphsieve {

/// Begins to watch the operations of all threads, until the process ends. count_work() comes before it. A second
/// call changes nothing.
void watch_operations();

/// Returns the seconds, since watch_operations(), in which one thread alone worked inside of each operation and not
/// inside of an operation that this one calls; the operation with the most seconds first.
std::vector<std::pair<std::string, double>> alone_seconds();

}  // namespace graphsieve

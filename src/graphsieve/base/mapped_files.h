// SPDX-License-Identifier: Apache-2.0
// Protection of the process against files that become shorter while they are mapped (base/mapped_range.h).
#pragma once

#include "graphsieve/base/export.h"

namespace graphsieve {

/// Installs the handler of SIGBUS. The program does so when it starts, and the Python package when it is imported; a
/// C++ program that uses the library calls it once. A SIGBUS that comes from anywhere but a mapped file of this library
/// goes to the handler that was installed before. Without the call, a mapped file that becomes shorter ends the
/// process. Throws Error if the handler cannot be installed.
GRAPHSIEVE_API void watch_mapped_files();

}  // namespace graphsieve

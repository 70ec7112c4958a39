// SPDX-License-Identifier: Apache-2.0
// Which calls of the system are counted, and which one of them fails. The options are described in failing_calls.cc.
#pragma once

#include <cstddef>

namespace faults {

/// What happens to one call.
enum class Fault {
  kNone,   ///< the call is made as it is
  kFail,   ///< the call is not made; it returns its error value, and errno is set
  kShort,  ///< a read or write moves half of its bytes
};

/// Counts a call of this kind on `path`, relative to the folder with the descriptor `folder` (AT_FDCWD: the working
/// directory), and returns what happens to the call. Calls on other folders are not counted. errno is set for kFail
/// alone.
Fault fault_at(const char* kind, int folder, const char* path);

/// The same for a call on an open file.
Fault fault_at(const char* kind, int descriptor);

/// Reads the options from the environment again and counts from 1. For a forked child.
extern "C" void failing_calls_restart();

}  // namespace faults

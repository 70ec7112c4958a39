// SPDX-License-Identifier: Apache-2.0
// Exceptions of other libraries, worded as sentences for users.
#pragma once

#include <exception>
#include <string>

namespace graphsieve {

/// Returns the message to show to a user for any exception: the message of an Error unchanged, the path and reason of a
/// failure of the file system, "out of memory" for a lack of memory in any library, the first line of an error of
/// torch, and "internal error: …" for anything that should not happen.
std::string sentence_of(const std::exception& error);

}  // namespace graphsieve

// Exceptions of other libraries as sentences for users.
#pragma once

#include <exception>
#include <string>

namespace graphsieve {

/// What to tell a user of any exception: the message of an Error as it is, the path and the reason of a file system's
/// failure, "out of memory" for every library's lack of it, and "internal error: …" for what should not have happened.
std::string sentence_of(const std::exception& error);

}  // namespace graphsieve

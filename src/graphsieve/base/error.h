// SPDX-License-Identifier: Apache-2.0
// The only error type of the library. Its message names what is wrong (file, row, key), the value found and the value
// expected.
#pragma once

#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#include "graphsieve/base/export.h"
#include "graphsieve/base/utf8.h"

namespace graphsieve {

/// Concatenates its arguments as text: str("row ", 3) == "row 3".
template <class... Parts>
std::string str(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

/// Returns one part of a message as it is shown. Strings and paths may come from users' files, so characters that would
/// control a terminal or begin a new line are escaped in them (one_line). String literals come from the program itself
/// and stay unchanged.
template <class Part>
decltype(auto) message_part(const Part& part) {
  if constexpr (std::is_same_v<Part, std::filesystem::path>)
    return one_line(part.native());
  else if constexpr (std::is_same_v<Part, std::string> || std::is_same_v<Part, std::string_view>)
    return one_line(part);
  else
    return (part);
}

/// Bad input or a failed system call. The library throws Error; it never prints, exits or aborts. The constructor
/// concatenates its arguments to the message.
class GRAPHSIEVE_API Error : public std::runtime_error {
 public:
  template <class... Parts>
  explicit Error(const Parts&... parts) : std::runtime_error(graphsieve::str(message_part(parts)...)) {}
};

/// Thrown by long work at its next safe point after a request to stop (Ctrl-C).
class GRAPHSIEVE_API Interrupted : public Error {
 public:
  Interrupted() : Error("interrupted") {}
};

}  // namespace graphsieve

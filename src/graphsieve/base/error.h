// The one error type. Its message names the offender (file, row, key), its value and what was expected.
#pragma once

#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#include "graphsieve/base/utf8.h"

namespace graphsieve {

/// Concatenates its arguments as text: str("row ", 3) == "row 3".
template <class... Parts>
std::string str(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

/// A part of a message as it is shown. Strings and paths may come from users' files: what would steer a terminal, or
/// begin a line of its own, is escaped (one_line). Literals are the program's own and stay.
template <class Part>
decltype(auto) message_part(const Part& part) {
  if constexpr (std::is_same_v<Part, std::filesystem::path>)
    return one_line(part.native());
  else if constexpr (std::is_same_v<Part, std::string> || std::is_same_v<Part, std::string_view>)
    return one_line(part);
  else
    return (part);
}

/// Bad input or a failed system call. The library throws it and never prints, exits or aborts.
class Error : public std::runtime_error {
 public:
  template <class... Parts>
  explicit Error(const Parts&... parts) : std::runtime_error(graphsieve::str(message_part(parts)...)) {}
};

/// A request to stop (Ctrl-C), thrown out of long work at the next safe point.
class Interrupted : public Error {
 public:
  Interrupted() : Error("interrupted") {}
};

}  // namespace graphsieve

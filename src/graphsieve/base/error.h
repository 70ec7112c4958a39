// The one error type. Its message names the offender (file, row, key), its value and what was expected.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace graphsieve {

/// Concatenates its arguments as text: str("row ", 3) == "row 3".
template <class... Parts>
std::string str(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

/// Bad input or a failed system call. The library throws it and never prints, exits or aborts.
class Error : public std::runtime_error {
 public:
  template <class... Parts>
  explicit Error(const Parts&... parts) : std::runtime_error(graphsieve::str(parts...)) {}
};

/// A request to stop (Ctrl-C), thrown out of long work at the next safe point.
class Interrupted : public Error {
 public:
  Interrupted() : Error("interrupted") {}
};

}  // namespace graphsieve

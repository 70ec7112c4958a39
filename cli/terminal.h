// SPDX-License-Identifier: Apache-2.0
// The abilities of the terminal, and output in a form that is safe to show on it.
#pragma once

#include <fmt/format.h>

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <type_traits>

#include "graphsieve/base/utf8.h"

namespace graphsieve {

/// True if stderr is a terminal that can redraw a line.
bool stderr_is_terminal();

/// Returns the number of columns of the terminal; 80 if it is not known.
int terminal_columns();

/// Returns the text in bold red if stderr is a terminal and NO_COLOR is not set.
std::string alarming(const std::string& text);

/// Returns an argument of print_text() in the form in which it is printed.
template <class Value>
decltype(auto) printable_value(const Value& value) {
  if constexpr (std::is_convertible_v<const Value&, std::string_view>)
    return one_line(value);
  else
    return (value);
}

/// Prints to stdout. Texts among the values may come from users' files, so characters that would control a terminal or
/// begin a line are escaped (one_line). Only the format itself may have line ends.
template <class... Values>
void print_text(fmt::format_string<const Values&...> format, const Values&... values) {
  const auto print = [&](const auto&... printable) {
    fmt::print("{}", fmt::vformat(format, fmt::make_format_args(printable...)));
  };
  print(printable_value(values)...);
}

/// Prints JSON to stdout, in ASCII only: other characters are escaped (\u202e).
void print_json(const nlohmann::json& value, int indent = 1);

}  // namespace graphsieve

// What the terminal can show, and text in a form that is safe to show on it.
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

/// Columns of the terminal; 80 if it does not tell.
int terminal_columns();

/// The text in bold red, if stderr is a terminal and NO_COLOR is not set.
std::string alarming(const std::string& text);

/// An argument of print_text in the form in which it is printed.
template <class Value>
decltype(auto) printable_value(const Value& value) {
  if constexpr (std::is_convertible_v<const Value&, std::string_view>)
    return one_line(value);
  else
    return (value);
}

/// Prints to stdout. Texts among the values may come from users' files: what would steer a terminal or begin a line is
/// escaped (one_line). Only the format itself may hold line ends.
template <class... Values>
void print_text(fmt::format_string<const Values&...> format, const Values&... values) {
  const auto print = [&](const auto&... printable) {
    fmt::print("{}", fmt::vformat(format, fmt::make_format_args(printable...)));
  };
  print(printable_value(values)...);
}

/// Prints JSON to stdout, all of it in ASCII: other characters are escaped (\u202e).
void print_json(const nlohmann::json& value, int indent = 1);

}  // namespace graphsieve

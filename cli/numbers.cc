// SPDX-License-Identifier: Apache-2.0
#include "numbers.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

namespace graphsieve {
namespace {

constexpr uint64_t kMostBytes = std::numeric_limits<int64_t>::max();

template <class Number>
std::optional<Number> parse(std::string_view text) {
  Number number{};
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (status != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Returns the bytes of "512MiB", "512MB" or "512m", which are all equal; nothing if the text is not of this form or
/// means 2^63 bytes or more.
std::optional<uint64_t> parse_bytes(const std::string& text) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse<uint64_t>(text.substr(0, digits));
  std::string unit = CLI::detail::to_lower(CLI::detail::trim_copy(text.substr(digits)));
  if (unit.ends_with("ib"))
    unit.resize(unit.size() - 2);
  else if (unit.ends_with('b'))
    unit.resize(unit.size() - 1);
  const size_t power = unit.empty() ? 0 : std::string("kmgtpe").find(unit) + 1;
  if (!number || unit.size() > 1 || (!unit.empty() && power == 0)) return std::nullopt;
  uint64_t bytes = *number;
  for (size_t i = 0; i < power; ++i)
    if (__builtin_mul_overflow(bytes, uint64_t{1024}, &bytes)) return std::nullopt;
  return bytes <= kMostBytes ? std::optional(bytes) : std::nullopt;
}

/// Returns a validator. `change` replaces the text by one that the parser reads as the same number, and returns what
/// was expected, or "" if nothing is wrong.
template <class Change>
CLI::Validator validator(const Change& change) {
  return CLI::Validator(
      [change](std::string& text) {
        const std::string expected = change(text);
        return expected.empty() ? expected : fmt::format("'{}': expected {}", text, expected);
      },
      "");
}

}  // namespace

CLI::Validator whole_number(uint64_t least, uint64_t most) {
  return validator([least, most](std::string& text) -> std::string {
    const auto number = parse<uint64_t>(text);
    if (!number || *number < least || *number > most) return fmt::format("a whole number from {} to {}", least, most);
    text = std::to_string(*number);
    return "";
  });
}

CLI::Validator real_number(double least, double most) {
  return validator([least, most](std::string& text) -> std::string {
    const auto number = parse<double>(std::string_view(text).substr(text.starts_with('+') ? 1 : 0));
    if (number && std::isfinite(*number) && *number >= least && *number <= most) return "";
    const bool bounded = least > std::numeric_limits<double>::lowest() && most < std::numeric_limits<double>::max();
    return bounded ? fmt::format("a number from {} to {}", least, most) : "a finite number";
  });
}

CLI::Validator byte_count() {
  return validator([](std::string& text) -> std::string {
    const auto bytes = parse_bytes(text);
    if (!bytes) return "bytes, as 512MiB or 4GiB";
    text = std::to_string(*bytes);
    return "";
  });
}

}  // namespace graphsieve

// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/recipe/recipe_value.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cmath>
#include <optional>

#include "graphsieve/base/error.h"

namespace graphsieve {
namespace {

/// Returns the number that the whole text represents, or nothing.
template <class Number>
std::optional<Number> to_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number number{};
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (status != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Returns the numbers of "12-5-5-5", "12,5,5,5" or "12", or nothing for other texts. A minus sign where a number
/// begins belongs to the number, so "-1" is one number.
std::optional<std::vector<int64_t>> split_numbers(const std::string& text) {
  std::vector<int64_t> numbers;
  size_t begin = 0;
  while (begin <= text.size()) {
    const size_t skip_sign = begin < text.size() && text[begin] == '-' ? 1 : 0;
    const size_t end = std::min(text.find_first_of("-,", begin + skip_sign), text.size());
    const auto number = to_number<int64_t>(std::string_view(text).substr(begin, end - begin));
    if (!number) return std::nullopt;
    numbers.push_back(*number);
    begin = end + 1;
  }
  return numbers;
}

/// Returns the numbers of a YAML list or of a text that split_numbers() reads, or nothing for other nodes.
std::optional<std::vector<int64_t>> read_list(const YAML::Node& node) {
  if (node.IsScalar()) return split_numbers(node.Scalar());
  if (!node.IsSequence()) return std::nullopt;
  std::vector<int64_t> numbers;
  for (const YAML::Node& item : node) {
    const auto number = item.IsScalar() ? to_number<int64_t>(item.Scalar()) : std::nullopt;
    if (!number) return std::nullopt;
    numbers.push_back(*number);
  }
  return numbers;
}

/// Returns the node as a value of the type that `like` has, or nothing if it is of another type.
std::optional<RecipeValue> convert(const RecipeValue& like, const YAML::Node& node) {
  if (std::holds_alternative<std::vector<int64_t>>(like)) return read_list(node);
  if (!node.IsScalar()) return std::nullopt;
  const std::string& text = node.Scalar();
  if (std::holds_alternative<std::string>(like)) return text;
  if (std::holds_alternative<int64_t>(like)) return to_number<int64_t>(text);
  if (std::holds_alternative<double>(like)) {
    const auto number = to_number<double>(text);
    return number && std::isfinite(*number) ? number : std::nullopt;
  }
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

/// Returns a node as one short line for a message.
std::string shown(const YAML::Node& node) {
  if (node.IsNull()) return "nothing";
  std::string text = node.IsScalar() ? node.Scalar() : YAML::Dump(node);
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return "'" + text + "'";
}

/// Returns the text in double quotes, with YAML's escapes for quotes, backslashes and control characters.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\', out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace

RecipeValue read_value(const RecipeKey& key, const YAML::Node& node, const std::string& where) {
  const std::optional<RecipeValue> value = convert(key.default_value(), node);
  if (value) return *value;
  const std::string words = key.words.empty() ? "" : " (" + key.allowed() + ")";
  throw Error(where, key.name, ": expected ", key.type(), words, ", found ", shown(node));
}

std::string write_value(const RecipeValue& value, bool is_word) {
  struct Writer {
    bool is_word;
    std::string operator()(const std::string& text) const { return is_word ? text : quoted(text); }
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(int64_t number) const { return fmt::format("{}", number); }
    std::string operator()(double number) const { return fmt::format("{}", number); }
    std::string operator()(const std::vector<int64_t>& list) const {
      return fmt::format("[{}]", fmt::join(list, ", "));
    }
  };
  return std::visit(Writer{is_word}, value);
}

}  // namespace graphsieve

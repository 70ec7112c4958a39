// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/base/path_text.h"

#include <cctype>

#include "graphsieve/base/utf8.h"

namespace graphsieve {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

bool is_digit(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }

/// True if the text begins with \xNN.
bool begins_with_escape(std::string_view text) {
  return text.size() >= 4 && text[0] == '\\' && text[1] == 'x' && is_digit(text[2]) && is_digit(text[3]);
}

void append_byte(std::string& to, char byte) {
  const auto value = static_cast<unsigned char>(byte);
  to += {'\\', 'x', kDigits[value >> 4], kDigits[value & 15]};
}

}  // namespace

std::string path_text(const std::filesystem::path& path) {
  std::string to;
  std::string_view rest = path.native();
  while (!rest.empty()) {
    const int bytes = first_character(rest).bytes;
    if (bytes == 0 || begins_with_escape(rest))
      append_byte(to, rest[0]);
    else
      to += rest.substr(0, bytes);
    rest.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  return to;
}

std::filesystem::path path_of_text(std::string_view text) {
  std::string to;
  while (!text.empty()) {
    const bool escape = begins_with_escape(text);
    to += escape ? static_cast<char>(std::stoi(std::string(text.substr(2, 2)), nullptr, 16)) : text[0];
    text.remove_prefix(escape ? 4 : 1);
  }
  return to;
}

}  // namespace graphsieve

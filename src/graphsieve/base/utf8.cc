// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/base/utf8.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace graphsieve {
namespace {

uint8_t byte_at(std::string_view text, size_t at) { return static_cast<uint8_t>(text[at]); }

/// Returns the number of bytes that a character's first byte announces, or 0 if no character begins with this byte.
int announced(uint8_t first) {
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
}

/// True if a terminal would act on the character, or if it changes the order or the lines of the text around it.
bool steers(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e || c == 0x200f ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

void append_escape(std::string& to, const char* format, unsigned value) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), format, value);
  to += text.data();
}

std::string escaped(std::string_view text, bool keep_line_feeds) {
  std::string to;
  to.reserve(text.size());
  while (!text.empty()) {
    const auto [bytes, code] = first_character(text);
    if (bytes == 0) {
      append_escape(to, "\\x%02x", byte_at(text, 0));
    } else if (!steers(code) || (code == '\n' && keep_line_feeds)) {
      to += text.substr(0, bytes);
    } else if (code == '\n' || code == '\r' || code == '\t') {
      to += code == '\n' ? "\\n" : code == '\r' ? "\\r" : "\\t";
    } else {
      append_escape(to, "\\u%04x", static_cast<unsigned>(code));
    }
    text.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  return to;
}

}  // namespace

Utf8Character first_character(std::string_view text) {
  const int bytes = announced(byte_at(text, 0));
  if (bytes <= 1) return {bytes, byte_at(text, 0)};
  if (static_cast<size_t>(bytes) > text.size()) return {};
  char32_t code = byte_at(text, 0) & (0x7f >> bytes);
  for (int i = 1; i < bytes; ++i) {
    if ((byte_at(text, i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte_at(text, i) & 0x3f);
  }
  // RFC 3629 forbids longer encodings than needed, surrogates, and code points above 10FFFF.
  const bool longer_than_needed = (bytes == 3 && code < 0x800) || (bytes == 4 && code < 0x10000);
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  return longer_than_needed || surrogate || code > 0x10ffff ? Utf8Character{} : Utf8Character{bytes, code};
}

size_t first_invalid_byte(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    uint64_t eight = 0;  // skips eight bytes at a time if all of them are ASCII
    if (at + sizeof eight <= text.size()) {
      std::memcpy(&eight, text.data() + at, sizeof eight);
      if ((eight & 0x8080808080808080) == 0) {
        at += sizeof eight;
        continue;
      }
    }
    const int bytes = first_character(text.substr(at)).bytes;
    if (bytes == 0) return at;
    at += bytes;
  }
  return std::string_view::npos;
}

std::string_view beginning(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (byte_at(text, bytes) & 0xc0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

std::string one_line(std::string_view text) { return escaped(text, false); }

std::string printable_lines(std::string_view text) { return escaped(text, true); }

}  // namespace graphsieve

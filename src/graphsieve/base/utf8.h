// SPDX-License-Identifier: Apache-2.0
// Functions for text from users' files: a check that it is UTF-8, and a form of it that is safe to print.
//
//   one_line("a\nb\x1b") == "a\\nb\\u001b"
#pragma once

#include <string>
#include <string_view>

#include "graphsieve/base/export.h"

namespace graphsieve {

/// A character and its length in bytes.
struct Utf8Character {
  int bytes = 0;      ///< 1 to 4; 0 if the text does not begin with a character of UTF-8 (RFC 3629)
  char32_t code = 0;  ///< its code point
};

/// Returns the first character of `text`, which must not be empty.
GRAPHSIEVE_API Utf8Character first_character(std::string_view text);

/// Returns the position of the first byte that does not belong to UTF-8 text, or npos if the whole text is UTF-8.
GRAPHSIEVE_API size_t first_invalid_byte(std::string_view text);
inline bool is_utf8(std::string_view text) { return first_invalid_byte(text) == std::string_view::npos; }

/// Returns the beginning of the text, at most `bytes` bytes of it and only whole characters.
GRAPHSIEVE_API std::string_view beginning(std::string_view text, size_t bytes);

/// Returns the text with a visible escape for each character that would control a terminal or make the text look like
/// another: control characters (\n, \t, \u001b, \u009b), marks of writing direction (\u202e), line and paragraph
/// separators (\u2028), and bytes that are not UTF-8 (\xff). All other characters stay, including the backslash.
GRAPHSIEVE_API std::string one_line(std::string_view text);

/// Returns the text as one_line() does, but keeps its line feeds.
GRAPHSIEVE_API std::string printable_lines(std::string_view text);

}  // namespace graphsieve

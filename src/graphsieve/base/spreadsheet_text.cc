// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/base/spreadsheet_text.h"

#include <algorithm>
#include <array>

namespace graphsieve {
namespace {

constexpr std::array<std::string_view, 11> kStarts = {"=",  "+",      "-",      "@",      "\t",    "\r",
                                                      "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"};

/// True if the text, without the apostrophes at its beginning, is a text that a spreadsheet would run.
bool runs(std::string_view text) {
  while (text.starts_with('\'')) text.remove_prefix(1);
  return std::any_of(kStarts.begin(), kStarts.end(), [&](std::string_view start) { return text.starts_with(start); });
}

}  // namespace

std::string spreadsheet_text(std::string_view text) {
  std::string to(runs(text) ? 1 : 0, '\'');
  to += text;
  return to;
}

std::string text_of_spreadsheet(std::string_view text) {
  return std::string(text.starts_with('\'') && runs(text) ? text.substr(1) : text);
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",;\"\t\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + '"';
}

}  // namespace graphsieve

// SPDX-License-Identifier: Apache-2.0
// Protection of CSV files that a spreadsheet opens: it runs a cell that begins with = + - or @ as a formula.
//
//   spreadsheet_text("=1+1") == "'=1+1",  text_of_spreadsheet("'=1+1") == "=1+1"
#pragma once

#include <string>
#include <string_view>

namespace graphsieve {

/// Returns the text with an apostrophe before it if a spreadsheet would run the text: if it begins with = + - @, a tab,
/// a line end, or the wide (fullwidth) forms of these signs. A text that has apostrophes before such a beginning gets
/// one more. All other texts stay as they are.
std::string spreadsheet_text(std::string_view text);

/// Returns the text that spreadsheet_text() has converted to `text`.
std::string text_of_spreadsheet(std::string_view text);

/// Returns the text as a cell of a CSV file: in quotes if it has a comma, a semicolon (which separates cells in some
/// spreadsheets), a quote, a tab or a line end.
std::string csv_cell(const std::string& text);

}  // namespace graphsieve

// Texts in CSV files that a spreadsheet opens: it runs a cell that begins with = + - or @ as a formula.
//
//   spreadsheet_text("=1+1") == "'=1+1",  text_of_spreadsheet("'=1+1") == "=1+1"
#pragma once

#include <string>
#include <string_view>

namespace graphsieve {

/// The text with an apostrophe before it if a spreadsheet would run it, or if it is apostrophes before such a text: a
/// text that begins with = + - @, a tab, a line end, or the wide forms of these signs. All other texts stay as they
/// are.
std::string spreadsheet_text(std::string_view text);

/// The text that spreadsheet_text made `text` of.
std::string text_of_spreadsheet(std::string_view text);

}  // namespace graphsieve

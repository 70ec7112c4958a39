// SPDX-License-Identifier: Apache-2.0
// The parts of an HTML page. Every text that does not come from the program itself is passed to escape().
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace graphsieve::html {

/// Returns the text in the form in which it may be written between tags and in quoted attributes.
std::string escape(std::string_view text);

/// A table. Cells are texts, which are escaped when the table is written. The first column names the row.
struct Table {
  std::string caption;
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
};
std::string table(const Table& table);

/// A chart that page.js draws from a table. A panel is a chart of some of the table's columns. Without scripts, only
/// the table is visible.
struct Chart {
  std::string title;
  std::string kind;     ///< "line" (x in the first column), "bar" (its texts), "curves" (rows of series, x, y)
  std::string panels;   ///< "Loss:1;Metric:2,3": titles and columns, counted from 0; for curves only a title
  std::string options;  ///< any of "stacked", "horizontal", "log", "unit" (0 to 1), "percent" (0 to 100),
                        ///< "diagonal", "points" (without lines, save that of the series "equal"), joined by spaces
};
std::string chart(const Chart& chart, const Table& table);

/// Return numbers in the form of tables: 1,234,567; 0.1235; 97.31 %; 1.5 GiB; 12.3 (MiB); 1:15 min. The result is ""
/// for anything but a number.
std::string whole(const nlohmann::json& value);
std::string number(const nlohmann::json& value, int digits = 4);
std::string percent(const nlohmann::json& value);
std::string bytes(const nlohmann::json& value);
std::string mebibytes(const nlohmann::json& value);
std::string seconds(const nlohmann::json& value);

/// Returns a text, a number, or several of them joined by commas; "" for null.
std::string words(const nlohmann::json& value);

}  // namespace graphsieve::html

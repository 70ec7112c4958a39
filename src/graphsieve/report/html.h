// Pieces of an HTML page. Every text that is not ours goes through escape().
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace graphsieve::html {

/// The text as it may stand between tags and in quoted attributes.
std::string escape(std::string_view text);

/// Cells are texts, escaped where the table is written. The first column names the row.
struct Table {
  std::string caption;
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
};
std::string table(const Table& table);

/// How page.js draws a table. Panels are charts of some of its columns; without scripts the table alone is seen.
struct Chart {
  std::string title;
  std::string kind;     ///< "line" over the first column; "bar", its texts; "curves": rows of a series, x, y
  std::string panels;   ///< "Loss:1;Metric:2,3", columns from 0; of curves "title"
  std::string options;  ///< of "stacked", "horizontal", "log", "unit" (0 to 1), "percent" (0 to 100),
                        ///< "diagonal", joined by spaces
};
std::string chart(const Chart& chart, const Table& table);

/// Figures for tables; "" for anything but a number. 1,234,567; 0.1235; 97.31 %; 1.5 GiB; 1:15 min.
std::string whole(const nlohmann::json& value);
std::string number(const nlohmann::json& value, int digits = 4);
std::string percent(const nlohmann::json& value);
std::string bytes(const nlohmann::json& value);
std::string mebibytes(const nlohmann::json& value);
std::string seconds(const nlohmann::json& value);

/// A text, a number, several joined by commas, or "".
std::string words(const nlohmann::json& value);

}  // namespace graphsieve::html

// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/report/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace graphsieve::html {
namespace {

using Json = nlohmann::json;

/// True if the cell is a number, with or without a unit. Numbers are aligned to the right of their column.
bool is_figure(std::string_view cell) {
  for (const std::string_view unit : {" %", " s", " min", " h", " B", " KiB", " MiB", " GiB", " TiB"})
    if (cell.ends_with(unit)) {
      cell.remove_suffix(unit.size());
      break;
    }
  return cell.find_first_not_of("0123456789.,:-+e %±") == std::string::npos &&
         cell.find_first_of("0123456789") != std::string::npos;
}

/// True if all cells of the column that are not empty are numbers.
bool is_figures(const Table& t, size_t column) {
  const auto fits = [column](const auto& row) {
    return column >= row.size() || row[column].empty() || is_figure(row[column]);
  };
  return column > 0 && std::all_of(t.rows.begin(), t.rows.end(), fits);
}

}  // namespace

/// Control characters other than line feed and tab become spaces, since HTML does not allow them.
std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? ' ' : c;
    }
  }
  return out;
}

/// The frame scrolls a wide table, and can be focused so that the keyboard can scroll it too.
std::string table(const Table& t) {
  std::string out = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"group\" "
      "aria-label=\"{0}\"><table><caption>{0}</caption>\n<thead><tr>",
      escape(t.caption));
  for (size_t c = 0; c < t.head.size(); ++c)
    out += fmt::format("<th scope=\"col\"{}>{}</th>", is_figures(t, c) ? " class=\"n\"" : "", escape(t.head[c]));
  out += "</tr></thead>\n<tbody>\n";
  for (const auto& row : t.rows) {
    out += "<tr>";
    for (size_t c = 0; c < row.size(); ++c) {
      if (c == 0)
        out += fmt::format("<th scope=\"row\">{}</th>", escape(row[c]));
      else
        out += fmt::format("<td{}>{}</td>", is_figure(row[c]) ? " class=\"n\"" : "", escape(row[c]));
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

/// page.js reads the attributes and draws the chart above the table.
std::string chart(const Chart& c, const Table& t) {
  return fmt::format(
      "<figure class=\"chart\" data-kind=\"{}\" data-panels=\"{}\" "
      "data-options=\"{}\"><figcaption>{}</figcaption>\n{}</figure>\n",
      c.kind, escape(c.panels), c.options, escape(c.title), table(t));
}

/// Inserts a comma before every third digit from the right.
std::string whole(const Json& value) {
  if (!value.is_number()) return "";
  const std::string digits = std::to_string(std::llround(value.get<double>()));
  std::string out;
  for (size_t i = 0; i < digits.size(); ++i) {
    const bool after_digit = !out.empty() && out.back() != '-';
    if (after_digit && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

std::string number(const Json& value, int digits) {
  return value.is_number() ? fmt::format("{:.{}g}", value.get<double>(), digits) : "";
}

std::string percent(const Json& value) {
  return value.is_number() ? fmt::format("{:.2f} %", 100 * value.get<double>()) : "";
}

/// Divides by 1024 until the number is below 1024.
std::string bytes(const Json& value) {
  if (!value.is_number()) return "";
  double b = value.get<double>();
  const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  int unit = 0;
  while (b >= 1024 && unit < 6) b /= 1024, ++unit;
  return fmt::format("{:.3g} {}", b, units[unit]);
}

std::string mebibytes(const Json& value) {
  return value.is_number() ? fmt::format("{:.1f}", value.get<double>() / 1048576) : "";
}

/// Up to two minutes in seconds, then in minutes, then in hours.
std::string seconds(const Json& value) {
  if (!value.is_number()) return "";
  const double s = value.get<double>();
  if (s < 120) return fmt::format("{:.3g} s", s);
  const auto whole = static_cast<int64_t>(std::llround(s));
  return whole < 3600 ? fmt::format("{}:{:02} min", whole / 60, whole % 60)
                      : fmt::format("{}:{:02}:{:02} h", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string words(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return "";
  if (!value.is_array()) return value.dump();
  std::string all;
  for (const Json& part : value) all += (all.empty() ? "" : ", ") + words(part);
  return all;
}

}  // namespace graphsieve::html

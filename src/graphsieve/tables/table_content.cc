// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/tables/table_content.h"

#include <algorithm>
#include <cctype>

#include "graphsieve/base/error.h"
#include "graphsieve/base/option.h"

namespace graphsieve {
namespace {

using namespace std::string_view_literals;

constexpr const char* kSaveAsUtf8 = "save it as CSV in UTF-8";

struct Content {
  std::string_view begins;
  const char* what;
};

constexpr Content kContents[] = {
    {"\x1f\x8b"sv, "holds gzip data; name it with .gz at the end (.csv.gz), or unpack it with gunzip"},
    {"\x28\xb5\x2f\xfd"sv, "holds zstd data; name it with .zst at the end (.csv.zst), or unpack it with unzstd"},
    {"\xfd\x37zXZ\0"sv, "holds xz data, which are not read; unpack it with unxz"},
    {"\x04\x22\x4d\x18"sv, "holds lz4 data, which are not read; unpack it with unlz4"},
    {"7z\xbc\xaf\x27\x1c"sv, "holds a 7z archive; unpack it"},
    {"PK\x03\x04"sv, "holds a zip archive or an Excel workbook; unpack the archive, or save the sheet as CSV"},
    {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"sv, "holds an old Excel workbook; save the sheet as CSV"},
    {"ARROW1\0"sv, "holds an Arrow (Feather) table; write it as Parquet, or as CSV"},
    {"\x93NUMPY"sv, "holds a NumPy array; write it as CSV, or give the .npz as GRAPH"},
    {"\x89HDF"sv, "holds HDF5 data; write the table as Parquet, or as CSV"},
    {"SQLite format 3\0"sv, "holds an SQLite database; write the table as CSV"},
    {"%PDF-"sv, "holds a PDF document; expected a table"},
};

bool begins_without_case(std::string_view text, std::string_view word) {
  return text.size() >= word.size() && std::equal(word.begin(), word.end(), text.begin(), [](char a, char b) {
           return a == static_cast<char>(std::tolower(static_cast<unsigned char>(b)));
         });
}

/// Returns the text without a byte order mark and white space at its beginning.
std::string_view without_margin(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text[0]))) text.remove_prefix(1);
  return text;
}

/// Returns a sentence about a text in UTF-16 or UTF-32, recognised by its byte order mark or its zero bytes, or "".
std::string wide_characters(std::string_view head) {
  if (head.starts_with("\xff\xfe\0\0"sv) || head.starts_with("\0\0\xfe\xff"sv))
    return str("is text in UTF-32; ", kSaveAsUtf8);
  if (head.starts_with("\xff\xfe"sv) || head.starts_with("\xfe\xff"sv)) return str("is text in UTF-16; ", kSaveAsUtf8);
  const size_t zero = head.find('\0');
  if (zero == std::string_view::npos) return "";
  size_t zeros[2] = {0, 0};
  for (size_t i = 0; i < head.size(); ++i) zeros[i % 2] += head[i] == '\0';
  if (std::max(zeros[0], zeros[1]) > head.size() / 4 && std::min(zeros[0], zeros[1]) == 0)
    return str("is text in UTF-16; ", kSaveAsUtf8);
  return str("holds a NUL byte (at byte ", zero, "), so that it is no text file; expected CSV in UTF-8");
}

/// Returns the first line without the texts in quotes.
std::string first_line(std::string_view head) {
  std::string line;
  bool quoted = false;
  for (const char c : head) {
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == '\n' || c == '\r')) break;
    if (!quoted) line += c;
  }
  return line;
}

/// Returns a sentence about cells that are separated by another character, or "": the line has no `delimiter`, but it
/// has the other character.
std::string other_delimiter(const std::string& line, char delimiter) {
  if (line.find(delimiter) != std::string::npos) return "";
  if (delimiter != '\t' && line.find('\t') != std::string::npos)
    return "has cells separated by tabs; name it .tsv, or save it with commas";
  if (delimiter != ',' && line.find(',') != std::string::npos)
    return "has cells separated by commas, not by tabs; name it .csv";
  for (const char* other : {";", "|"})
    if (line.find(other) != std::string::npos)
      return str("has cells separated by '", other, "'; give ", option("delimiter", str("'", other, "'")));
  return "";
}

}  // namespace

std::string other_content(std::string_view head) {
  for (const Content& content : kContents)
    if (head.starts_with(content.begins)) return content.what;
  if (head.size() > 4 && head.starts_with("BZh") && head.substr(4).starts_with("1AY&SY"))
    return "holds bzip2 data; name it with .bz2 at the end (.csv.bz2), or unpack it with bunzip2";
  // A text may begin with these four letters too. In Parquet, they are followed by a byte that no text has there.
  if (head.starts_with("PAR1") && head.size() > 4 && static_cast<unsigned char>(head[4]) < 0x20 && head[4] != '\n' &&
      head[4] != '\r' && head[4] != '\t')
    return "holds a Parquet table; name it .parquet";
  const std::string_view text = without_margin(head);
  for (const char* page : {"<!doctype html", "<html", "<head", "<body"})
    if (begins_without_case(text, page))
      return "holds a web page (HTML), which a download may give in place of the file; expected a table";
  if (begins_without_case(text, "<?xml")) return "holds XML; write the table as CSV";
  return "";
}

std::string not_csv(std::string_view head, char delimiter) {
  if (without_margin(head).empty() && head.size() < kContentBytes) return "is empty; expected a table";
  if (const std::string other = other_content(head); !other.empty()) return other;
  if (const std::string wide = wide_characters(head); !wide.empty()) return wide;
  return other_delimiter(first_line(head), delimiter);
}

}  // namespace graphsieve

// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/files/npy_header.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <cstring>
#include <limits>
#include <string_view>

#include "graphsieve/base/error.h"

namespace graphsieve {
namespace {

static_assert(std::endian::native == std::endian::little, "arrays are read as on little-endian machines");

/// Parses the Python dictionary literal of a header: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }. The
/// grammar is just what NumPy writes, with the keys in any order.
class HeaderText {
 public:
  HeaderText(std::string_view text, const std::string& where) : text_(text), where_(where) {}

  NpyHeader parse() {
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr")
        descr();
      else if (key == "fortran_order")
        header_.fortran_order = boolean();
      else if (key == "shape")
        shape();
      else
        fail(str("key '", key, "', expected descr, fortran_order and shape"));
      accept(',');
      ++keys_;
    }
    if (keys_ != 3 || header_.item_size == 0) fail("not the three keys descr, fortran_order and shape");
    return header_;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw Error(where_, ": .npy header: ", what); }

  /// Skips white space and returns the next character without consuming it; '\0' at the end.
  char peek() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  /// Consumes the next character and returns true if it is `c`.
  bool accept(char c) {
    if (peek() != c || c == '\0') return false;
    ++at_;
    return true;
  }

  void expect(char c) {
    if (!accept(c)) fail(str("expected '", c, "' at character ", at_, " of \"", text_.substr(0, 100), "\""));
  }

  std::string quoted() {
    const char quote = peek() == '"' ? '"' : '\'';
    expect(quote);
    const size_t end = text_.find(quote, at_);
    if (end == std::string_view::npos) fail("a quote is not closed");
    const std::string out(text_.substr(at_, end - at_));
    at_ = end + 1;
    return out;
  }

  bool boolean() {
    peek();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_, word.size()) != word) continue;
      at_ += word.size();
      return value;
    }
    fail("fortran_order is neither True nor False");
  }

  /// Parses a tuple of lengths: "()", "(3,)" or "(3, 4)".
  void shape() {
    header_.shape.clear();
    expect('(');
    while (!accept(')')) {
      if (!std::isdigit(static_cast<unsigned char>(peek()))) fail("shape is not a tuple of lengths");
      int64_t length = 0;
      for (; at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])); ++at_) {
        if (length > std::numeric_limits<int64_t>::max() / 16) fail("a length of the shape is too large");
        length = 10 * length + (text_[at_] - '0');
      }
      header_.shape.push_back(length);
      if (!accept(',') && peek() != ')') fail("shape is not a tuple of lengths");
    }
  }

  /// Parses a type: an optional byte order (< > | =), a letter and the bytes of an element.
  void descr() {
    if (peek() == '[') fail("a structured array, expected numbers");
    const std::string text = quoted();
    if (text == "|O" || text == "O") fail("an object array (Python objects), expected numbers");
    const size_t prefix = !text.empty() && std::strchr("<>|=", text[0]) != nullptr ? 1 : 0;
    const char order = prefix ? text[0] : '=';
    const std::string type = text.substr(prefix);
    const std::string_view known[] = {"b1", "?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"};
    for (const std::string_view name : known) {
      if (type != name) continue;
      header_.item_size = name == "?" ? 1 : name[1] - '0';
      const char c = name[0];
      header_.kind = c == 'i' ? NpyKind::kInt : c == 'u' ? NpyKind::kUint : c == 'f' ? NpyKind::kFloat : NpyKind::kBool;
      header_.swapped = order == '>' && header_.item_size > 1;
      return;
    }
    fail(str("type '", text, "', expected bool, int8 to int64, uint8 to uint64 or float16 to float64"));
  }

  std::string_view text_;
  const std::string& where_;
  size_t at_ = 0;
  int keys_ = 0;
  NpyHeader header_;
};

}  // namespace

size_t npy_header_size(std::span<const std::byte> file, const std::string& where) {
  const auto byte = [&](size_t i) { return std::to_integer<size_t>(file[i]); };
  if (file.size() < 10 || std::memcmp(file.data(), "\x93NUMPY", 6) != 0) throw Error(where, ": not a .npy array");
  if (byte(6) < 1 || byte(6) > 3) throw Error(where, ": .npy version ", byte(6), ", expected 1 to 3");
  // Six bytes of magic and two of version precede the header's length: 2 bytes in version 1, 4 bytes in versions 2 and
  // 3.
  const size_t start = byte(6) == 1 ? 10 : 12;
  if (file.size() < start) throw Error(where, ": .npy header is cut off");
  const size_t length = byte(8) + (byte(9) << 8);
  return start + length + (start == 12 ? (byte(10) << 16) + (byte(11) << 24) : 0);
}

NpyHeader parse_npy_header(std::span<const std::byte> file, const std::string& where) {
  const size_t end = npy_header_size(file, where), start = std::to_integer<int>(file[6]) == 1 ? 10 : 12,
               length = end - start;
  if (length > file.size() - start)
    throw Error(where, ": .npy header is cut off: ", length, " bytes promised, ", file.size() - start, " there");
  NpyHeader header = HeaderText({reinterpret_cast<const char*>(file.data()) + start, length}, where).parse();
  header.data_start = start + length;
  return header;
}

std::string npy_header_text(const std::string& descr, const std::vector<int64_t>& shape, size_t bytes) {
  std::string lengths;
  for (const int64_t length : shape) lengths += str(length, shape.size() == 1 ? "," : ", ");
  std::string text = str("{'descr': '", descr, "', 'fortran_order': False, 'shape': (", lengths, "), }");
  const size_t size = std::max(bytes, (10 + text.size() + 64) / 64 * 64);
  text.append(size - 11 - text.size(), ' ').push_back('\n');
  std::string head("\x93NUMPY\x01\x00", 8);
  head += static_cast<char>(text.size() & 255);
  head += static_cast<char>(text.size() >> 8);
  return head + text;
}

}  // namespace graphsieve

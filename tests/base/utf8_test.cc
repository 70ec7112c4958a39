// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/base/utf8.h"

#include <gtest/gtest.h>

#include "graphsieve/base/error.h"
#include "graphsieve/base/path_text.h"

namespace graphsieve {
namespace {

TEST(Utf8, FindsTheFirstByteThatIsNotUtf8) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("plain letters, more than eight"));
  EXPECT_TRUE(is_utf8("h\u00f6he \u20ac \U0001f600"));
  EXPECT_EQ(first_invalid_byte("eight ok \xe9"), 9u);
  for (const char* text :
       {"\xc3", "\x80", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80"})
    EXPECT_EQ(first_invalid_byte(text), 0u) << one_line(text);
}

TEST(Utf8, ShowsWhatWouldSteerATerminal) {
  EXPECT_EQ(one_line("h\u00f6he \\ \U0001f600"), "h\u00f6he \\ \U0001f600");
  EXPECT_EQ(one_line("a\nb\r\t\x1b[2J\x7f"), "a\\nb\\r\\t\\u001b[2J\\u007f");
  EXPECT_EQ(one_line("\u009b31m\u202eabc\u2066\u2028\u200f\u061c"), "\\u009b31m\\u202eabc\\u2066\\u2028\\u200f\\u061c");
  EXPECT_EQ(one_line("caf\xe9 \x9b"), "caf\\xe9 \\x9b");
  EXPECT_EQ(one_line(std::string_view("\0x", 2)), "\\u0000x");
  EXPECT_EQ(printable_lines("a\n\x1b"), "a\n\\u001b");
}

TEST(Utf8, CutsBetweenCharacters) {
  EXPECT_EQ(beginning("abc", 5), "abc");
  EXPECT_EQ(beginning("ab\u20ac", 4), "ab");
  EXPECT_EQ(beginning("ab\u20ac", 5), "ab\u20ac");
}

TEST(Utf8, AnErrorIsOneLineWhateverItsTextsHold) {
  const std::string id = "x\nerror: forged";
  EXPECT_STREQ(Error("no node '", id, "'\nof ours").what(), "no node 'x\\nerror: forged'\nof ours");
  EXPECT_STREQ(Error(std::filesystem::path("a\xff"), ": ", 3).what(), "a\\xff: 3");
}

TEST(PathText, GivesEveryPathBack) {
  for (const std::string path : {"", "runs/plain", "h\u00f6he", "caf\xe9/\xff\xfe", "\\x41", "\\\\x41", "a\\", "\\\xff",
                                 "\\x5\xff", "\xc3\\xa9"}) {
    const std::string text = path_text(path);
    EXPECT_TRUE(is_utf8(text)) << text;
    EXPECT_EQ(path_of_text(text).native(), path) << text;
  }
  EXPECT_EQ(path_text("caf\xe9"), "caf\\xe9");
  EXPECT_EQ(path_text("h\u00f6he\\dir"), "h\u00f6he\\dir");
  EXPECT_EQ(path_text("\\x41"), "\\x5cx41");
}

TEST(PathText, GivesEveryPairOfBytesBack) {
  for (int first = 1; first < 256; ++first)
    for (int second = 1; second < 256; ++second) {
      const std::string path = {static_cast<char>(first), static_cast<char>(second)};
      ASSERT_EQ(path_of_text(path_text(path)).native(), path) << first << ' ' << second;
    }
}

}  // namespace
}  // namespace graphsieve

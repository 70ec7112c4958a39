// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/base/spreadsheet_text.h"

#include <gtest/gtest.h>

namespace graphsieve {
namespace {

TEST(SpreadsheetText, MarksWhatWouldRunAndNothingElse) {
  for (const char* text : {"=1+1", "+1", "-x", "@SUM(A1)", "\t=1", "\r=1", "\n", "\uff1d1", "'=1", "''@"}) {
    EXPECT_EQ(spreadsheet_text(text), std::string("'") + text);
    EXPECT_EQ(text_of_spreadsheet(spreadsheet_text(text)), text);
  }
  for (const char* text : {"", "user-1", "'quoted'", "'", "a=b", "5", " =1"}) {
    EXPECT_EQ(spreadsheet_text(text), text);
    EXPECT_EQ(text_of_spreadsheet(text), text);
  }
}

}  // namespace
}  // namespace graphsieve

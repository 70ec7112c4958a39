// SPDX-License-Identifier: Apache-2.0
// What an Error said.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "graphsieve/base/error.h"

namespace graphsieve {

/// The message of the Error that `act` throws; a failure of the test if it throws none.
template <class Act>
std::string message_of(const Act& act) {
  try {
    act();
  } catch (const Error& e) {
    return e.what();
  }
  ADD_FAILURE() << "expected an Error";
  return "";
}

inline void expect_in(const std::string& part, const std::string& text) {
  EXPECT_NE(text.find(part), std::string::npos) << "expected '" << part << "' in: " << text;
}

}  // namespace graphsieve

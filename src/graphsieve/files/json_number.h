// SPDX-License-Identifier: Apache-2.0
// Numbers in JSON, which has no NaN and no infinity: null stands for them.
#pragma once

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace graphsieve {

inline nlohmann::json json_number(double x) { return std::isfinite(x) ? nlohmann::json(x) : nlohmann::json(nullptr); }

/// Returns the number, or NaN if the value is not a number.
inline double number_of(const nlohmann::json& json) {
  return json.is_number() ? json.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace graphsieve

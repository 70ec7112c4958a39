// SPDX-License-Identifier: Apache-2.0
// Numbers on the command line. The parser's own conversions read 010 as 8, numbers beyond 64 bits as the largest that
// fits, and 1e400 as infinity. With these functions, an option takes the number that was typed or refuses it.
#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <limits>

namespace graphsieve {

/// Returns a validator for Option::transform: decimal digits only, with a value from `least` to `most`.
CLI::Validator whole_number(uint64_t least = 0, uint64_t most = std::numeric_limits<int64_t>::max());

/// Returns a validator for Option::transform: a finite number from `least` to `most`.
CLI::Validator real_number(double least = std::numeric_limits<double>::lowest(),
                           double most = std::numeric_limits<double>::max());

/// Returns a validator for Option::transform: a number of bytes such as 1000, 512MiB or 4GiB, below 2^63.
CLI::Validator byte_count();

}  // namespace graphsieve

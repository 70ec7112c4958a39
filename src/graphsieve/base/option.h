// SPDX-License-Identifier: Apache-2.0
// Names of options in messages. A message of the library that advises an option is worded for the way in which the
// process uses the library: "--drop-dangling" on the command line, "drop_dangling" in Python and C++.
//
//   Error(file, ": no node has the id 7; ", option("drop_dangling"), " leaves such edges out")
#pragma once

#include <string>
#include <string_view>

#include "graphsieve/base/export.h"

namespace graphsieve {

/// How the process uses the library.
enum class FrontEnd { kLibrary, kCommandLine };

/// To be set once, at the beginning of the process. A process that does not set it uses the library from C++ or Python.
void set_front_end(FrontEnd front_end);

/// The option of a request's field, such as "drop_dangling".
GRAPHSIEVE_API std::string option(std::string_view field);
/// With its value: "--out runs/a", "out=runs/a".
GRAPHSIEVE_API std::string option(std::string_view field, std::string_view value);
/// A setting of a recipe: "--set estimator.restarts=4", "estimator.restarts=4".
std::string setting(std::string_view key, std::string_view value);

}  // namespace graphsieve

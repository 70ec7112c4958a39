// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/base/option.h"

#include <algorithm>
#include <atomic>

namespace graphsieve {
namespace {

std::atomic<FrontEnd> used_from = FrontEnd::kLibrary;

bool command_line() { return used_from == FrontEnd::kCommandLine; }

}  // namespace

void set_front_end(FrontEnd front_end) { used_from = front_end; }

std::string option(std::string_view field) {
  std::string text(field);
  if (!command_line()) return text;
  std::replace(text.begin(), text.end(), '_', '-');
  return "--" + text;
}

std::string option(std::string_view field, std::string_view value) {
  return option(field) + (command_line() ? ' ' : '=') + std::string(value);
}

std::string setting(std::string_view key, std::string_view value) {
  return std::string(command_line() ? "--set " : "").append(key).append("=").append(value);
}

}  // namespace graphsieve

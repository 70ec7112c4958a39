// SPDX-License-Identifier: Apache-2.0
#include "terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

namespace graphsieve {

bool stderr_is_terminal() {
  const char* term = std::getenv("TERM");
  return isatty(STDERR_FILENO) && term != nullptr && std::string(term) != "dumb";
}

int terminal_columns() {
  winsize size{};
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

std::string alarming(const std::string& text) {
  const char* no_color = std::getenv("NO_COLOR");
  const bool colour = stderr_is_terminal() && (no_color == nullptr || *no_color == '\0');
  return colour ? "\033[1;31m" + text + "\033[0m" : text;
}

void print_json(const nlohmann::json& value, int indent) {
  fmt::print("{}\n", value.dump(indent, ' ', true, nlohmann::json::error_handler_t::replace));
}

}  // namespace graphsieve

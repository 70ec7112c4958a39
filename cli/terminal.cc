#include "terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

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

std::string without_controls(std::string text) {
  for (char& c : text)
    if (c != '\n' && (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)) c = '?';
  return text;
}

}  // namespace graphsieve

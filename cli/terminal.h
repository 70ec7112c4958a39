// What stderr can show.
#pragma once

#include <string>

namespace graphsieve {

/// True if stderr is a terminal that can redraw a line.
bool stderr_is_terminal();

/// Columns of the terminal; 80 if it does not tell.
int terminal_columns();

/// The text in bold red, if stderr is a terminal and NO_COLOR is not set.
std::string alarming(const std::string& text);

/// The text with '?' for control characters, line ends aside: names in users' files may hold any.
std::string without_controls(std::string text);

}  // namespace graphsieve

// Ctrl-C and SIGTERM.
#pragma once

namespace graphsieve {

/// From now on the first SIGINT or SIGTERM is only remembered, and three seconds later loops in progress are left; a
/// second one ends the program at once.
void watch_for_stop();

/// The signal that came, or 0.
int stop_signal();

}  // namespace graphsieve

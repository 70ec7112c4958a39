// SPDX-License-Identifier: Apache-2.0
// Handling of Ctrl-C and SIGTERM.
#pragma once

namespace graphsieve {

/// Installs the handlers. The first SIGINT or SIGTERM is only recorded, and three seconds later parallel loops are
/// interrupted. A second signal ends the program at once.
void watch_for_stop();

/// Returns the signal that was received, or 0.
int stop_signal();

}  // namespace graphsieve

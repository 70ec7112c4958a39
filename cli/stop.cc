// SPDX-License-Identifier: Apache-2.0
#include "stop.h"

#include <unistd.h>

#include <csignal>
#include <initializer_list>

#include "graphsieve/base/abort.h"

namespace graphsieve {
namespace {

constexpr unsigned kPatience = 3;  ///< seconds that a step has to end by itself

volatile std::sig_atomic_t received = 0;

void leave(int) { request_abort(); }

/// Records the signal, starts the alarm, and restores the default action for a second signal.
void remember(int signal) {
  received = signal;
  alarm(kPatience);
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

}  // namespace

void watch_for_stop() {
  std::signal(SIGALRM, leave);
  struct sigaction action = {};
  action.sa_handler = remember;
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGINT, SIGTERM}) {
    struct sigaction old = {};
    sigaction(signal, nullptr, &old);
    if (old.sa_handler != SIG_IGN) sigaction(signal, &action, nullptr);  // nohup and background jobs keep ignoring it
  }
}

int stop_signal() { return received; }

}  // namespace graphsieve

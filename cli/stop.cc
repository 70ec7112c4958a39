#include "stop.h"

#include <unistd.h>

#include <csignal>
#include <initializer_list>

#include "graphsieve/base/abort.h"

namespace graphsieve {
namespace {

constexpr unsigned kPatience = 3;  ///< seconds for a step to end

volatile std::sig_atomic_t received = 0;

void leave(int) { request_abort(); }

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
    if (old.sa_handler != SIG_IGN) sigaction(signal, &action, nullptr);  // nohup and background jobs stay as they are
  }
}

int stop_signal() { return received; }

}  // namespace graphsieve

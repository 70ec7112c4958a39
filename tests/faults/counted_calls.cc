// SPDX-License-Identifier: Apache-2.0
#include "counted_calls.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace faults {
namespace {

enum class Kind { kErrno, kShort, kSignal, kCut };

struct Action {
  const char* name;
  int code;
  Kind kind;
};

constexpr Action kActions[] = {
    {"EACCES", EACCES, Kind::kErrno},
    {"EDQUOT", EDQUOT, Kind::kErrno},
    {"EINTR", EINTR, Kind::kErrno},
    {"EIO", EIO, Kind::kErrno},
    {"EMFILE", EMFILE, Kind::kErrno},
    {"EMLINK", EMLINK, Kind::kErrno},
    {"ENOLCK", ENOLCK, Kind::kErrno},
    {"ENOMEM", ENOMEM, Kind::kErrno},
    {"ENOSPC", ENOSPC, Kind::kErrno},
    {"EPERM", EPERM, Kind::kErrno},
    {"EROFS", EROFS, Kind::kErrno},
    {"SHORT", 0, Kind::kShort},
    {"CUT", 0, Kind::kCut},
    {"SIGINT", SIGINT, Kind::kSignal},
    {"SIGKILL", SIGKILL, Kind::kSignal},
    {"SIGTERM", SIGTERM, Kind::kSignal},
};

struct Options {
  char root[PATH_MAX] = "";
  size_t root_size = 0;
  char kinds[256] = "";
  long k = 0;
  bool stays = false;
  Action action = {"EIO", EIO, Kind::kErrno};
  int log = -1;
};

Options options;
std::atomic<long> count{0};
std::atomic<bool> is_read{false};

const char* variable(const char* name) {
  const char* value = getenv(name);
  return value ? value : "";
}

void read_options() {
  options = Options();
  snprintf(options.root, sizeof options.root, "%s", variable("FAILING_CALLS_ROOT"));
  options.root_size = strlen(options.root);
  snprintf(options.kinds, sizeof options.kinds, ",%s,", variable("FAILING_CALLS_KINDS"));
  options.k = atol(variable("FAILING_CALLS_K"));
  options.stays = *variable("FAILING_CALLS_STAYS") != '\0';
  for (const Action& action : kActions)
    if (strcmp(action.name, variable("FAILING_CALLS_ACTION")) == 0) options.action = action;
  if (const char* log = variable("FAILING_CALLS_LOG"); *log != '\0')
    options.log = static_cast<int>(syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  count = 0;
  is_read = true;
}

bool is_counted(const char* kind, const char* path) {
  if (options.root_size == 0 || strncmp(path, options.root, options.root_size) != 0) return false;
  if (path[options.root_size] != '/' || path[options.root_size + 1] == '\0') return false;
  char wanted[32];
  snprintf(wanted, sizeof wanted, ",%s,", kind);
  return strcmp(options.kinds, ",,") == 0 || strstr(options.kinds, wanted) != nullptr;
}

void log_call(long number, const char* kind, const char* path) {
  if (options.log < 0) return;
  char line[PATH_MAX + 64];
  const int size = snprintf(line, sizeof line, "%ld %s %s\n", number, kind, path);
  syscall(SYS_write, options.log, line, static_cast<size_t>(size));
}

/// The path of an open file, as the system has it; empty where there is none.
void path_of(int descriptor, char (&path)[PATH_MAX]) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  const ssize_t size = readlink(link, path, sizeof path - 1);
  path[size > 0 ? size : 0] = '\0';
}

/// For an absolute path; errno is that before the call.
Fault counted(const char* kind, const char* path, int error) {
  errno = error;
  if (!is_counted(kind, path)) return Fault::kNone;
  const long number = ++count;
  log_call(number, kind, path);
  errno = error;
  if (options.k == 0 || number < options.k || (number > options.k && !options.stays)) return Fault::kNone;
  switch (options.action.kind) {
    case Kind::kErrno:
      errno = options.action.code;
      return Fault::kFail;
    case Kind::kShort:
      return Fault::kShort;
    case Kind::kSignal:
      syscall(SYS_kill, getpid(), options.action.code);
      break;
    case Kind::kCut:
      syscall(SYS_truncate, path, 0);
      break;
  }
  errno = error;
  return Fault::kNone;
}

}  // namespace

extern "C" void failing_calls_restart() { read_options(); }

Fault fault_at(const char* kind, int folder, const char* path) {
  if (!is_read) read_options();
  if (options.root_size == 0) return Fault::kNone;
  const int error = errno;
  if (path == nullptr || *path == '/') return counted(kind, path ? path : "", error);
  char base[PATH_MAX] = "", whole[2 * PATH_MAX];
  if (folder != AT_FDCWD)
    path_of(folder, base);
  else if (getcwd(base, sizeof base) == nullptr)
    base[0] = '\0';
  snprintf(whole, sizeof whole, "%s/%s", base, path);
  return counted(kind, whole, error);
}

Fault fault_at(const char* kind, int descriptor) {
  if (!is_read) read_options();
  if (options.root_size == 0) return Fault::kNone;
  const int error = errno;
  char path[PATH_MAX];
  path_of(descriptor, path);
  return counted(kind, path, error);
}

}  // namespace faults

// SPDX-License-Identifier: Apache-2.0
// Loaded by LD_PRELOAD with FORK_SERVER=DESCRIPTOR in the environment: a program waits before its main() for requests
// on that socket, and calls main() in a forked child for each of them. A call then takes no time for loading libraries,
// which is most of a short run of a program that links torch.
//
// A request is the number of its bytes (uint32) and texts that end with NUL: working directory, file for stdout, file
// for stderr, number of arguments, arguments (the program's name first), then NAME=VALUE for the environment. The
// answer is the child's process number (int32) and, when it has ended, its status as waitpid has it (int32).
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <vector>

#include "counted_calls.h"

namespace {

using Main = int (*)(int, char**, char**);

Main program_main = nullptr;

bool receive(int socket, void* to, size_t size) {
  for (size_t done = 0; done < size;) {
    const ssize_t got = read(socket, static_cast<char*>(to) + done, size - done);
    if (got <= 0) return false;
    done += static_cast<size_t>(got);
  }
  return true;
}

void answer(int socket, int32_t value) {
  if (write(socket, &value, sizeof value) != sizeof value) _exit(2);
}

void redirect(const char* path, int descriptor, int flags) {
  const int opened = open(path, flags, 0644);
  if (opened < 0 || dup2(opened, descriptor) < 0) _exit(3);
  close(opened);
}

/// In the child: everything as the request says, then the program.
[[noreturn]] void call_main(std::vector<char*> texts) {
  if (chdir(texts[0]) != 0) _exit(3);
  redirect("/dev/null", 0, O_RDONLY);
  redirect(texts[1], 1, O_WRONLY | O_CREAT | O_TRUNC);
  redirect(texts[2], 2, O_WRONLY | O_CREAT | O_TRUNC);
  const size_t arguments = static_cast<size_t>(atoi(texts[3]));
  std::vector<char*> argv(texts.begin() + 4, texts.begin() + 4 + static_cast<ptrdiff_t>(arguments));
  for (size_t i = 4 + arguments; i < texts.size(); ++i) putenv(texts[i]);
  argv.push_back(nullptr);
  faults::failing_calls_restart();
  const int code = program_main(static_cast<int>(arguments), argv.data(), environ);
  fflush(nullptr);
  _exit(code);  // torch's destructors would take ten times as long as a short run
}

int serve(int, char**, char**) {
  const int socket = atoi(getenv("FORK_SERVER"));
  unsetenv("FORK_SERVER");
  for (uint32_t size = 0; receive(socket, &size, sizeof size);) {
    std::string request(size, '\0');
    if (!receive(socket, request.data(), size)) break;
    const pid_t child = fork();
    if (child == 0) {
      close(socket);
      std::vector<char*> texts;
      for (size_t at = 0; at < size; at += strlen(request.data() + at) + 1) texts.push_back(request.data() + at);
      call_main(texts);
    }
    answer(socket, child);
    int status = 0;
    waitpid(child, &status, 0);
    answer(socket, status);
  }
  _exit(0);
}

}  // namespace

extern "C" int __libc_start_main(Main main, int argc, char** argv, void (*init)(), void (*fini)(), void (*unload)(),
                                 void* stack_end) {
  using Start = int (*)(Main, int, char**, void (*)(), void (*)(), void (*)(), void*);
  const auto original = reinterpret_cast<Start>(dlsym(RTLD_NEXT, "__libc_start_main"));
  program_main = main;
  return original(getenv("FORK_SERVER") ? serve : main, argc, argv, init, fini, unload, stack_end);
}

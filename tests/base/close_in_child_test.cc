// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/base/close_in_child.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <string>

namespace graphsieve {
namespace {

/// True if a forked child has the descriptor open.
bool open_in_child(int descriptor) {
  const pid_t child = fork();
  if (child == 0) _exit(fcntl(descriptor, F_GETFD) >= 0 ? 1 : 0);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

TEST(CloseInChild, ALockEndsWithItsOwnerThoughAChildLives) {
  std::string name = ::testing::TempDir() + "lock-XXXXXX";
  const int owner = mkstemp(name.data()), other = open(name.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(flock(owner, LOCK_EX | LOCK_NB), 0);
  int go[2], ready[2];
  ASSERT_EQ(pipe(go), 0);
  ASSERT_EQ(pipe(ready), 0);
  char byte = 0;
  pid_t child = 0;
  {
    const CloseInChild closed(owner);
    EXPECT_FALSE(open_in_child(owner));
    child = fork();
    if (child == 0) {
      close(go[1]);
      if (write(ready[1], &byte, 1) != 1) _exit(1);
      _exit(read(go[0], &byte, 1) < 0 ? 1 : 0);  // until the parent closes its end
    }
  }
  ASSERT_EQ(read(ready[0], &byte, 1), 1);  // the child runs
  EXPECT_NE(flock(other, LOCK_EX | LOCK_NB), 0);
  close(owner);
  EXPECT_EQ(flock(other, LOCK_EX | LOCK_NB), 0);
  close(go[0]), close(go[1]), close(ready[0]), close(ready[1]);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(open_in_child(other));
  close(other);
  unlink(name.c_str());
}

TEST(CloseInChild, ADescriptorThatIsNoLongerNamedStaysOpen) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  std::optional<CloseInChild> first(std::in_place, ends[0]);
  EXPECT_FALSE(open_in_child(ends[0]));
  EXPECT_TRUE(open_in_child(ends[1]));
  first.reset();
  EXPECT_TRUE(open_in_child(ends[0]));
  close(ends[0]), close(ends[1]);
}

}  // namespace
}  // namespace graphsieve

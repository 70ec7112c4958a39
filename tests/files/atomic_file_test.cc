// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/files/atomic_file.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <iterator>

#include "temp_dir.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

TEST(AtomicFile, AppearsAtCommit) {
  const TempDir dir;
  {
    AtomicFile file(dir / "a.txt");
    file.write("hello ").write("world");
    EXPECT_FALSE(fs::exists(dir / "a.txt"));
    file.commit();
    EXPECT_EQ(read_text_file(dir / "a.txt"), "hello world");
    EXPECT_THROW(file.write("more"), Error);
    EXPECT_THROW(file.commit(), Error);
  }
  EXPECT_EQ(entry_count(dir.path()), 1);
}

TEST(AtomicFile, WithoutCommitTheOldFileStays) {
  const TempDir dir;
  write_text_file(dir / "a.txt", "old");
  {
    AtomicFile(dir / "a.txt").write("new");
  }
  EXPECT_EQ(read_text_file(dir / "a.txt"), "old");
  EXPECT_EQ(entry_count(dir.path()), 1);
  write_text_file(dir / "a.txt", "new");
  EXPECT_EQ(read_text_file(dir / "a.txt"), "new");
}

TEST(AtomicFile, LongerThanItsBuffer) {
  const TempDir dir;
  std::string text(1'000'003, 'x');
  for (size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i % 23);
  write_text_file(dir / "a.txt", text);
  EXPECT_EQ(read_text_file(dir / "a.txt"), text);
}

TEST(AtomicFile, ReplacesRegularFilesAlone) {
  const TempDir dir;
  write_text_file(dir / "precious", "text");
  fs::create_symlink("precious", dir / "link");
  fs::create_symlink("nothing", dir / "dangling");
  ASSERT_EQ(mkfifo((dir / "pipe").c_str(), 0600), 0);
  EXPECT_CONTAINS(error_of([&] { write_text_file(dir / "link", "x"); }), "link: is a symbolic link");
  EXPECT_CONTAINS(error_of([&] { write_text_file(dir / "dangling", "x"); }), "dangling: is a symbolic link");
  EXPECT_CONTAINS(error_of([&] { write_text_file(dir / "pipe", "x"); }), "pipe: is no regular file");
  EXPECT_EQ(read_text_file(dir / "precious"), "text");
  EXPECT_EQ(entry_count(dir.path()), 4);
}

TEST(AtomicFile, TakesOverWhatADeadWriterLeft) {
  const TempDir dir;
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    AtomicFile file(dir / "a.txt");
    file.write(std::string(1 << 20, 'x'));
    _exit(0);  // without a destructor
  }
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(fs::exists(dir / ".a.txt.graphsieve-partial"));
  write_text_file(dir / "a.txt", "short");
  EXPECT_EQ(read_text_file(dir / "a.txt"), "short");
  EXPECT_EQ(entry_count(dir.path()), 1);
}

TEST(AtomicFile, TwoWritersAtOnce) {
  const TempDir dir;
  AtomicFile first(dir / "a.txt"), second(dir / "a.txt");
  first.write("first");
  second.write("second");
  second.commit();
  EXPECT_EQ(read_text_file(dir / "a.txt"), "second");
  first.commit();
  EXPECT_EQ(read_text_file(dir / "a.txt"), "first");
  EXPECT_EQ(entry_count(dir.path()), 1);
}

TEST(AtomicFile, AForeignFileUnderThePartialNameStays) {
  const TempDir dir;
  write_text_file(dir / "precious", "text");
  fs::create_hard_link(dir / "precious", dir / ".a.txt.graphsieve-partial");
  fs::create_symlink("precious", dir / ".a.txt.graphsieve-partial-1");
  write_text_file(dir / "a.txt", "x");
  EXPECT_EQ(read_text_file(dir / "precious"), "text");
  EXPECT_EQ(read_text_file(dir / "a.txt"), "x");
}

TEST(AtomicFile, LongNames) {
  const TempDir dir;
  const std::string name(250, 'n');
  write_text_file(dir / name, "x");
  EXPECT_EQ(read_text_file(dir / name), "x");
  EXPECT_CONTAINS(error_of([&] { write_text_file(dir / std::string(256, 'n'), "x"); }), "File name too long");
}

TEST(AtomicFile, BadPlaces) {
  const TempDir dir;
  EXPECT_CONTAINS(error_of([&] { AtomicFile(dir / "no" / "a.txt"); }), (dir / "no" / "a.txt").string());
  EXPECT_CONTAINS(error_of([&] { AtomicFile(dir.path()); }), "is a folder");
  EXPECT_CONTAINS(error_of([&] { read_text_file(dir / "none"); }), "none: cannot be read: No such file");
  EXPECT_CONTAINS(error_of([&] { read_text_file(dir.path()); }), "is a folder");
}

// A full disk, played by a limit on the size of files, in a child process of its own.
TEST(AtomicFile, FullDiskIsAnErrorAndLeavesNothing) {
  const TempDir dir;
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100'000, 100'000};
    setrlimit(RLIMIT_FSIZE, &limit);
    const std::string text = error_of([&] { write_text_file(dir / "a.txt", std::string(1'000'000, 'x')); });
    _exit(text.find("a.txt: writing failed") == std::string::npos ? 1 : 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(entry_count(dir.path()), 0);
}

}  // namespace
}  // namespace graphsieve

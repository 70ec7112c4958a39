#include "graphsieve/io/atomic_file.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <iterator>

#include "temp_dir.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

int64_t entries(const fs::path& folder) {
  return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

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
  EXPECT_EQ(entries(dir.path()), 1);
}

TEST(AtomicFile, WithoutCommitTheOldFileStays) {
  const TempDir dir;
  write_text_file(dir / "a.txt", "old");
  {
    AtomicFile(dir / "a.txt").write("new");
  }
  EXPECT_EQ(read_text_file(dir / "a.txt"), "old");
  EXPECT_EQ(entries(dir.path()), 1);
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
  EXPECT_EQ(entries(dir.path()), 0);
}

TEST(AtomicFolder, AppearsAtCommit) {
  const TempDir dir;
  {
    AtomicFolder folder(dir / "runs" / "one/");
    EXPECT_EQ(folder.target(), dir / "runs" / "one");
    EXPECT_TRUE(folder.path().filename().string().starts_with(".one.partial-" + std::to_string(getpid())));
    write_text_file(folder.path() / "result.json", "{}");
    EXPECT_FALSE(fs::exists(dir / "runs" / "one"));
    folder.commit();
    EXPECT_THROW(folder.commit(), Error);
  }
  EXPECT_EQ(read_text_file(dir / "runs" / "one" / "result.json"), "{}");
  EXPECT_EQ(entries(dir / "runs"), 1);
}

TEST(AtomicFolder, WithoutCommitNothingIsLeft) {
  const TempDir dir;
  {
    AtomicFolder folder(dir / "one");
    write_text_file(folder.path() / "x", "y");
  }
  EXPECT_EQ(entries(dir.path()), 0);
}

TEST(AtomicFolder, ExistingTargets) {
  const TempDir dir;
  fs::create_directories(dir / "empty");
  fs::create_directories(dir / "run");
  write_text_file(dir / "run" / "result.json", "old");
  fs::create_directories(dir / "other");
  write_text_file(dir / "other" / "thesis.txt", "precious");
  write_text_file(dir / "file", "text");
  for (const std::string name : {"empty", "run", "other", "file"})
    EXPECT_CONTAINS(error_of([&] { AtomicFolder(dir / name); }), (dir / name).string() + ": exists already");
  EXPECT_CONTAINS(error_of([&] { AtomicFolder(dir / "other", true); }), "no result.json");
  EXPECT_CONTAINS(error_of([&] { AtomicFolder(dir / "file", true); }), "not a folder");
  for (const std::string name : {"empty", "run"}) {
    AtomicFolder folder(dir / name, true);
    write_text_file(folder.path() / "result.json", "new");
    folder.commit();
    EXPECT_EQ(read_text_file(dir / name / "result.json"), "new");
  }
  EXPECT_EQ(entries(dir.path()), 4);
}

TEST(AtomicFolder, TargetThatComesUpMeanwhileIsKept) {
  const TempDir dir;
  for (const bool overwrite : {false, true}) {
    AtomicFolder folder(dir / "one", overwrite);
    fs::create_directories(dir / "one");
    write_text_file(dir / "one" / "precious", "text");
    EXPECT_CONTAINS(error_of([&] { folder.commit(); }), (dir / "one").string());
    EXPECT_EQ(read_text_file(dir / "one" / "precious"), "text");
    fs::remove_all(dir / "one");
  }
}

TEST(AtomicFolder, ParentThatIsAFile) {
  const TempDir dir;
  write_text_file(dir / "file", "text");
  EXPECT_CONTAINS(error_of([&] { AtomicFolder(dir / "file" / "run"); }), "parent folder");
}

}  // namespace
}  // namespace graphsieve

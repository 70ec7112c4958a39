// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/files/atomic_folder.h"

#include <sys/wait.h>
#include <unistd.h>

#include <iterator>
#include <set>

#include "folder_testing.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

FolderRequest run_at(const fs::path& target, bool overwrite = false) {
  return {.target = target, .overwrite = overwrite};
}

/// Runs `work` in a child process that then dies without any destructor.
template <class Work>
void in_dying_child(const Work& work) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    work();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(AtomicFolder, AppearsAtCommit) {
  const TempDir dir;
  {
    AtomicFolder folder(run_at(dir / "runs" / "one/"));
    EXPECT_EQ(folder.target(), dir / "runs" / "one");
    EXPECT_EQ(folder.path().filename(), ".one.graphsieve-partial");
    write_text_file(folder.path() / "result.json", "{}");
    EXPECT_FALSE(fs::exists(dir / "runs" / "one"));
    folder.commit();
    EXPECT_THROW(folder.commit(), Error);
  }
  EXPECT_EQ(read_text_file(dir / "runs" / "one" / "result.json"), "{}");
  EXPECT_EQ(entry_count(dir / "runs"), 1);
}

TEST(AtomicFolder, WithoutCommitNothingIsLeft) {
  const TempDir dir;
  {
    AtomicFolder folder(run_at(dir / "one"));
    write_text_file(folder.path() / "x", "y");
  }
  EXPECT_EQ(entry_count(dir.path()), 0);
}

TEST(AtomicFolder, ExistingTargets) {
  const TempDir dir;
  fs::create_directories(dir / "empty");
  make_run(dir / "run");
  fs::create_directories(dir / "other");
  write_text_file(dir / "other" / "thesis.txt", "precious");
  write_text_file(dir / "file", "text");
  for (const std::string name : {"empty", "run", "other", "file"})
    EXPECT_CONTAINS(error_of([&] { AtomicFolder folder(run_at(dir / name)); }),
                    (dir / name).string() + ": exists already");
  EXPECT_CONTAINS(error_of([&] { AtomicFolder folder(run_at(dir / "other", true)); }),
                  "nothing in it shows that it is a run folder");
  EXPECT_CONTAINS(error_of([&] { AtomicFolder folder(run_at(dir / "file", true)); }), "no folder");
  for (const std::string name : {"empty", "run"}) {
    AtomicFolder folder(run_at(dir / name, true));
    write_text_file(folder.path() / "result.json", "new");
    folder.commit();
    EXPECT_EQ(read_text_file(dir / name / "result.json"), "new");
    EXPECT_EQ(entry_count(dir / name), 1);
  }
  EXPECT_EQ(entry_count(dir.path()), 4);
}

TEST(AtomicFolder, TargetThatComesUpMeanwhileIsKept) {
  const TempDir dir;
  for (const bool overwrite : {false, true}) {
    AtomicFolder folder(run_at(dir / "one", overwrite));
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
  EXPECT_CONTAINS(error_of([&] { AtomicFolder folder(run_at(dir / "file" / "run")); }), "parent folder");
}

TEST(AtomicFolder, ADeadWritersFolderIsTakenOver) {
  const TempDir dir;
  in_dying_child([&] {
    auto* folder = new AtomicFolder(run_at(dir / "one"));
    write_text_file(folder->path() / "predictions.csv", "half");
  });
  EXPECT_EQ(entry_count(dir.path()), 1);
  AtomicFolder folder(run_at(dir / "one"));
  EXPECT_TRUE(fs::is_empty(folder.path()));
  write_text_file(folder.path() / "result.json", "{}");
  folder.commit();
  EXPECT_EQ(entry_count(dir.path()), 1);
}

TEST(AtomicFolder, AForeignFolderUnderThePartialNameStays) {
  const TempDir dir;
  fs::create_directories(dir / ".one.graphsieve-partial");
  write_text_file(dir / ".one.graphsieve-partial" / "thesis.txt", "precious");
  AtomicFolder folder(run_at(dir / "one"));
  EXPECT_EQ(folder.path().filename(), ".one.graphsieve-partial-1");
  EXPECT_EQ(read_text_file(dir / ".one.graphsieve-partial" / "thesis.txt"), "precious");
}

TEST(AtomicFolder, NumbersAreGivenOnce) {
  const TempDir dir;
  fs::create_directories(dir / "run-2");
  fs::create_directories(dir / ".run-3.unfinished");
  const FolderRequest numbered{.target = dir / "run", .numbered = true};
  AtomicFolder first(numbered), second(numbered);
  EXPECT_EQ(first.target(), dir / "run-1");
  EXPECT_EQ(second.target(), dir / "run-4");
  second.commit();
  EXPECT_EQ(AtomicFolder(numbered).target(), dir / "run-5");
}

TEST(ResumableFolder, NumbersAreGivenOnceByProcessesAtOnce) {
  const TempDir dir;
  constexpr int kProcesses = 8;
  std::vector<pid_t> children;
  for (int p = 0; p < kProcesses; ++p) {
    children.push_back(fork());
    if (children.back() != 0) continue;
    const std::string failed = error_of([&] {
      ResumableFolder folder({.target = dir / "run", .numbered = true}, false);
      write_text_file(folder.path() / "result.json", std::to_string(p));
      folder.commit();
    });
    _exit(failed.empty() ? 0 : 1);
  }
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  std::set<std::string> written;
  for (int number = 1; number <= kProcesses; ++number)
    written.insert(read_text_file(dir / ("run-" + std::to_string(number)) / "result.json"));
  EXPECT_EQ(written.size(), static_cast<size_t>(kProcesses));
  EXPECT_EQ(entry_count(dir.path()), kProcesses);
}

TEST(ResumableFolder, GoesOnAndCommits) {
  const TempDir dir;
  in_dying_child([&] {
    auto* folder = new ResumableFolder(run_at(dir / "one"), false);
    write_text_file(folder->state() / "checkpoint-0.safetensors", "state");
    write_text_file(folder->path() / "split.json", "split");
    write_text_file(folder->path() / ".predictions.csv.graphsieve-partial", "half");
  });
  EXPECT_TRUE(has_unfinished(dir / "one"));
  EXPECT_CONTAINS(error_of([&] { ResumableFolder folder(run_at(dir / "one"), false); }), "an unfinished run is there");
  {
    ResumableFolder folder(run_at(dir / "one"), true);
    EXPECT_CONTAINS(error_of([&] { ResumableFolder other(run_at(dir / "one"), true); }), "another process");
    EXPECT_EQ(read_text_file(folder.path() / "split.json"), "split");
    EXPECT_FALSE(fs::exists(folder.path() / ".predictions.csv.graphsieve-partial"));
    folder.commit();
  }
  EXPECT_EQ(entry_count(dir.path()), 1);
  EXPECT_EQ(entry_count(dir / "one"), 1);
}

TEST(ResumableFolder, ForeignThingsUnderItsNameAreNeverTouched) {
  const TempDir dir;
  const fs::path unfinished = dir / ".one.unfinished";
  fs::create_directories(dir / "precious");
  write_text_file(dir / "precious" / "thesis.txt", "precious");
  const auto refused = [&](const std::string& why) {
    for (const bool resume : {false, true})
      for (const bool overwrite : {false, true})
        EXPECT_CONTAINS(error_of([&] { ResumableFolder folder(run_at(dir / "one", overwrite), resume); }), why);
  };
  fs::create_directory_symlink(dir / "precious", unfinished);
  refused("is no folder");
  EXPECT_EQ(read_text_file(dir / "precious" / "thesis.txt"), "precious");
  fs::remove(unfinished);

  fs::create_directories(unfinished / "checkpoint");
  write_text_file(unfinished / "checkpoint" / "lock", "");
  write_text_file(unfinished / "thesis.txt", "precious");
  refused("holds 'thesis.txt', which this program did not write");
  EXPECT_EQ(read_text_file(unfinished / "thesis.txt"), "precious");
  fs::remove_all(unfinished);

  fs::create_directories(unfinished);
  write_text_file(unfinished / "predictions.csv", "precious");
  refused("nothing shows that this program wrote them");
  EXPECT_EQ(read_text_file(unfinished / "predictions.csv"), "precious");
}

TEST(ResumableFolder, AnEmptyFolderOrOneWithTheLockAloneIsTaken) {
  const TempDir dir;
  for (const std::string inside : {"", "checkpoint", "checkpoint/lock"}) {
    fs::create_directories(dir / ".one.unfinished" / (inside.empty() ? "" : "checkpoint"));
    if (inside.ends_with("lock")) write_text_file(dir / ".one.unfinished" / inside, "");
    {
      ResumableFolder folder(run_at(dir / "one"), false);
    }
    EXPECT_EQ(entry_count(dir.path()), 0) << inside;
  }
}

TEST(ResumableFolder, AnOldRunLeftByAReplacingProcessIsTaken) {
  const TempDir dir;
  make_run(dir / ".one.unfinished");
  make_run(dir / "one");
  tidy_finished(dir / "one");
  EXPECT_EQ(entry_count(dir.path()), 1);
  make_run(dir / ".one.unfinished");
  {
    ResumableFolder folder(run_at(dir / "one", true), false);
  }
  EXPECT_EQ(entry_count(dir.path()), 1);
}

TEST(ResumableFolder, WhatIsLeftOfAFinishedRunIsTidied) {
  const TempDir dir;
  make_run(dir / "one");
  fs::create_directories(dir / "one" / "checkpoint");
  write_text_file(dir / "one" / "checkpoint" / "lock", "");
  write_text_file(dir / "one" / "checkpoint" / "checkpoint-0.safetensors", "state");
  tidy_finished(dir / "one");
  EXPECT_FALSE(fs::exists(dir / "one" / "checkpoint"));
  fs::create_directories(dir / ".one.unfinished" / "checkpoint");
  write_text_file(dir / ".one.unfinished" / "checkpoint" / "checkpoint-0.safetensors", "state");
  tidy_finished(dir / "one");
  EXPECT_TRUE(has_unfinished(dir / "one"));  // it can be resumed
}

}  // namespace
}  // namespace graphsieve

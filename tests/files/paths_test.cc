// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/files/paths.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "graphsieve/files/atomic_file.h"
#include "graphsieve/files/atomic_folder.h"
#include "graphsieve/files/foreign_error.h"
#include "graphsieve/files/input_file.h"
#include "graphsieve/files/mapped_file.h"
#include "temp_dir.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

const std::string kLong(256, 'n');
const std::string kShortened = std::string(40, 'n') + "..." + std::string(20, 'n');

TEST(Paths, LongNamesAreShortenedInMessages) {
  EXPECT_EQ(shown_path("a/b.npz"), "a/b.npz");
  EXPECT_EQ(shown_path("/a/" + kLong + "/b"), "/a/" + kShortened + "/b");
  const TempDir dir;
  const std::string expected = (dir / kShortened).string() + ": ";
  for (const auto& act : std::vector<std::function<void()>>{
           [&] { path_exists(dir / kLong); }, [&] { read_text_file(dir / kLong); },
           [&] { MappedFile::open(dir / kLong); }, [&] { make_folders(dir / kLong); },
           [&] { write_text_file(dir / kLong, ""); }, [&] { AtomicFolder folder({.target = dir / kLong}); }}) {
    const std::string message = error_of(act);
    EXPECT_EQ(message.find(expected), 0u) << message;
    EXPECT_CONTAINS(message, "File name too long");
  }
}

TEST(Paths, WhatIsNoFileIsSaid) {
  const TempDir dir;
  fs::create_directory(dir / "folder");
  ASSERT_EQ(mkfifo((dir / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(error_of([&] { read_text_file(dir / "folder"); }),
            (dir / "folder").string() + ": is a folder, expected a file");
  EXPECT_EQ(error_of([&] { read_text_file(dir / "pipe"); }), (dir / "pipe").string() + ": is a pipe, expected a file");
  EXPECT_EQ(error_of([&] { MappedFile::open(dir / "pipe"); }),
            (dir / "pipe").string() + ": is a pipe, expected a file");
  EXPECT_EQ(error_of([&] { read_text_file("/dev/zero"); }), "/dev/zero: is a device, expected a file");
  EXPECT_EQ(error_of([&] { read_text_file(dir / "none"); }),
            (dir / "none").string() + ": cannot be read: No such file or directory");
  EXPECT_CONTAINS(error_of([&] { read_text_file("/proc/self/mem"); }),
                  "/proc/self/mem: reading failed: Input/output error");
  EXPECT_CONTAINS(error_of([&] { folder_entries(dir / "none"); }), "none: cannot be listed: No such file");
  EXPECT_CONTAINS(error_of([&] { file_bytes(dir / "none"); }), "none: cannot be read: No such file");
  EXPECT_CONTAINS(error_of([&] { make_folders(dir / "pipe" / "x"); }), "Not a directory");
}

TEST(Paths, LargeFilesAreRefusedWhereSmallOnesAreExpected) {
  const TempDir dir;
  write_text_file(dir / "text", std::string(200000, 'x'));
  EXPECT_EQ(read_text_file(dir / "text").size(), 200000u);
  EXPECT_EQ(error_of([&] { read_text_file(dir / "text", 1000); }),
            (dir / "text").string() + ": has 200000 bytes, expected at most 1000");
}

TEST(Paths, CopiesAreCompleteAndFailuresNameTheCopy) {
  const TempDir dir;
  const std::string text(3000000, 'y');
  write_text_file(dir / "from", text);
  duplicate_file(dir / "from", dir / "to");
  EXPECT_EQ(read_text_file(dir / "to"), text);
  EXPECT_CONTAINS(error_of([&] { duplicate_file(dir / "from", dir / "no folder" / "to"); }), "no folder/to");
}

TEST(Paths, TheSamePlaceByAnySpelling) {
  const TempDir dir;
  write_text_file(dir / "a", "");
  fs::create_directory(dir / "folder");
  fs::create_symlink(dir / "folder", dir / "link");
  fs::create_hard_link(dir / "a", dir / "b");
  EXPECT_TRUE(same_place(dir / "a", dir / "folder" / ".." / "a"));
  EXPECT_TRUE(same_place(dir / "a", dir / "b"));
  EXPECT_TRUE(same_place(dir / "new", dir / "." / "new"));
  EXPECT_TRUE(same_place(dir / "folder" / "new", dir / "link" / "new"));
  EXPECT_TRUE(same_place(dir / "folder", dir / "folder/"));
  EXPECT_FALSE(same_place(dir / "a", dir / "new"));
  EXPECT_FALSE(same_place(dir / "folder" / "new", dir / "new"));
}

TEST(ForeignErrors, AreSentences) {
  EXPECT_EQ(sentence_of(Error("f: wrong")), "f: wrong");
  EXPECT_EQ(sentence_of(std::bad_alloc()), "out of memory");
  EXPECT_EQ(sentence_of(std::runtime_error("[enforce fail at alloc_cpu.cpp:118] err == 0. DefaultCPUAllocator: can't "
                                           "allocate memory: you tried to allocate 8 bytes.\nframe #0")),
            "out of memory");
  EXPECT_EQ(
      sentence_of(fs::filesystem_error("cannot copy", "/a/b", std::make_error_code(std::errc::permission_denied))),
      "/a/b: Permission denied");
  EXPECT_EQ(sentence_of(std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again))),
            "the system refused: Resource temporarily unavailable");
  try {
    nlohmann::json::parse("{").dump();
  } catch (const std::exception& e) {
    EXPECT_EQ(sentence_of(e).find("internal error: "), 0u);
    EXPECT_EQ(sentence_of(e).find("json.exception"), std::string::npos);
  }
  EXPECT_EQ(sentence_of(std::runtime_error("odd\ntrace")),
            "internal error: odd; please report it, with the command and its input");
}

}  // namespace
}  // namespace graphsieve

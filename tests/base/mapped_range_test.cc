// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/base/mapped_range.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <string>

#include "graphsieve/base/error.h"
#include "graphsieve/base/parallel.h"

namespace graphsieve {
namespace {

constexpr size_t kBytes = size_t{1} << 16;

/// A file of ones without a name, mapped.
class Mapped {
 public:
  Mapped() {
    char name[] = "/tmp/mapped-range-XXXXXX";
    file_ = mkstemp(name);
    unlink(name);
    const std::string ones(kBytes, '\1');
    EXPECT_EQ(write(file_, ones.data(), kBytes), static_cast<ssize_t>(kBytes));
    data_ = static_cast<const char*>(mmap(nullptr, kBytes, PROT_READ, MAP_SHARED, file_, 0));
    range_ = std::make_unique<MappedRange>(data_, kBytes, dup(file_), "some/file");
  }
  ~Mapped() {
    range_.reset();
    munmap(const_cast<char*>(data_), kBytes);
    close(file_);
  }
  void cut(off_t bytes) { EXPECT_EQ(ftruncate(file_, bytes), 0); }
  char operator[](size_t i) const { return static_cast<const volatile char*>(data_)[i]; }

 private:
  int file_;
  const char* data_;
  std::unique_ptr<MappedRange> range_;
};

std::string problem() {
  try {
    require_mapped_files();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

class MappedRangeTest : public testing::Test {
 protected:
  void SetUp() override { watch_mapped_files(); }
  void TearDown() override { forget_lost_files(); }
};

TEST_F(MappedRangeTest, ReadsBeyondTheNewEndGiveZerosAndAnError) {
  {
    Mapped file;
    EXPECT_EQ(problem(), "");
    file.cut(4096);
    EXPECT_EQ(file[100], 1);
    EXPECT_EQ(file[5000], 0);
    EXPECT_EQ(file[kBytes - 1], 0);
    EXPECT_TRUE(mapped_file_lost());
    EXPECT_EQ(problem(), "some/file: became shorter while it was in use: 4096 bytes, before 65536");
    forget_lost_files();
    EXPECT_NE(problem(), "") << "it is still mapped";
    EXPECT_THROW(parallel_for(3, [](int64_t) {}), Error);
  }
  EXPECT_NE(problem(), "") << "what was computed may still be published";
  forget_lost_files();
  EXPECT_EQ(problem(), "");
  EXPECT_FALSE(mapped_file_lost());
  EXPECT_NO_THROW(parallel_for(3, [](int64_t) {}));
}

TEST_F(MappedRangeTest, LessThanAPageIsNoticedToo) {
  {
    Mapped file;
    file.cut(kBytes - 10);
    EXPECT_EQ(file[kBytes - 1], 0);
  }
  EXPECT_EQ(problem(), "some/file: became shorter while it was in use: 65526 bytes, before 65536");
}

TEST_F(MappedRangeTest, ManyThreadsMeetTheEndAtOnce) {
  Mapped file;
  file.cut(0);
  EXPECT_THROW(parallel_for(64, [&](int64_t i) { EXPECT_EQ(file[static_cast<size_t>(i) * 1024], 0); }), Error);
}

using MappedRangeDeathTest = MappedRangeTest;

TEST_F(MappedRangeDeathTest, OtherFaultsStillEndTheProcess) {
  EXPECT_EXIT(raise(SIGBUS), testing::KilledBySignal(SIGBUS), "");
  EXPECT_EXIT(
      {
        Mapped other;
        const int file = open("/tmp", O_TMPFILE | O_RDWR, 0600);
        const auto* data = static_cast<const volatile char*>(mmap(nullptr, 4096, PROT_READ, MAP_SHARED, file, 0));
        _exit(data[0]);
      },
      testing::KilledBySignal(SIGBUS), "");
}

}  // namespace
}  // namespace graphsieve

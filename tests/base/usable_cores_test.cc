// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/base/usable_cores.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <stdlib.h>

#include <fstream>
#include <map>
#include <string>
#include <thread>

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

class Cgroups : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "cgroups-XXXXXX").string();
    root_ = mkdtemp(name.data());
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const fs::path& file, const std::string& text) {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }

  void version_2(const std::string& path, const std::string& mounted = "/") {
    write("proc/self/cgroup", "0::" + path + "\n");
    write("proc/self/mountinfo",
          "24 1 0:22 / /proc rw - proc proc rw\n"
          "30 24 0:26 " +
              mounted + " /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n");
  }

  void version_1(const std::string& path, const std::string& mounted = "/") {
    write("proc/self/cgroup", "5:memory:/elsewhere\n4:cpu,cpuacct:" + path + "\n1:cpuset:/elsewhere\n");
    write("proc/self/mountinfo",
          "31 24 0:27 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
          "32 24 0:28 " +
              mounted + " /sys/fs/cgroup/cpu\\040time rw shared:10 - cgroup cgroup rw,cpuacct,cpu\n");
  }

  int cores() const { return cgroup_cores(root_); }

  fs::path root_;
};

TEST_F(Cgroups, NoFilesAreNoQuota) { EXPECT_EQ(cores(), 0); }

TEST_F(Cgroups, Version2RoundsUp) {
  version_2("/user/job");
  write("sys/fs/cgroup/user/job/cpu.max", "max 100000\n");
  EXPECT_EQ(cores(), 0);
  for (const auto& [text, expected] : std::map<std::string, int>{
           {"150000 100000\n", 2}, {"200000 100000\n", 2}, {"1000 100000\n", 1}, {"500000 50000\n", 10}}) {
    write("sys/fs/cgroup/user/job/cpu.max", text);
    EXPECT_EQ(cores(), expected) << text;
  }
}

TEST_F(Cgroups, Version2TakesTheSmallestOfAllCgroupsAbove) {
  version_2("/user/job");
  write("sys/fs/cgroup/user/job/cpu.max", "800000 100000\n");
  write("sys/fs/cgroup/user/cpu.max", "300000 100000\n");
  EXPECT_EQ(cores(), 3);
  write("sys/fs/cgroup/cpu.max", "100000 100000\n");
  EXPECT_EQ(cores(), 1);
}

TEST_F(Cgroups, AContainersMountShowsItsOwnCgroup) {
  version_2("/docker/abc/inner", "/docker/abc");
  write("sys/fs/cgroup/cpu.max", "400000 100000\n");
  EXPECT_EQ(cores(), 4);
  write("sys/fs/cgroup/inner/cpu.max", "200000 100000\n");
  EXPECT_EQ(cores(), 2);
  for (const std::string path : {"/", "/../other", "/docker/another"}) {
    version_2(path, "/docker/abc");
    EXPECT_EQ(cores(), 4) << path;
  }
  version_2("/../other");
  EXPECT_EQ(cores(), 4);
}

TEST_F(Cgroups, Version1) {
  version_1("/batch/job");
  const fs::path top = "sys/fs/cgroup/cpu time";
  write(top / "batch/job/cpu.cfs_quota_us", "-1\n");
  write(top / "batch/job/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cores(), 0);
  write(top / "batch/cpu.cfs_quota_us", "250000\n");
  write(top / "batch/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cores(), 3);
  write("sys/fs/cgroup/cpuset/cpu.cfs_quota_us", "100000\n");  // of another hierarchy
  write("sys/fs/cgroup/cpuset/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cores(), 3);
  version_1("/docker/abc", "/docker/abc");
  write(top / "cpu.cfs_quota_us", "50000\n");
  write(top / "cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cores(), 1);
}

TEST_F(Cgroups, FilesThatMakeNoSenseAreNoQuota) {
  version_2("/job");
  for (const char* text :
       {"", "\n", "junk\n", "100000\n", "0 100000\n", "100000 0\n", "-5 100000\n", "1e300 1\n", "nan nan\n"}) {
    write("sys/fs/cgroup/job/cpu.max", text);
    EXPECT_EQ(cores(), 0) << text;
  }
  write("proc/self/cgroup", "junk\n\n:\n::\n0::\n");
  write("proc/self/mountinfo", "junk\n - \n30 24 0:26 - cgroup2\n30 24 0:26 / /x\\04 rw - cgroup2 c rw\n");
  EXPECT_EQ(cores(), 0);
}

TEST(DefaultThreads, FollowTheEnvironment) {
  using Variables = std::map<std::string, std::string>;
  const auto threads = [](const Variables& set) {
    return default_threads(8, [&](const char* name) {
      const auto found = set.find(name);
      return found == set.end() ? nullptr : found->second.c_str();
    });
  };
  EXPECT_EQ(threads({}), 8);
  for (const auto& [value, expected] : std::map<std::string, int>{{"1", 1},
                                                                  {"3", 3},
                                                                  {" 3 ", 3},
                                                                  {"4,2", 4},
                                                                  {"12", 8},
                                                                  {"99999999999999999999", 8},
                                                                  {"", 8},
                                                                  {"0", 8},
                                                                  {"-2", 8},
                                                                  {"-99999999999999999999", 8},
                                                                  {"junk", 8},
                                                                  {"4x", 8},
                                                                  {",2", 8},
                                                                  {" ", 8}})
    EXPECT_EQ(threads({{"OMP_NUM_THREADS", value}}), expected) << '"' << value << '"';
  EXPECT_EQ(threads({{"OMP_NUM_THREADS", "1"}, {"LOCAL_WORLD_SIZE", "2"}, {"TORCHELASTIC_RUN_ID", "none"}}), 4);
  EXPECT_EQ(threads({{"OMP_NUM_THREADS", "2"}, {"LOCAL_WORLD_SIZE", "2"}}), 2);
  EXPECT_EQ(threads({{"OMP_NUM_THREADS", "1"}, {"LOCAL_WORLD_SIZE", "3"}}), 2);
  EXPECT_EQ(threads({{"OMP_NUM_THREADS", "1"}, {"LOCAL_WORLD_SIZE", "1"}}), 8);
  EXPECT_EQ(threads({{"LOCAL_WORLD_SIZE", "16"}}), 1);
  EXPECT_EQ(threads({{"OMP_NUM_THREADS", "1"}, {"LOCAL_WORLD_SIZE", "junk"}}), 1);
}

TEST(UsableCores, AreThoseOfTheAffinityMask) {
  std::thread([] {  // a thread has a mask of its own
    cpu_set_t all, one;
    ASSERT_EQ(sched_getaffinity(0, sizeof all, &all), 0);
    int first = 0;
    while (!CPU_ISSET(first, &all)) ++first;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
    EXPECT_EQ(usable_cores(), 1);
  })
      .join();
  EXPECT_GE(usable_cores(), 1);
}

}  // namespace
}  // namespace graphsieve

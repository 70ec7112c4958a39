// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/base/usable_cores.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

constexpr double kNoQuota = std::numeric_limits<double>::infinity();

/// The cgroup of the process in one hierarchy, and the folder where that hierarchy is mounted.
struct Cgroup {
  bool version_2 = false;
  fs::path mount_point;  ///< without its leading slash
  std::string mounted;   ///< the cgroup that the mount point shows
  std::string path;      ///< the process's cgroup, from the top of the hierarchy as `mounted` is
};

/// True if the comma-separated list has the item `wanted`.
bool holds(const std::string& list, std::string_view wanted) {
  std::istringstream items(list);
  for (std::string item; std::getline(items, item, ',');)
    if (item == wanted) return true;
  return false;
}

/// Returns a text of mountinfo without its escapes: a space is written there as \040, and a few other characters
/// likewise.
std::string unescaped(const std::string& text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    int code = 0;
    const char* digits = text.data() + i + 1;
    const bool escape =
        text[i] == '\\' && i + 3 < text.size() && std::from_chars(digits, digits + 3, code, 8).ptr == digits + 3;
    plain += escape ? static_cast<char>(code) : text[i];
    if (escape) i += 3;
  }
  return plain;
}

/// Returns the mounts of the cgroup hierarchies that can have a CPU quota; `path` stays empty. A line of mountinfo is
/// "ID PARENT MAJOR:MINOR MOUNTED MOUNT_POINT OPTIONS [OPTIONAL]... - TYPE SOURCE SUPER_OPTIONS".
std::vector<Cgroup> mounts(const fs::path& root) {
  std::vector<Cgroup> found;
  std::ifstream file(root / "proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    std::istringstream first(line.substr(0, dash)), second(line.substr(dash + 3));
    std::string skipped, mounted, mount_point, type, source, options;
    first >> skipped >> skipped >> skipped >> mounted >> mount_point;
    second >> type >> source >> options;
    const bool version_2 = type == "cgroup2";
    if (mount_point.empty() || !(version_2 || (type == "cgroup" && holds(options, "cpu")))) continue;
    found.push_back({version_2, fs::path(unescaped(mount_point)).relative_path(), unescaped(mounted), ""});
  }
  return found;
}

/// Returns the process's cgroup in each of these hierarchies. A line of proc/self/cgroup is "0::PATH" for version 2 and
/// "ID:CONTROLLERS:PATH" for version 1.
std::vector<Cgroup> cgroups(const fs::path& root) {
  std::vector<Cgroup> all = mounts(root);
  std::ifstream file(root / "proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    for (Cgroup& cgroup : all)
      if (cgroup.version_2 ? controllers.empty() : holds(controllers, "cpu")) cgroup.path = line.substr(second + 1);
  }
  return all;
}

double quotient(double quota, double period) { return quota > 0 && period > 0 ? quota / period : kNoQuota; }

/// Returns the number of cores that the quota in one cgroup's folder allows; infinite if there is none.
double quota_of(const fs::path& folder, bool version_2) {
  double quota = 0, period = 0;
  if (version_2) {  // "max 100000", which reads as no number, or "150000 100000"
    std::ifstream(folder / "cpu.max") >> quota >> period;
  } else {  // -1: no quota
    std::ifstream(folder / "cpu.cfs_quota_us") >> quota;
    std::ifstream(folder / "cpu.cfs_period_us") >> period;
  }
  return quotient(quota, period);
}

/// Returns the smallest quota of a cgroup and of the cgroups above it, up to the cgroup that the mount point shows. In
/// a container, the path may lie outside the mount ("/docker/ID", "/../ID"). The mount then shows the container's own
/// cgroup, and only its quota counts.
double smallest_quota(const Cgroup& cgroup, const fs::path& root) {
  const fs::path mount_point = root / cgroup.mount_point;
  double smallest = quota_of(mount_point, cgroup.version_2);
  const fs::path below = fs::path(cgroup.path).lexically_relative(cgroup.mounted);
  if (below.empty() || *below.begin() == "..") return smallest;
  fs::path folder = mount_point;
  for (const fs::path& part : below) {
    if (part == "..") break;
    folder /= part;
    smallest = std::min(smallest, quota_of(folder, cgroup.version_2));
  }
  return smallest;
}

/// Returns the number at the beginning of a text if the text ends after it, or goes on with a comma, a space or a tab.
/// Returns 0 for any other text and for a number below 1, and the largest int for a number that is too large.
int first_number(const char* text) {
  if (!text) return 0;
  const std::string_view all(text);
  const size_t start = std::min(all.find_first_not_of(" \t"), all.size());
  int number = 0;
  const auto [end, error] = std::from_chars(all.data() + start, all.data() + all.size(), number);
  const bool ends = end == all.data() + all.size() || *end == ',' || *end == ' ' || *end == '\t';
  if (error == std::errc::result_out_of_range && ends) return all[start] == '-' ? 0 : std::numeric_limits<int>::max();
  return error == std::errc() && ends && number > 0 ? number : 0;
}

/// Returns the number of cores in the process's affinity mask. The size that the kernel needs for the mask is not
/// known, so the mask is doubled until the call succeeds.
int affinity_cores() {
  for (int cores = 1024; cores <= 1 << 20; cores *= 2) {
    cpu_set_t* mask = CPU_ALLOC(cores);
    if (!mask) break;
    const size_t bytes = CPU_ALLOC_SIZE(cores);
    const bool known = sched_getaffinity(0, bytes, mask) == 0;  // fails if the machine has more cores than the mask
    const int count = known ? CPU_COUNT_S(bytes, mask) : 0;
    CPU_FREE(mask);
    if (known) return std::max(1, count);
  }
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace

int cgroup_cores(const fs::path& root) {
  double smallest = kNoQuota;
  for (const Cgroup& cgroup : cgroups(root)) smallest = std::min(smallest, smallest_quota(cgroup, root));
  if (smallest >= std::numeric_limits<int>::max()) return 0;
  return static_cast<int>(std::ceil(smallest));
}

int usable_cores() {
  const int cores = affinity_cores(), allowed = cgroup_cores();
  return allowed > 0 ? std::min(cores, allowed) : cores;
}

int default_threads(int cores, const Environment& environment) {
  const int processes = first_number(environment("LOCAL_WORLD_SIZE")),
            wanted = first_number(environment("OMP_NUM_THREADS"));
  int threads = std::max(1, cores / std::max(1, processes));
  if (wanted > 1 || (wanted == 1 && processes == 0)) threads = std::min(threads, wanted);
  return threads;
}

int default_threads() {
  return default_threads(usable_cores(), [](const char* name) { return std::getenv(name); });
}

}  // namespace graphsieve

// Number of cores that this process may use, which in containers and under batch systems is less than the machine has.
#pragma once

#include <filesystem>
#include <functional>

namespace graphsieve {

/// Cores that the CPU quotas of the process's cgroups allow, rounded up: the smallest quota of its own cgroup and of
/// every cgroup above, of versions 1 (cpu.cfs_quota_us) and 2 (cpu.max). 0 where there is no quota, or none that can be
/// read. Reads proc/self/cgroup, proc/self/mountinfo and the mounts that the latter names, all below `root`.
int cgroup_cores(const std::filesystem::path& root = "/");

/// Cores of the process's affinity mask (sched_getaffinity), at most cgroup_cores() where that is not 0. At least 1.
int usable_cores();

/// Value of an environment variable, or a null pointer: std::getenv, or a test's own.
using Environment = std::function<const char*(const char* name)>;

/// Threads that a process with so many usable cores should start by default; at least 1.
/// - LOCAL_WORLD_SIZE, which torchrun sets, is the number of processes that share the cores: each takes its part.
/// - OMP_NUM_THREADS is an upper limit; of a list such as "4,2" the first number counts, and what is not a number from
/// 1 is
///   ignored. Its value 1 beside LOCAL_WORLD_SIZE is ignored too, since torchrun sets it where the user has not.
int default_threads(int cores, const Environment& environment);

/// The same of usable_cores() and the process's environment.
int default_threads();

}  // namespace graphsieve

// SPDX-License-Identifier: Apache-2.0
// The number of cores that this process may use. In containers and batch systems it is smaller than the machine's
// number.
#pragma once

#include <filesystem>
#include <functional>

namespace graphsieve {

/// Returns the number of cores that the CPU quotas of the process's cgroups allow, rounded up: the smallest quota of
/// its own cgroup and of every cgroup above it, of version 1 (cpu.cfs_quota_us) and version 2 (cpu.max). Returns 0 if
/// no quota is set or none can be read. Reads proc/self/cgroup, proc/self/mountinfo and the mounts that the latter
/// names, all below `root`.
int cgroup_cores(const std::filesystem::path& root = "/");

/// Returns the number of cores in the process's affinity mask (sched_getaffinity), limited to cgroup_cores() if that is
/// not 0. At least 1.
int usable_cores();

/// Returns the value of an environment variable, or a null pointer if it is not set: std::getenv, or a test's own
/// function.
using Environment = std::function<const char*(const char* name)>;

/// Returns the number of threads that a process with `cores` usable cores should start by default; at least 1.
/// - LOCAL_WORLD_SIZE, which torchrun sets, is the number of processes that share the cores. Each process gets an
///   equal part of them.
/// - OMP_NUM_THREADS is an upper limit. If it is a list such as "4,2", its first number counts. A value that is not a
///   number of at least 1 is ignored. The value 1 is also ignored if LOCAL_WORLD_SIZE is set, since torchrun sets it if
///   the user has not.
int default_threads(int cores, const Environment& environment);

/// Returns default_threads(usable_cores(), environment) with the environment of the process.
int default_threads();

}  // namespace graphsieve

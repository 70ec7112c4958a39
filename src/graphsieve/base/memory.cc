// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/base/memory.h"

#include <fstream>
#include <string>

namespace graphsieve {
namespace {

/// Returns the value of a line "Name:   123 kB" of /proc/self/status, in bytes; 0 if there is no such line.
int64_t status_bytes(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.compare(0, name.size(), name) == 0) return std::stoll(line.substr(name.size())) * 1024;
  return 0;
}

}  // namespace

int64_t resident_bytes() { return status_bytes("VmRSS:"); }

int64_t peak_resident_bytes() { return status_bytes("VmHWM:"); }

int64_t anonymous_bytes() { return status_bytes("RssAnon:"); }

bool reset_peak_resident() {
  std::ofstream clear("/proc/self/clear_refs");
  return static_cast<bool>(clear << "5" << std::flush);
}

}  // namespace graphsieve

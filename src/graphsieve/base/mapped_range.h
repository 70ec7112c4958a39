// SPDX-License-Identifier: Apache-2.0
// Protection against mapped files that become shorter while they are in use. The system answers a read beyond a file's
// new end with the signal SIGBUS, which would end the process. The handler of this file lets the read get zeros
// instead, and the work ends with an Error.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>

#include "graphsieve/base/mapped_files.h"

namespace graphsieve {

/// Throws Error naming the file if a mapped file, or a file that was mapped since the last forget_lost_files(), became
/// shorter or could not be read. It is called before anything is published and between the items of long loops, since
/// results computed from the zeros must not be used.
void require_mapped_files();

/// Says that results have been published, which require_mapped_files() had accepted just before. What happens to mapped
/// files from then on is no fault of these results.
void results_are_published();

/// Calls `work`, then require_mapped_files(), unless `work` published its results. If `work` throws and a mapped file
/// became shorter, the Error names that file, whatever `work` threw: the zeros may have led to any failure. Interrupted
/// is passed on unchanged.
void with_mapped_files(const std::function<void()>& work);

/// Makes require_mapped_files() accept again after a file was lost, once that file is no longer mapped. A process that
/// goes on after the Error calls it.
void forget_lost_files();

namespace detail {
struct MappedSlot;
extern std::atomic<int> lost_files;
}  // namespace detail

/// True if a read has met the end of a mapped file that became shorter. Cheap enough for inner loops.
inline bool mapped_file_lost() noexcept { return detail::lost_files.load(std::memory_order_relaxed) > 0; }

/// Makes a mapping of `size` bytes at `data` known to the handler as long as the object lives. The object owns
/// `descriptor`, the open file, and closes it at its end. `path` is for messages.
class MappedRange {
 public:
  MappedRange(const void* data, size_t size, int descriptor, const std::string& path);
  ~MappedRange();
  MappedRange(const MappedRange&) = delete;
  MappedRange& operator=(const MappedRange&) = delete;

 private:
  detail::MappedSlot* slot_;
};

}  // namespace graphsieve

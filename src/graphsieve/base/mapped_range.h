// Mapped files that become shorter while they are in use. The system answers a read beyond a file's new end with the
// signal SIGBUS, which would end the process; here the read gets zeros instead, and the work ends with an Error.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>

namespace graphsieve {

/// Installs the handler of SIGBUS. The program does so when it starts, the Python package when it is imported; a C++
/// program that uses the library calls it once. A SIGBUS that comes from anywhere but a MappedRange goes to the handler
/// that was there before. Without the call, a mapped file that becomes shorter ends the process.
void watch_mapped_files();

/// Throws Error naming the file if one that is mapped, or that was mapped since the last forget_lost_files(), became
/// shorter or could not be read. Called before anything is published, and between the items of long loops: what was
/// computed from the zeros must not be used.
void require_mapped_files();

/// Calls `work`, then require_mapped_files(). Where `work` throws because a mapped file became shorter, or throws anything
/// else after that, the Error names the file: the zeros may have led to any failure. Interrupted goes on unchanged.
void with_mapped_files(const std::function<void()>& work);

/// Ends the refusal by files that are no longer mapped. For a process that goes on after the Error.
void forget_lost_files();

namespace detail {
struct MappedSlot;
extern std::atomic<int> lost_files;
}  // namespace detail

/// True if a read has met the end of a mapped file that became shorter. Cheap, for loops.
inline bool mapped_file_lost() noexcept { return detail::lost_files.load(std::memory_order_relaxed) > 0; }

/// Makes a mapping known to the handler for as long as it lives; `descriptor` stays open that long. `path` is for
/// messages.
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

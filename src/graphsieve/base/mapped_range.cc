// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/base/mapped_range.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <mutex>

#include "graphsieve/base/error.h"

namespace graphsieve {
namespace detail {

std::atomic<int> lost_files{0};

/// One mapping. The handler walks the list of slots without a lock, so a slot is never freed: an unused slot has size 0
/// and is used again for a later mapping. The fields after `next` are read and written with the mutex locked; the
/// handler does not use them.
struct MappedSlot {
  std::atomic<uintptr_t> begin{0};
  std::atomic<size_t> size{0};
  std::atomic<bool> lost{false};  ///< true if the file became shorter or could not be read
  MappedSlot* next = nullptr;     ///< set before the slot is in the list
  // ---
  bool mapped = false;
  int descriptor = -1;
  size_t bytes = 0;
  std::string path;
  std::string problem;  ///< end of the error message; empty while nothing is wrong with the file
};

}  // namespace detail

namespace {

using detail::MappedSlot;

std::atomic<MappedSlot*> slots{nullptr};
struct sigaction before;
const auto page_bytes = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));

std::mutex& slots_mutex() {
  static auto* mutex = new std::mutex;  // never destroyed: mappings may outlive static destructors
  return *mutex;
}

/// Replaces the mapping's pages from `address` on by zeros. Returns false if the address lies in none of the mappings.
/// It runs in the signal handler, so it may neither lock nor allocate memory.
bool replace_pages(uintptr_t address) noexcept {
  for (MappedSlot* slot = slots.load(std::memory_order_acquire); slot != nullptr; slot = slot->next) {
    const uintptr_t begin = slot->begin.load(std::memory_order_acquire);
    const size_t size = slot->size.load(std::memory_order_acquire);
    if (address < begin || address - begin >= (size + page_bytes - 1) / page_bytes * page_bytes) continue;
    // The whole rest of the mapping is replaced at once, so that one mapping causes one signal at most.
    const uintptr_t first = address / page_bytes * page_bytes;
    void* const at = reinterpret_cast<void*>(first);  // NOLINT(performance-no-int-to-ptr): the signal gave the address
    if (mmap(at, begin + size - first, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
      return false;
    if (!slot->lost.exchange(true)) detail::lost_files.fetch_add(1);
    return true;
  }
  return false;
}

/// Passes the signal on to the handler that was installed before. If there was none, the default action is restored:
/// the failing instruction runs again after the return, and the process then ends as it would have without the handler.
void pass_on(int signal, siginfo_t* info, void* context) {
  if ((before.sa_flags & SA_SIGINFO) != 0) return before.sa_sigaction(signal, info, context);
  if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) return before.sa_handler(signal);
  std::signal(SIGBUS, SIG_DFL);
  if (info->si_code <= 0) raise(SIGBUS);  // sent by a process: there is no instruction that would fail again
}

/// The handler of SIGBUS. It leaves errno as the interrupted code had it.
void on_bus_error(int signal, siginfo_t* info, void* context) {
  const int code = errno;
  const bool ours = info->si_code > 0 && replace_pages(reinterpret_cast<uintptr_t>(info->si_addr));
  errno = code;
  if (!ours) pass_on(signal, info, context);
}

std::atomic<bool> published{false};  ///< see results_are_published()

/// Sets `problem` and `lost` of a mapping if its file became shorter or could not be read. The size of the file is
/// compared too, because a file that loses less than a page causes no signal.
void look_at(MappedSlot& slot) {
  if (!slot.mapped || !slot.problem.empty()) return;
  struct stat status = {};
  const bool shorter = fstat(slot.descriptor, &status) == 0 && static_cast<size_t>(status.st_size) < slot.bytes;
  if (!shorter && !slot.lost.load()) return;
  if (!slot.lost.exchange(true)) detail::lost_files.fetch_add(1);
  slot.problem = shorter ? str(": became shorter while it was in use: ", status.st_size, " bytes, before ", slot.bytes)
                         : ": could not be read while it was in use: Input/output error";
}

/// Returns an unused slot, or appends a new one to the list. A lost slot stays, so that later calls still name its
/// file.
MappedSlot& free_slot() {
  for (MappedSlot* slot = slots.load(); slot != nullptr; slot = slot->next)
    if (!slot->mapped && !slot->lost.load()) return *slot;
  auto* slot = new MappedSlot;
  slot->next = slots.load();
  slots.store(slot, std::memory_order_release);
  return *slot;
}

}  // namespace

void watch_mapped_files() {
  static const bool once = [] {
    struct sigaction action = {};
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    return sigaction(SIGBUS, nullptr, &before) == 0 && sigaction(SIGBUS, &action, nullptr) == 0;
  }();
  if (!once) throw Error("the handler of SIGBUS cannot be installed");
}

void require_mapped_files() {
  const std::lock_guard lock(slots_mutex());
  for (MappedSlot* slot = slots.load(); slot != nullptr; slot = slot->next) {
    look_at(*slot);
    if (slot->lost.load()) throw Error(slot->path, slot->problem);
  }
}

void results_are_published() { published = true; }

void with_mapped_files(const std::function<void()>& work) {
  published = false;
  try {
    work();
  } catch (const Interrupted&) {
    throw;
  } catch (const std::exception&) {
    require_mapped_files();
    throw;
  }
  if (!published) require_mapped_files();
}

void forget_lost_files() {
  const std::lock_guard lock(slots_mutex());
  for (MappedSlot* slot = slots.load(); slot != nullptr; slot = slot->next)
    if (!slot->mapped && slot->lost.exchange(false)) detail::lost_files.fetch_sub(1);
}

MappedRange::MappedRange(const void* data, size_t size, int descriptor, const std::string& path) {
  const std::lock_guard lock(slots_mutex());
  slot_ = &free_slot();
  slot_->path = path;
  slot_->problem.clear();
  slot_->descriptor = descriptor;
  slot_->bytes = size;
  slot_->mapped = true;
  slot_->begin.store(reinterpret_cast<uintptr_t>(data), std::memory_order_release);
  slot_->size.store(size, std::memory_order_release);
}

MappedRange::~MappedRange() {
  const std::lock_guard lock(slots_mutex());
  look_at(*slot_);
  slot_->size.store(0, std::memory_order_release);
  slot_->begin.store(0, std::memory_order_release);
  slot_->mapped = false;
  close(slot_->descriptor);
}

}  // namespace graphsieve

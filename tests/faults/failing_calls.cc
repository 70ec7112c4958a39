// SPDX-License-Identifier: Apache-2.0
// Loaded by LD_PRELOAD: lets the k-th call of the system fail that concerns a file below a given folder. Calls of
// libraries on their own files are not below it, so they are neither counted nor changed.
//
//   FAILING_CALLS_ROOT=/tmp/x     the folder, an absolute path without links; without it nothing is counted
//   FAILING_CALLS_KINDS=open,…    kinds of calls that are counted (default: all): open, write, sync, rename, map,
//                                 truncate, mkdir, link, lock, close, read, remove, stat, list
//   FAILING_CALLS_K=17            number of the call that fails, from 1; 0 or nothing: none
//   FAILING_CALLS_ACTION=ENOSPC   what happens at that call (default: EIO). An errno's name: the call fails; SHORT: a
//                                 read or write moves half of its bytes; SIGKILL, SIGTERM, SIGINT: the process gets
//                                 the signal before the call; CUT: the call's file loses all its bytes before the call
//   FAILING_CALLS_STAYS=1         every later call fails as well, as on a disk that stays full
//   FAILING_CALLS_LOG=FILE        a line "NUMBER KIND PATH" for each call that is counted; FILE lies outside the folder
//
// Example, all on one line: the third write fails
//   FAILING_CALLS_ROOT=$PWD FAILING_CALLS_KINDS=write FAILING_CALLS_K=3 FAILING_CALLS_ACTION=ENOSPC
//     LD_PRELOAD=build/release/tests/faults/libfailing_calls.so bin/graphsieve generate --nodes 1000 --out g
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "counted_calls.h"

using faults::Fault;
using faults::fault_at;

namespace {

/// The definition that this one stands before.
template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

bool fails(const char* kind, int folder, const char* path) { return fault_at(kind, folder, path) == Fault::kFail; }
bool fails(const char* kind, int descriptor) { return fault_at(kind, descriptor) == Fault::kFail; }

/// The error flag of a stream of C's standard library, as its own failing calls set it.
void set_error_flag(FILE* stream) { stream->_flags |= 0x20; }

size_t half(size_t size) { return std::max<size_t>(1, size / 2); }

}  // namespace

extern "C" {

// The definitions here stand before the C library's; a macro per signature keeps each of them to one line.
#define ON_PATH(kind, result, name, parameters, folder, path, failed, arguments) \
  result name parameters {                                                       \
    static auto* const original = next<result parameters>(#name);                \
    return fails(kind, folder, path) ? failed : original arguments;              \
  }
#define ON_DESCRIPTOR(kind, result, name, parameters, descriptor, failed, arguments) \
  result name parameters {                                                           \
    static auto* const original = next<result parameters>(#name);                    \
    return fails(kind, descriptor) ? failed : original arguments;                    \
  }
#define OPEN(name)                                                           \
  int name(const char* path, int flags, ...) {                               \
    static auto* const original = next<int(const char*, int, ...)>(#name);   \
    va_list list;                                                            \
    va_start(list, flags);                                                   \
    const mode_t mode = va_arg(list, mode_t);                                \
    va_end(list);                                                            \
    return fails("open", AT_FDCWD, path) ? -1 : original(path, flags, mode); \
  }
#define OPENAT(name)                                                               \
  int name(int folder, const char* path, int flags, ...) {                         \
    static auto* const original = next<int(int, const char*, int, ...)>(#name);    \
    va_list list;                                                                  \
    va_start(list, flags);                                                         \
    const mode_t mode = va_arg(list, mode_t);                                      \
    va_end(list);                                                                  \
    return fails("open", folder, path) ? -1 : original(folder, path, flags, mode); \
  }
// Reads and writes of `size` bytes, which may be cut to half of them.
#define TRANSFER(kind, name, parameters, descriptor, size, arguments) \
  ssize_t name parameters {                                           \
    static auto* const original = next<ssize_t parameters>(#name);    \
    const Fault fault = fault_at(kind, descriptor);                   \
    if (fault == Fault::kFail) return -1;                             \
    if (fault == Fault::kShort) size = half(size);                    \
    return original arguments;                                        \
  }
// Several buffers at once; cut short, the first alone.
#define TRANSFER_VECTOR(kind, name, parameters, arguments)         \
  ssize_t name parameters {                                        \
    static auto* const original = next<ssize_t parameters>(#name); \
    const Fault fault = fault_at(kind, fd);                        \
    if (fault == Fault::kFail) return -1;                          \
    if (fault == Fault::kShort) buffers = std::min(buffers, 1);    \
    return original arguments;                                     \
  }

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
ON_PATH("open", int, __open_2, (const char* path, int flags), AT_FDCWD, path, -1, (path, flags))
ON_PATH("open", int, __open64_2, (const char* path, int flags), AT_FDCWD, path, -1, (path, flags))
ON_PATH("open", int, __openat_2, (int folder, const char* path, int flags), folder, path, -1, (folder, path, flags))
ON_PATH("open", int, __openat64_2, (int folder, const char* path, int flags), folder, path, -1, (folder, path, flags))
ON_PATH("open", int, creat, (const char* path, mode_t mode), AT_FDCWD, path, -1, (path, mode))
ON_PATH("open", int, creat64, (const char* path, mode_t mode), AT_FDCWD, path, -1, (path, mode))
ON_PATH("open", FILE*, fopen, (const char* path, const char* mode), AT_FDCWD, path, nullptr, (path, mode))
ON_PATH("open", FILE*, fopen64, (const char* path, const char* mode), AT_FDCWD, path, nullptr, (path, mode))
ON_PATH("open", int, mkstemp, (char* path), AT_FDCWD, path, -1, (path))
ON_PATH("open", int, mkostemp, (char* path, int flags), AT_FDCWD, path, -1, (path, flags))

TRANSFER("write", write, (int fd, const void* from, size_t size), fd, size, (fd, from, size))
TRANSFER("write", pwrite, (int fd, const void* from, size_t size, off_t at), fd, size, (fd, from, size, at))
TRANSFER("write", pwrite64, (int fd, const void* from, size_t size, off64_t at), fd, size, (fd, from, size, at))
TRANSFER_VECTOR("write", writev, (int fd, const iovec* from, int buffers), (fd, from, buffers))
TRANSFER_VECTOR("write", pwritev, (int fd, const iovec* from, int buffers, off_t at), (fd, from, buffers, at))
TRANSFER("write", sendfile, (int fd, int from, off_t* at, size_t size), fd, size, (fd, from, at, size))
TRANSFER("write", sendfile64, (int fd, int from, off64_t* at, size_t size), fd, size, (fd, from, at, size))
TRANSFER("write", copy_file_range, (int from, off64_t* at, int fd, off64_t* to, size_t size, unsigned flags), fd, size,
         (from, at, fd, to, size, flags))
TRANSFER("read", read, (int fd, void* to, size_t size), fd, size, (fd, to, size))
TRANSFER("read", pread, (int fd, void* to, size_t size, off_t at), fd, size, (fd, to, size, at))
TRANSFER("read", pread64, (int fd, void* to, size_t size, off64_t at), fd, size, (fd, to, size, at))
TRANSFER_VECTOR("read", readv, (int fd, const iovec* to, int buffers), (fd, to, buffers))
TRANSFER_VECTOR("read", preadv, (int fd, const iovec* to, int buffers, off_t at), (fd, to, buffers, at))

// The C library's streams call write and read inside of it, where no definition stands before them.
size_t fwrite(const void* from, size_t size, size_t items, FILE* stream) {
  static auto* const original = next<size_t(const void*, size_t, size_t, FILE*)>("fwrite");
  if (!fails("write", fileno(stream))) return original(from, size, items, stream);
  set_error_flag(stream);
  return 0;
}

size_t fread(void* to, size_t size, size_t items, FILE* stream) {
  static auto* const original = next<size_t(void*, size_t, size_t, FILE*)>("fread");
  if (!fails("read", fileno(stream))) return original(to, size, items, stream);
  set_error_flag(stream);
  return 0;
}

ON_DESCRIPTOR("sync", int, fsync, (int fd), fd, -1, (fd))
ON_DESCRIPTOR("sync", int, fdatasync, (int fd), fd, -1, (fd))
ON_DESCRIPTOR("sync", int, syncfs, (int fd), fd, -1, (fd))

ON_PATH("rename", int, rename, (const char* from, const char* to), AT_FDCWD, to, -1, (from, to))
ON_PATH("rename", int, renameat, (int from_folder, const char* from, int folder, const char* to), folder, to, -1,
        (from_folder, from, folder, to))
ON_PATH("rename", int, renameat2, (int from_folder, const char* from, int folder, const char* to, unsigned flags),
        folder, to, -1, (from_folder, from, folder, to, flags))

ON_DESCRIPTOR("map", void*, mmap, (void* at, size_t size, int access, int flags, int fd, off_t offset), fd, MAP_FAILED,
              (at, size, access, flags, fd, offset))
ON_DESCRIPTOR("map", void*, mmap64, (void* at, size_t size, int access, int flags, int fd, off64_t offset), fd,
              MAP_FAILED, (at, size, access, flags, fd, offset))

ON_DESCRIPTOR("truncate", int, ftruncate, (int fd, off_t size), fd, -1, (fd, size))
ON_DESCRIPTOR("truncate", int, ftruncate64, (int fd, off64_t size), fd, -1, (fd, size))
ON_DESCRIPTOR("truncate", int, fallocate, (int fd, int mode, off_t from, off_t size), fd, -1, (fd, mode, from, size))
ON_DESCRIPTOR("truncate", int, fallocate64, (int fd, int mode, off64_t from, off64_t size), fd, -1,
              (fd, mode, from, size))
ON_DESCRIPTOR("truncate", int, posix_fallocate, (int fd, off_t from, off_t size), fd, errno, (fd, from, size))
ON_DESCRIPTOR("truncate", int, posix_fallocate64, (int fd, off64_t from, off64_t size), fd, errno, (fd, from, size))
ON_PATH("truncate", int, truncate, (const char* path, off_t size), AT_FDCWD, path, -1, (path, size))
ON_PATH("truncate", int, truncate64, (const char* path, off64_t size), AT_FDCWD, path, -1, (path, size))

ON_PATH("mkdir", int, mkdir, (const char* path, mode_t mode), AT_FDCWD, path, -1, (path, mode))
ON_PATH("mkdir", int, mkdirat, (int folder, const char* path, mode_t mode), folder, path, -1, (folder, path, mode))
ON_PATH("mkdir", char*, mkdtemp, (char* path), AT_FDCWD, path, nullptr, (path))
ON_PATH("link", int, link, (const char* from, const char* to), AT_FDCWD, to, -1, (from, to))
ON_PATH("link", int, linkat, (int from_folder, const char* from, int folder, const char* to, int flags), folder, to, -1,
        (from_folder, from, folder, to, flags))
ON_PATH("link", int, symlink, (const char* from, const char* to), AT_FDCWD, to, -1, (from, to))

ON_DESCRIPTOR("lock", int, flock, (int fd, int operation), fd, -1, (fd, operation))
#define LOCK_CONTROL(name)                                                                                             \
  int name(int fd, int command, ...) {                                                                                 \
    static auto* const original = next<int(int, int, ...)>(#name);                                                     \
    va_list list;                                                                                                      \
    va_start(list, command);                                                                                           \
    void* const argument = va_arg(list, void*);                                                                        \
    va_end(list);                                                                                                      \
    const bool locks = command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK || command == F_OFD_SETLKW; \
    return locks && fails("lock", fd) ? -1 : original(fd, command, argument);                                          \
  }
LOCK_CONTROL(fcntl)
LOCK_CONTROL(fcntl64)

// A close that fails has closed the file all the same.
int close(int fd) {
  static auto* const original = next<int(int)>("close");
  const bool failed = fails("close", fd);
  const int error = errno, result = original(fd);
  if (failed) errno = error;
  return failed ? -1 : result;
}

int fclose(FILE* stream) {
  static auto* const original = next<int(FILE*)>("fclose");
  const bool failed = fails("close", fileno(stream));
  const int error = errno, result = original(stream);
  if (failed) errno = error;
  return failed ? EOF : result;
}

ON_PATH("remove", int, unlink, (const char* path), AT_FDCWD, path, -1, (path))
ON_PATH("remove", int, unlinkat, (int folder, const char* path, int flags), folder, path, -1, (folder, path, flags))
ON_PATH("remove", int, rmdir, (const char* path), AT_FDCWD, path, -1, (path))
ON_PATH("remove", int, remove, (const char* path), AT_FDCWD, path, -1, (path))

ON_PATH("stat", int, stat, (const char* path, struct stat* to), AT_FDCWD, path, -1, (path, to))
ON_PATH("stat", int, stat64, (const char* path, struct stat64* to), AT_FDCWD, path, -1, (path, to))
ON_PATH("stat", int, lstat, (const char* path, struct stat* to), AT_FDCWD, path, -1, (path, to))
ON_PATH("stat", int, lstat64, (const char* path, struct stat64* to), AT_FDCWD, path, -1, (path, to))
ON_PATH("stat", int, fstatat, (int folder, const char* path, struct stat* to, int flags), folder, path, -1,
        (folder, path, to, flags))
ON_PATH("stat", int, fstatat64, (int folder, const char* path, struct stat64* to, int flags), folder, path, -1,
        (folder, path, to, flags))
ON_PATH("stat", int, statx, (int folder, const char* path, int flags, unsigned mask, struct statx* to), folder, path,
        -1, (folder, path, flags, mask, to))
// Names of older C libraries: torch brings a std::filesystem that calls these.
ON_PATH("stat", int, __xstat, (int version, const char* path, struct stat* to), AT_FDCWD, path, -1, (version, path, to))
ON_PATH("stat", int, __xstat64, (int version, const char* path, struct stat64* to), AT_FDCWD, path, -1,
        (version, path, to))
ON_PATH("stat", int, __lxstat, (int version, const char* path, struct stat* to), AT_FDCWD, path, -1,
        (version, path, to))
ON_PATH("stat", int, __lxstat64, (int version, const char* path, struct stat64* to), AT_FDCWD, path, -1,
        (version, path, to))
ON_PATH("stat", int, access, (const char* path, int mode), AT_FDCWD, path, -1, (path, mode))
ON_PATH("list", DIR*, opendir, (const char* path), AT_FDCWD, path, nullptr, (path))
ON_DESCRIPTOR("list", DIR*, fdopendir, (int fd), fd, nullptr, (fd))

}  // extern "C"

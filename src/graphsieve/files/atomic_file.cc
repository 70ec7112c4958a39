// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/files/atomic_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "graphsieve/base/error.h"
#include "graphsieve/base/mapped_range.h"
#include "graphsieve/files/checksum.h"
#include "graphsieve/files/input_file.h"
#include "graphsieve/files/partial.h"
#include "graphsieve/files/paths.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBufferBytes = 1 << 18;

}  // namespace

AtomicFile::AtomicFile(const fs::path& path, Existing existing)
    : path_(path), target_(normalised(path)), existing_(existing) {
  require_replaceable_file(target_, {});
  const Partial partial = claim_partial_file(target_, path_);
  temporary_ = partial.path, descriptor_ = partial.descriptor;
  buffer_.reserve(kBufferBytes);
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) unlink(temporary_.c_str());
  if (descriptor_ >= 0) close(descriptor_);  // the lock is released only after the file is gone
}

void AtomicFile::fail(const char* what) {
  const int code = errno;
  throw Error(path_.string(), ": ", what, " failed: ", std::strerror(code));
}

AtomicFile& AtomicFile::write(const void* data, size_t size) {
  if (descriptor_ < 0) throw Error(path_.string(), ": written after commit");
  const char* from = static_cast<const char*>(data);
  // Small writes are collected, so that the system is called once per kBufferBytes.
  while (size > 0) {
    const size_t part = std::min(size, kBufferBytes - buffer_.size());
    buffer_.insert(buffer_.end(), from, from + part);
    from += part;
    size -= part;
    if (buffer_.size() == kBufferBytes) flush();
  }
  return *this;
}

void AtomicFile::flush() {
  for (size_t done = 0; done < buffer_.size();) {
    const ssize_t written = ::write(descriptor_, buffer_.data() + done, buffer_.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("writing");
    done += static_cast<size_t>(written);
  }
  buffer_.clear();
}

/// pwrite does not move the position at which later writes append.
void AtomicFile::replace_start(std::string_view text) {
  if (descriptor_ < 0) throw Error(path_.string(), ": written after commit");
  flush();
  if (pwrite(descriptor_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) fail("writing");
}

void AtomicFile::commit() {
  if (temporary_.empty()) throw Error(path_.string(), ": committed twice");
  require_mapped_files();
  flush();
  if (fsync(descriptor_) != 0 && errno != EINVAL) fail("flushing to the disk");
  // The constructor's check is repeated, since the target may have changed since then.
  require_replaceable_file(target_, {});
  if (existing_ == Existing::kSame && entry_exists(target_)) {
    if (file_record(target_) != file_record(temporary_))
      throw Error(path_.string(), ": exists already; choose another name, or ask to overwrite it");
    return;
  }
  if (rename(temporary_.c_str(), target_.c_str()) != 0) fail("renaming the temporary file");
  results_are_published();
  temporary_.clear();
  const int descriptor = descriptor_;
  descriptor_ = -1;
  close(descriptor);  // after fsync, closing cannot fail any more
  sync_folder(target_.parent_path());
}

void write_text_file(const fs::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

std::string read_text_file(const fs::path& path, int64_t most_bytes) {
  const InputFile file(path);
  if (file.bytes() > most_bytes)
    throw Error(shown_path(path), ": has ", file.bytes(), " bytes, expected at most ", most_bytes);
  return file.read();
}

}  // namespace graphsieve

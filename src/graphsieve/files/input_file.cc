// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/files/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "graphsieve/files/paths.h"

namespace graphsieve {
namespace {

constexpr size_t kReadBytes = size_t{1} << 16;

/// Returns the kind of a file that is not a regular file, for messages.
const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

}  // namespace

InputFile::InputFile(const std::filesystem::path& path) : path_(path) {
  descriptor_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe does not wait for a writer
  if (descriptor_ < 0) throw path_error(path, "cannot be read", errno);
  struct stat status = {};
  const bool known = fstat(descriptor_, &status) == 0;
  const int code = errno;
  if (known && S_ISREG(status.st_mode)) {
    bytes_ = status.st_size;
    return;
  }
  close(descriptor_);
  if (!known) throw path_error(path, "cannot be read", code);
  throw Error(shown_path(path), ": is ", kind_of(status.st_mode), ", expected a file");
}

InputFile::~InputFile() { close(descriptor_); }

size_t InputFile::read(void* data, size_t most) const {
  for (;;) {
    const ssize_t count = ::read(descriptor_, data, most);
    if (count >= 0) return static_cast<size_t>(count);
    if (errno != EINTR) throw path_error(path_, "reading failed", errno);
  }
}

size_t InputFile::read_at(int64_t at, void* data, size_t most) const {
  size_t done = 0;
  while (done < most) {
    const ssize_t count =
        pread(descriptor_, static_cast<char*>(data) + done, most - done, at + static_cast<int64_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw path_error(path_, "reading failed", errno);
    if (count == 0) break;
    done += static_cast<size_t>(count);
  }
  return done;
}

std::string InputFile::read() const {
  std::string text;
  const auto whole = static_cast<size_t>(bytes_);
  for (size_t done = 0;;) {
    text.resize(std::max(whole + 1, done + kReadBytes));  // one more byte than the file: its end shows at once
    const size_t count = read(text.data() + done, text.size() - done);
    done += count;
    if (count > 0) continue;
    text.resize(done);
    return text;
  }
}

}  // namespace graphsieve

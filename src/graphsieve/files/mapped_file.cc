// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/files/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "graphsieve/files/input_file.h"
#include "graphsieve/files/paths.h"

namespace graphsieve {

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& path) {
  const InputFile input(path);
  std::shared_ptr<MappedFile> file(new MappedFile);
  file->size_ = static_cast<size_t>(input.bytes());
  if (file->size_ == 0) return file;
  const int descriptor = fcntl(input.descriptor(), F_DUPFD_CLOEXEC, 0);
  if (descriptor < 0) throw path_error(path, "cannot be mapped", errno);
  void* data = mmap(nullptr, file->size_, PROT_READ, MAP_SHARED, descriptor, 0);
  if (data == MAP_FAILED) {
    const int code = errno;
    close(descriptor);
    throw path_error(path, "cannot be mapped", code);
  }
  file->data_ = static_cast<const std::byte*>(data);
  file->range_.emplace(data, file->size_, descriptor, shown_path(path));
  return file;
}

MappedFile::~MappedFile() {
  range_.reset();
  if (data_ != nullptr) munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace graphsieve

#include "graphsieve/io/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "graphsieve/base/error.h"

namespace graphsieve {

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& path) {
  const auto fail = [&path](const char* what) { throw Error(path.string(), ": ", what, ": ", std::strerror(errno)); };
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail("cannot be opened");
  struct Closed {
    int descriptor;
    ~Closed() { close(descriptor); }
  } closed{descriptor};
  struct stat status;
  if (fstat(descriptor, &status) != 0) fail("cannot be read");
  if (!S_ISREG(status.st_mode)) throw Error(path.string(), ": not a file");
  std::shared_ptr<MappedFile> file(new MappedFile);
  file->size_ = static_cast<size_t>(status.st_size);
  if (file->size_ == 0) return file;
  void* data = mmap(nullptr, file->size_, PROT_READ, MAP_SHARED, descriptor, 0);
  if (data == MAP_FAILED) fail("cannot be mapped");
  file->data_ = static_cast<const std::byte*>(data);
  return file;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace graphsieve

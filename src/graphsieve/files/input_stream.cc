// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/files/input_stream.h"

#include <streambuf>
#include <vector>

#include "graphsieve/files/input_file.h"

namespace graphsieve {

class InputStream::Buffer : public std::streambuf {
 public:
  explicit Buffer(const std::filesystem::path& path) : file_(path) {}

 protected:
  int_type underflow() override {
    const size_t count = file_.read(block_.data(), block_.size());
    setg(block_.data(), block_.data(), block_.data() + count);
    return count == 0 ? traits_type::eof() : traits_type::to_int_type(block_[0]);
  }

 private:
  InputFile file_;
  std::vector<char> block_ = std::vector<char>(size_t{1} << 16);
};

// The base class gets its buffer after both are constructed. Only exceptions of the buffer set badbit, and with
// exceptions(badbit) the stream passes them on to the caller.
InputStream::InputStream(const std::filesystem::path& path)
    : std::istream(nullptr), buffer_(std::make_unique<Buffer>(path)) {
  rdbuf(buffer_.get());
  exceptions(std::ios::badbit);
}

InputStream::~InputStream() = default;

}  // namespace graphsieve

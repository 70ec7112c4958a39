// SPDX-License-Identifier: Apache-2.0
// A file that is open for reading as a std::istream.
#pragma once

#include <filesystem>
#include <istream>
#include <memory>

namespace graphsieve {

/// Reads a regular file from front to back with std::getline and read(); it cannot seek. A std::ifstream does not
/// report why it failed. Here the constructor and every read throw Error, naming the file and the system's reason, if
/// the file cannot be opened or read (InputFile). The end of the file sets eofbit and failbit as usual.
class InputStream : public std::istream {
 public:
  explicit InputStream(const std::filesystem::path& path);
  ~InputStream() override;

 private:
  class Buffer;
  std::unique_ptr<Buffer> buffer_;
};

}  // namespace graphsieve

// The arrays of a NumPy .npz file: a zip of .npy files.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "graphsieve/io/npy.h"

namespace graphsieve {

/// Opens the zip at once and reads an array when asked. Messages begin with the path.
class NpzFile {
 public:
  /// Throws Error where the file is missing, or is not a complete zip.
  explicit NpzFile(const std::filesystem::path& path);
  ~NpzFile();

  /// Names of the arrays, without ".npy", in the file's order. Members that are not .npy are left out.
  const std::vector<std::string>& names() const { return names_; }
  bool has(const std::string& name) const;

  /// Throws Error where there is no such array, where it is broken (checksum, length), or as parse_npy does.
  NpyArray read(const std::string& name) const;

 private:
  struct Archive;
  std::string path_;
  std::unique_ptr<Archive> archive_;
  std::vector<std::string> names_;
};

}  // namespace graphsieve

// The arrays of a NumPy .npz file: a zip of .npy files.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "graphsieve/files/npy.h"

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
  friend class NpzReader;
  struct Archive;
  struct Entry;
  Entry entry(const std::string& name, const std::string& where) const;

  std::string path_;
  std::unique_ptr<Archive> archive_;
  std::vector<std::string> names_;
};

/// One array of an .npz file, of any length, read from its beginning in pieces.
class NpzReader {
 public:
  /// Throws as NpzFile, and where the array is no .npy array of numbers.
  NpzReader(const std::filesystem::path& path, const std::string& name);
  ~NpzReader();

  const std::vector<int64_t>& shape() const { return shape_; }
  bool fortran_order() const { return fortran_order_; }
  const std::string& where() const { return where_; }  ///< "FILE: array 'NAME'"

  /// The next `count` elements in the order of the file. Throws Error where the data ends before, and with the last element
  /// where its checksum is not the zip's, or more data follows.
  std::vector<double> read(int64_t count);

 private:
  struct Member;
  void fill(std::byte* to, size_t bytes);

  std::string where_;
  std::unique_ptr<NpzFile> file_;
  std::unique_ptr<Member> member_;
  std::vector<int64_t> shape_;
  bool fortran_order_ = false, swapped_ = false;
  NpyArray block_;
  int64_t left_ = 0;  ///< elements
};

}  // namespace graphsieve

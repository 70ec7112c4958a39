// SPDX-License-Identifier: Apache-2.0
// Arrays in a NumPy .npz file, which is a zip of .npy files.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "graphsieve/base/export.h"
#include "graphsieve/files/npy.h"

namespace graphsieve {

/// Opens the zip in the constructor and reads each array on request. Messages begin with the path.
class GRAPHSIEVE_API NpzFile {
 public:
  /// Throws Error if the file is missing or is not a complete zip.
  explicit NpzFile(const std::filesystem::path& path);
  ~NpzFile();

  /// Returns the names of the arrays, without ".npy", in the order of the file. Members of the zip that are not .npy
  /// are omitted.
  const std::vector<std::string>& names() const { return names_; }
  bool has(const std::string& name) const;

  /// Returns an array. Throws Error if it is missing or broken (checksum, length), and as parse_npy() does.
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

/// Reads one array of an .npz file, of any length, from its beginning in pieces.
class GRAPHSIEVE_API NpzReader {
 public:
  /// Throws Error as NpzFile does, and if the array is not a .npy array of numbers.
  NpzReader(const std::filesystem::path& path, const std::string& name);
  ~NpzReader();

  const std::vector<int64_t>& shape() const { return shape_; }
  bool fortran_order() const { return fortran_order_; }
  const std::string& where() const { return where_; }  ///< "FILE: array 'NAME'"

  /// Returns the next `count` elements in the order of the file. Throws Error if the data ends before them. The call
  /// that reads the last element also throws Error if the checksum differs from the zip's or if more data follows.
  std::vector<double> read(int64_t count);

  /// Returns all elements as float, in the order of the file, without a second copy of them in memory. Throws Error as
  /// read() does, and if a finite value would become infinite. To be called once, before read().
  LargeVector<float> read_floats();

 private:
  struct Member;
  void fill(std::byte* to, size_t bytes);

  std::string where_;
  std::unique_ptr<NpzFile> file_;
  std::unique_ptr<Member> member_;
  std::vector<int64_t> shape_;
  bool fortran_order_ = false, swapped_ = false;
  NpyArray block_;
  int64_t left_ = 0;  ///< elements not yet read
};

}  // namespace graphsieve

// SPDX-License-Identifier: Apache-2.0
// A folder for one test's files, and .npz files made in it.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <zip.h>

#include <cstddef>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "graphsieve/base/error.h"
#include "graphsieve/files/npy.h"

namespace graphsieve {

class TempDir {
 public:
  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "graphsieve-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Number of files and folders that lie directly in `folder`.
inline int64_t entry_count(const std::filesystem::path& folder) {
  return std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator());
}

using Members = std::vector<std::pair<std::string, std::vector<std::byte>>>;

/// A zip of the members, under the names given.
inline void write_zip(const std::filesystem::path& path, const Members& members, bool deflated = true) {
  int code = 0;
  zip_t* const archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
  if (archive == nullptr) throw Error(path.string(), ": zip_open ", code);
  for (const auto& [name, bytes] : members) {
    zip_source_t* const source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
    const zip_int64_t index = zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8);
    if (index < 0) throw Error(path.string(), ": zip_file_add ", zip_strerror(archive));
    zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), deflated ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0);
  }
  if (zip_close(archive) != 0) throw Error(path.string(), ": ", zip_strerror(archive));
}

template <class T>
std::pair<std::string, std::vector<std::byte>> member(const std::string& name, const std::vector<int64_t>& shape,
                                                      const std::vector<T>& values) {
  return {name + ".npy", npy_bytes<T>(shape, values)};
}

/// A .npy file (version 1) with any header, then the values as they lie in memory.
template <class T>
std::vector<std::byte> raw_npy(const std::string& descr, bool fortran, const std::string& shape,
                               const std::vector<T>& values) {
  std::string text =
      "{'descr': " + descr + ", 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape + ", }\n";
  std::string head("\x93NUMPY\x01\x00", 8);
  head += static_cast<char>(text.size());
  head += '\0';
  head += text;
  std::vector<std::byte> out(head.size() + values.size() * sizeof(T));
  std::memcpy(out.data(), head.data(), head.size());
  if (!values.empty()) std::memcpy(out.data() + head.size(), values.data(), values.size() * sizeof(T));
  return out;
}

/// The message of the Error that `body` throws, "" where it throws none.
template <class Body>
std::string error_of(Body body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

#define EXPECT_CONTAINS(text, part) EXPECT_NE((text).find(part), std::string::npos) << "in: " << (text)

/// The folder of real data, GRAPHSIEVE_DATA; skips the test, saying why, where it or the file is absent.
#define REAL_DATA(variable, file)                                                                       \
  if (getenv("GRAPHSIEVE_DATA") == nullptr) GTEST_SKIP() << "GRAPHSIEVE_DATA is not set: no real data"; \
  const std::filesystem::path variable = std::filesystem::path(getenv("GRAPHSIEVE_DATA")) / (file);     \
  if (!std::filesystem::exists(variable)) GTEST_SKIP() << variable << " is absent"

}  // namespace graphsieve

// SPDX-License-Identifier: Apache-2.0
// Reading of the matrices of an Open Graph Benchmark data set in pieces: CSV files in raw/, or the arrays of
// raw/data.npz.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace graphsieve {

/// A matrix of numbers that is read by rows; a missing number is NaN.
class OgbRows {
 public:
  virtual ~OgbRows() = default;
  /// Returns "FILE" or "FILE: array 'NAME'", the beginning of messages.
  virtual const std::string& where() const = 0;
  /// Returns where() and the position of a row, which counts from 0: ": line 3" for a CSV file, ": row 3" for an array.
  virtual std::string place(int64_t row) const = 0;
  virtual int64_t columns() const = 0;
  /// Calls `take` with all rows in order, block by block. It can be called once. Rows count from 0; `values` has the
  /// rows of the block one after the other.
  virtual void read(const std::function<void(int64_t first_row, std::span<const double> values)>& take) = 0;
};

/// Finds and opens the matrices of a data set.
class OgbFiles {
 public:
  /// `raw` is the folder of the matrices. They are arrays if the folder has data.npz, otherwise CSV files.
  explicit OgbFiles(std::filesystem::path raw);

  /// True if the data set has this matrix.
  bool has(const std::string& name) const;
  /// Opens one of the matrices "edge" (source, destination), "num-node-list", "node-feat", "node-label" and
  /// "edge-feat". Throws Error if it is missing or not a matrix.
  std::unique_ptr<OgbRows> open(const std::string& name) const;
  /// Opens a CSV file in any folder by its name without .csv.gz or .csv. Throws Error if there is no such file.
  static std::unique_ptr<OgbRows> open_csv(const std::filesystem::path& folder, const std::string& name);

 private:
  std::filesystem::path raw_;
  bool binary_;
};

}  // namespace graphsieve

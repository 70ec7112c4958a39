// The matrices of a data set of the Open Graph Benchmark, in pieces: CSV files in raw/, or the arrays of raw/data.npz.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace graphsieve {

/// Rows of numbers, NaN where there is none.
class OgbRows {
 public:
  virtual ~OgbRows() = default;
  /// "FILE", or "FILE: array 'NAME'": begins messages.
  virtual const std::string& where() const = 0;
  /// where() and the place of a row that counts from 0: ": line 3" of a CSV file, ": row 3" of an array.
  virtual std::string place(int64_t row) const = 0;
  virtual int64_t columns() const = 0;
  /// All rows in order, block by block; once. Rows count from 0; `values` are the block's, row after row.
  virtual void read(const std::function<void(int64_t first_row, std::span<const double> values)>& take) = 0;
};

class OgbFiles {
 public:
  /// `raw`: the folder. Its form is binary where data.npz is in it.
  explicit OgbFiles(std::filesystem::path raw);

  bool has(const std::string& name) const;
  /// "edge" (source, destination), "num-node-list", "node-feat", "node-label" or "edge-feat". Throws Error where it is
  /// missing or no matrix.
  std::unique_ptr<OgbRows> open(const std::string& name) const;
  /// A CSV file of any folder, by its name without .csv.gz or .csv.
  static std::unique_ptr<OgbRows> open_csv(const std::filesystem::path& folder, const std::string& name);

 private:
  std::filesystem::path raw_;
  bool binary_;
};

}  // namespace graphsieve

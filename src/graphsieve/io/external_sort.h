// Sorting more 64-bit keys than fit in memory: sorted runs on disk, then a merge.
//
//   ExternalSort edges(folder, 64 << 20);
//   edges.add(edge_key(destination, source));            any number, any order
//   edges.merge([&](std::span<const uint64_t> keys) {…});  ascending, in blocks
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <vector>

namespace graphsieve {

/// Orders edges by destination, then source.
constexpr uint64_t edge_key(int64_t destination, int64_t source) {
  return (static_cast<uint64_t>(destination) << 32) | static_cast<uint64_t>(source);
}
constexpr int64_t destination_of(uint64_t key) { return static_cast<int64_t>(key >> 32); }
constexpr int64_t source_of(uint64_t key) { return static_cast<int64_t>(key & 0xffffffff); }

class ExternalSort {
 public:
  /// Runs are files in `folder`, which must exist; they are removed when merged or destroyed. `memory`: bytes held at
  /// most, at least 64 KiB.
  ExternalSort(std::filesystem::path folder, int64_t memory);
  ~ExternalSort();
  ExternalSort(const ExternalSort&) = delete;
  ExternalSort& operator=(const ExternalSort&) = delete;

  void add(uint64_t key) {
    if (buffer_.size() == capacity_) spill();
    buffer_.push_back(key);
    ++count_;
  }

  int64_t size() const { return count_; }

  /// All keys in ascending order, equal ones as often as they were added, in blocks; once, as the last call.
  void merge(const std::function<void(std::span<const uint64_t>)>& take);

 private:
  void sort_buffer();
  void spill();

  std::filesystem::path folder_;
  size_t capacity_;
  int64_t count_ = 0;
  std::vector<uint64_t> buffer_;
  std::vector<std::filesystem::path> files_;
};

}  // namespace graphsieve

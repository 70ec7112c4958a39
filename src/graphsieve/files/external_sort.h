// SPDX-License-Identifier: Apache-2.0
// Sorting of more records than fit in memory: sorted runs are written to the disk and then merged.
//
//   ExternalSort edges(folder, 64 << 20);
//   edges.add(edge_key(destination, source));            any number, in any order
//   edges.merge([&](std::span<const uint64_t> keys) {…});  ascending, in blocks
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <queue>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "graphsieve/base/error.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/files/record_file.h"

namespace graphsieve {

/// Packs edges into 64-bit keys whose order is by destination, then type, then source.
class EdgeKeys {
 public:
  EdgeKeys() = default;  ///< for edges of one type, with 32 bits per node
  /// Uses as many bits as `nodes` and `types` (both at least 1) need. Throws Error if two nodes and a type do not fit
  /// in 64 bits.
  EdgeKeys(int64_t nodes, int types);

  uint64_t key(int64_t destination, int64_t source, int type = 0) const {
    return static_cast<uint64_t>(destination) << (type_bits_ + node_bits_) | static_cast<uint64_t>(type) << node_bits_ |
           static_cast<uint64_t>(source);
  }
  int64_t destination(uint64_t key) const { return static_cast<int64_t>(key >> (type_bits_ + node_bits_)); }
  int type(uint64_t key) const { return static_cast<int>(key >> node_bits_ & ((uint64_t{1} << type_bits_) - 1)); }
  int64_t source(uint64_t key) const { return static_cast<int64_t>(key & ((uint64_t{1} << node_bits_) - 1)); }

 private:
  int node_bits_ = 32, type_bits_ = 0;
};

/// Returns the key of an edge without a type: 32 bits for the destination, 32 bits for the source.
constexpr uint64_t edge_key(int64_t destination, int64_t source) {
  return (static_cast<uint64_t>(destination) << 32) | static_cast<uint64_t>(source);
}

/// Sorts records. Record is a trivially copyable type with the operator <; the caller must not tell equal records
/// apart.
template <class Record>
class ExternalSortOf {
  static_assert(std::is_trivially_copyable_v<Record>);

 public:
  /// Runs are files in `folder`, which must exist. They are removed after the merge or by the destructor. `memory` is
  /// the most memory in bytes that the sort uses, at least 16 KiB; throws Error if it is less.
  ExternalSortOf(std::filesystem::path folder, int64_t memory) : folder_(std::move(folder)), memory_(memory) {
    if (memory < kLeastMemory) throw Error("sorting within ", memory, " bytes, expected at least ", kLeastMemory);
    capacity_ = static_cast<size_t>(memory) / sizeof(Record) / 2;  // sorting and merging use the other half
  }
  ~ExternalSortOf() {
    std::error_code ignored;
    for (const auto& file : files_) std::filesystem::remove(file, ignored);
  }
  ExternalSortOf(const ExternalSortOf&) = delete;
  ExternalSortOf& operator=(const ExternalSortOf&) = delete;

  void add(const Record& record) {
    if (buffer_.size() == capacity_) spill();
    buffer_.push_back(record);
    ++count_;
  }

  int64_t size() const { return count_; }

  /// Calls `take` with blocks of all records in ascending order; equal records appear as often as they were added. It
  /// is called once, after the last add().
  void merge(const std::function<void(std::span<const Record>)>& take) {
    sort_buffer();
    if (files_.empty()) {
      const std::span<const Record> all(buffer_);
      for (size_t at = 0; at < all.size(); at += kBlock) take(all.subspan(at, std::min(kBlock, all.size() - at)));
    } else {
      merge_runs(take);
    }
    buffer_ = {};
    for (const auto& file : files_) std::filesystem::remove(file);
    files_.clear();
  }

 private:
  static constexpr int64_t kLeastMemory = 16 << 10;
  static constexpr size_t kParts = 8;  // parts of the buffer that are sorted in parallel
  static constexpr size_t kBlock = 1 << 10;

  /// Sorts the buffer. Its parts are sorted in parallel; then neighbouring parts are merged, in parallel, until one is
  /// left.
  void sort_buffer() {
    const auto begin = buffer_.begin();
    const size_t part = (buffer_.size() + kParts - 1) / kParts;
    const auto at = [&](size_t p) { return begin + static_cast<std::ptrdiff_t>(std::min(p * part, buffer_.size())); };
    parallel_for(kParts, [&](int64_t p) { std::sort(at(p), at(p + 1)); });
    for (size_t width = 1; width < kParts; width *= 2)
      parallel_for(static_cast<int64_t>(kParts / (2 * width)), [&](int64_t p) {
        const size_t first = static_cast<size_t>(p) * 2 * width;
        std::inplace_merge(at(first), at(first + width), at(first + 2 * width));
      });
  }

  /// Writes the records of the buffer to a file as one sorted run.
  void spill() {
    sort_buffer();
    const auto file = folder_ / str("run-", static_cast<const void*>(this), "-", files_.size());
    AtomicFile out(file);
    out.write(buffer_.data(), buffer_.size() * sizeof(Record));
    out.commit();
    files_.push_back(file);
    buffer_.clear();
  }

  /// Merges the runs on the disk with the last run, which is in memory. The priority queue holds the next record of
  /// each run.
  void merge_runs(const std::function<void(std::span<const Record>)>& take) {
    std::vector<RecordReader<Record>> runs;
    const int64_t each = memory_ / 2 / static_cast<int64_t>(files_.size());
    runs.reserve(files_.size() + 1);
    for (const auto& file : files_) runs.emplace_back(file, each);
    runs.emplace_back(std::span<const Record>(buffer_));
    using Head = std::pair<Record, size_t>;  // next record of a run, and the number of the run
    const auto later = [](const Head& a, const Head& b) { return b.first < a.first; };
    std::priority_queue<Head, std::vector<Head>, decltype(later)> heads(later);
    for (size_t r = 0; r < runs.size(); ++r)
      if (!runs[r].done()) heads.emplace(runs[r].head(), r);
    std::vector<Record> block;
    block.reserve(kBlock);
    while (!heads.empty()) {
      RecordReader<Record>& run = runs[heads.top().second];
      const size_t r = heads.top().second;
      heads.pop();
      do {  // while this run has the smallest record, it bypasses the queue
        block.push_back(run.head());
        run.next();
        if (block.size() == kBlock) take(block), block.clear();
      } while (!run.done() && (heads.empty() || !(heads.top().first < run.head())));
      if (!run.done()) heads.emplace(run.head(), r);
    }
    if (!block.empty()) take(block);
  }

  std::filesystem::path folder_;
  int64_t memory_;
  size_t capacity_;
  int64_t count_ = 0;
  std::vector<Record> buffer_;
  std::vector<std::filesystem::path> files_;
};

using ExternalSort = ExternalSortOf<uint64_t>;

}  // namespace graphsieve

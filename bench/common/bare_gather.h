// SPDX-License-Identifier: Apache-2.0
// The floor under every kernel that reads a row per edge: reading the rows and doing nothing with them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace graphsieve::bench {

/// Zeroed memory that asks for huge pages (2 MiB); without them a random row costs a page walk besides.
template <class T>
class HugeArray {
 public:
  explicit HugeArray(size_t count);
  ~HugeArray();
  HugeArray(const HugeArray&) = delete;
  HugeArray& operator=(const HugeArray&) = delete;
  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  size_t size() const { return count_; }

 private:
  size_t count_;
  T* data_;
};

void* huge_allocate(size_t bytes);
void huge_free(void* memory);

template <class T>
HugeArray<T>::HugeArray(size_t count) : count_(count), data_(static_cast<T*>(huge_allocate(count * sizeof(T)))) {}
template <class T>
HugeArray<T>::~HugeArray() {
  huge_free(data_);
}

/// Reads `row_bytes` (a multiple of 64) of row index[e], e in [0, count), rows packed one after the other, each fetched
/// 12 rows ahead. Returns a sum of what was read.
uint64_t bare_gather(const void* rows, int64_t row_bytes, const int32_t* index, int64_t count);

}  // namespace graphsieve::bench

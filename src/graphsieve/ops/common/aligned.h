// SPDX-License-Identifier: Apache-2.0
// Vectors whose first element begins a cache line. An access of 64 bytes that crosses two lines costs twice as much.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace graphsieve::kernels {

/// An allocator that aligns to a cache line of 64 bytes.
template <class T>
struct CacheLineAllocator {
  using value_type = T;
  static constexpr std::align_val_t kAlignment{64};
  CacheLineAllocator() = default;
  template <class Other>
  CacheLineAllocator(const CacheLineAllocator<Other>&) {}
  T* allocate(size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), kAlignment)); }
  void deallocate(T* data, size_t) { ::operator delete(data, kAlignment); }
  bool operator==(const CacheLineAllocator&) const { return true; }
};

template <class T>
using AlignedVector = std::vector<T, CacheLineAllocator<T>>;

}  // namespace graphsieve::kernels

// SPDX-License-Identifier: Apache-2.0
// A read-only array that shares ownership of its memory, which is a mapped file or a vector moved into the array.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace graphsieve {

/// A view of `size()` values together with a shared pointer that keeps them alive. Copies share the values.
template <class T>
class Array {
 public:
  Array() = default;
  Array(std::span<const T> view, std::shared_ptr<const void> owner) : view_(view), owner_(std::move(owner)) {}
  Array(std::vector<T> values) {
    auto kept = std::make_shared<const std::vector<T>>(std::move(values));
    view_ = *kept;
    owner_ = std::move(kept);
  }

  const T* data() const { return view_.data(); }
  size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }
  const T& operator[](size_t i) const { return view_[i]; }
  auto begin() const { return view_.begin(); }
  auto end() const { return view_.end(); }
  operator std::span<const T>() const { return view_; }

  /// The owner of the memory: the values stay valid while a copy of this pointer exists.
  const std::shared_ptr<const void>& owner() const { return owner_; }

 private:
  std::span<const T> view_;
  std::shared_ptr<const void> owner_;
};

}  // namespace graphsieve

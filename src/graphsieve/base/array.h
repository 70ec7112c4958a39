// Read-only values in memory that something else keeps alive: a mapped file, or a vector given away.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace graphsieve {

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

  /// Keeps the memory alive while it is held.
  const std::shared_ptr<const void>& owner() const { return owner_; }

 private:
  std::span<const T> view_;
  std::shared_ptr<const void> owner_;
};

}  // namespace graphsieve

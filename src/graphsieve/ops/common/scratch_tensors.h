// SPDX-License-Identifier: Apache-2.0
// Scratch memory of the kernels.
#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace graphsieve::ops {

/// Allocates scratch memory with torch's allocator for the device of a tensor, so that it is counted with the other
/// memory of torch. On a GPU it may be freed while kernels that use it are still waiting: the allocator reuses it only
/// on the same stream.
class ScratchTensors {
 public:
  explicit ScratchTensors(const at::Tensor& like) : options_(like.options().dtype(at::kByte)) {}
  /// Returns `bytes` bytes that live as long as this object.
  void* operator()(size_t bytes) {
    held_.push_back(at::empty({static_cast<int64_t>(bytes)}, options_));
    return held_.back().mutable_data_ptr();
  }

 private:
  at::TensorOptions options_;
  std::vector<at::Tensor> held_;
};

}  // namespace graphsieve::ops

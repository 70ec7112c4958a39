// Scratch memory of kernels.
#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace graphsieve::ops {

/// Scratch memory from torch's allocator of a tensor's device, so that it is counted with the rest. On a GPU it may be
/// given back while kernels that use it wait: the allocator hands it to the same stream alone.
class ScratchTensors {
 public:
  explicit ScratchTensors(const at::Tensor& like) : options_(like.options().dtype(at::kByte)) {}
  void* operator()(size_t bytes) {
    held_.push_back(at::empty({static_cast<int64_t>(bytes)}, options_));
    return held_.back().mutable_data_ptr();
  }

 private:
  at::TensorOptions options_;
  std::vector<at::Tensor> held_;
};

}  // namespace graphsieve::ops

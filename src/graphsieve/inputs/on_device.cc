// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/inputs/on_device.h"

#include <ATen/ATen.h>
#include <c10/core/CachingDeviceAllocator.h>

#include "graphsieve/base/error.h"

namespace graphsieve {
namespace {

using at::Tensor;

/// Returns the tensor on `device`; an undefined tensor stays undefined.
Tensor to_device(const Tensor& t, at::Device device) { return t.defined() ? t.to(device) : t; }

std::optional<Tensor> to_device(const std::optional<Tensor>& t, at::Device device) {
  return t ? std::optional(to_device(*t, device)) : t;
}

/// Returns the number of bytes that are free in the device's memory.
int64_t free_bytes(at::Device device) {
  return static_cast<int64_t>(c10::getDeviceAllocator(device.type())->getMemoryInfo(device.index()).first);
}

}  // namespace

ops::AttentionEdges edges_on(const ops::AttentionEdges& e, at::Device device) {
  return {to_device(e.row_start, device),   to_device(e.index, device),   to_device(e.type, device),
          to_device(e.t_row_start, device), to_device(e.t_index, device), to_device(e.t_type, device),
          to_device(e.log_weight, device)};
}

std::vector<Tensor> tensors_on(const std::vector<Tensor>& tensors, at::Device device) {
  std::vector<Tensor> copies;
  for (const Tensor& t : tensors) copies.push_back(to_device(t, device));
  return copies;
}

FeatureMatrix features_on(const FeatureMatrix& x, at::Device device, Observer& observer) {
  FeatureMatrix copy = x;
  if (device.is_cpu()) return copy;
  // Sparse features are always copied. Dense features are copied if they leave half of the free memory to the rest.
  const int64_t bytes = x.sparse() ? 0 : static_cast<int64_t>(x.dense.nbytes());
  if (bytes > free_bytes(device) / 2) {
    observer.note(str("the features (", bytes >> 20, " MiB) take more than half of the GPU's free memory (",
                      free_bytes(device) >> 20, " MiB): they stay in the host's"));
    copy.dense = x.dense.pin_memory();
  } else {
    copy.dense = to_device(x.dense, device);
  }
  for (Tensor* t : {&copy.row_start, &copy.column, &copy.value, &copy.t_row_start, &copy.t_row, &copy.t_value})
    *t = to_device(*t, device);
  return copy;
}

}  // namespace graphsieve

// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/inputs/on_device.h"

#include <ATen/ATen.h>
#include <c10/core/CachingDeviceAllocator.h>

#include "graphsieve/base/error.h"

namespace graphsieve {
namespace {

using at::Tensor;

Tensor moved(const Tensor& t, at::Device device) { return t.defined() ? t.to(device) : t; }

std::optional<Tensor> moved(const std::optional<Tensor>& t, at::Device device) {
  return t ? std::optional(moved(*t, device)) : t;
}

int64_t free_bytes(at::Device device) {
  return static_cast<int64_t>(c10::getDeviceAllocator(device.type())->getMemoryInfo(device.index()).first);
}

}  // namespace

ops::AttentionEdges edges_on(const ops::AttentionEdges& e, at::Device device) {
  return {moved(e.row_start, device),   moved(e.index, device),   moved(e.type, device),
          moved(e.t_row_start, device), moved(e.t_index, device), moved(e.t_type, device)};
}

std::vector<Tensor> tensors_on(const std::vector<Tensor>& tensors, at::Device device) {
  std::vector<Tensor> there;
  for (const Tensor& t : tensors) there.push_back(moved(t, device));
  return there;
}

FeatureMatrix features_on(const FeatureMatrix& x, at::Device device, Observer& observer) {
  FeatureMatrix there = x;
  if (device.is_cpu()) return there;
  const int64_t bytes = x.sparse() ? 0 : static_cast<int64_t>(x.dense.nbytes());
  if (bytes > free_bytes(device) / 2) {
    observer.note(str("the features (", bytes >> 20, " MiB) take more than half of the GPU's free memory (",
                      free_bytes(device) >> 20, " MiB): they stay in the host's"));
    there.dense = x.dense.pin_memory();
  } else {
    there.dense = moved(x.dense, device);
  }
  for (Tensor* t : {&there.row_start, &there.column, &there.value, &there.t_row_start, &there.t_row, &there.t_value})
    *t = moved(*t, device);
  return there;
}

}  // namespace graphsieve

// SPDX-License-Identifier: Apache-2.0
// Copies of a network's inputs on the device that computes.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "graphsieve/base/observer.h"
#include "graphsieve/inputs/network_input.h"

namespace graphsieve {

/// Returns the edges with their tensors on `device`. Undefined tensors stay undefined.
ops::AttentionEdges edges_on(const ops::AttentionEdges& edges, at::Device device);
/// Returns the tensors on `device`. Undefined tensors stay undefined.
std::vector<at::Tensor> tensors_on(const std::vector<at::Tensor>& tensors, at::Device device);

/// Returns the features on `device`. Dense features that are larger than half of the device's free memory stay in
/// page-locked memory of the host, from where gather_rows reads the rows of a batch. The observer then gets a note.
FeatureMatrix features_on(const FeatureMatrix& features, at::Device device, Observer& observer);

}  // namespace graphsieve

// Where training computes, and how the data gets there. Everything else asks its tensors.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "graphsieve/nn/inputs.h"

namespace graphsieve {

class Observer;

/// "cpu", "cuda" (the first GPU), "cuda:1". Throws Error where it is none of these.
at::Device parse_device(const std::string& name);

/// The same, ready to compute there. Throws Error also where this program or its torch has no code for GPUs, and where
/// no such GPU is there.
at::Device compute_device(const std::string& name);

/// Runs work; where a GPU's memory does not suffice, throws Error with what takes less.
void with_memory_advice(const std::function<void()>& work);

/// Undefined tensors stay so.
ops::AttentionEdges edges_on(const ops::AttentionEdges& edges, at::Device device);
std::vector<at::Tensor> tensors_on(const std::vector<at::Tensor>& tensors, at::Device device);

/// Dense features larger than half of the device's free memory stay in the host's, page-locked, where gather_rows reads
/// the rows of a batch; a note says so.
FeatureMatrix features_on(const FeatureMatrix& features, at::Device device, Observer& observer);

/// The most bytes that tensors took on the device at once since the last reset; 0 on the CPU (train/tensor_memory.h).
int64_t peak_device_bytes(at::Device device);
void reset_peak_device_bytes(at::Device device);

}  // namespace graphsieve

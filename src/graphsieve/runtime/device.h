// The device that training computes on, by its name.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>

namespace graphsieve {

/// "cpu", "cuda" (the first GPU), "cuda:1". Throws Error where it is none of these.
at::Device parse_device(const std::string& name);

/// The same, ready to compute there. Throws Error also where this program or its torch has no code for GPUs, and where
/// no such GPU is there.
at::Device compute_device(const std::string& name);

/// Runs work; where a GPU's memory does not suffice, throws Error with what takes less.
void with_memory_advice(const std::function<void()>& work);

/// The most bytes that tensors took on the device at once since the last reset; 0 on the CPU (runtime/tensor_memory.h).
int64_t peak_device_bytes(at::Device device);
void reset_peak_device_bytes(at::Device device);

}  // namespace graphsieve

// SPDX-License-Identifier: Apache-2.0
// The device that training computes on, chosen by its name.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>

namespace graphsieve {

/// Returns the device named "cpu", "cuda" (the first GPU) or "cuda:1". Throws Error if the name is none of these.
at::Device parse_device(const std::string& name);

/// Returns the device of that name, ready to compute on. Throws Error as parse_device() does, if this program or its
/// torch has no code for GPUs, and if there is no such GPU.
at::Device compute_device(const std::string& name);

/// Runs `work`. If the memory of a GPU does not suffice, throws Error naming settings that need less memory.
void with_memory_advice(const std::function<void()>& work);

/// Returns the most bytes that tensors occupied on the device since the last reset; 0 on the CPU (see
/// runtime/tensor_memory.h).
int64_t peak_device_bytes(at::Device device);
void reset_peak_device_bytes(at::Device device);

}  // namespace graphsieve

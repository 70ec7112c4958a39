// SPDX-License-Identifier: Apache-2.0
// Conversion of arrays between NumPy, torch and the engine.
#pragma once

#include <ATen/core/Tensor.h>
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <map>
#include <string>
#include <vector>

#include "graphsieve/files/npy.h"

namespace graphsieve::python {

using InputArray = nanobind::ndarray<nanobind::ro, nanobind::c_contig, nanobind::device::cpu>;

/// Returns a copy of the array in the form of a .npy file's array. Throws Error, naming the array, if it does not have
/// numbers.
NpyArray npy_array(const std::string& name, const InputArray& array);

/// Returns a NumPy array over the memory of the tensor, which the array keeps alive: float32, int32, int64 or uint8.
/// Throws Error for another type.
nanobind::object numpy_array(const at::Tensor& tensor);

/// Returns a NumPy array float32 [rows, columns] with these values, without a copy.
nanobind::object numpy_array(std::vector<float> values, int64_t rows, int64_t columns);

/// Returns the XXH3 hash (128 bits) of the array's bytes, as two numbers.
nanobind::tuple checksum(const InputArray& array);

}  // namespace graphsieve::python

// Arrays between NumPy, torch and the engine.
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

/// A copy in the form of a .npy file's array. Throws Error, naming the array, where it does not hold numbers.
NpyArray npy_array(const std::string& name, const InputArray& array);

/// Over the tensor's memory, which the array keeps: float32, int32, int64 or uint8.
nanobind::object numpy_array(const at::Tensor& tensor);

/// float32 of that shape as a NumPy array, without a copy.
nanobind::object numpy_array(std::vector<float> values, int64_t rows, int64_t columns);

/// XXH3 (128 bits) of the array's bytes, as two numbers.
nanobind::tuple checksum(const InputArray& array);

}  // namespace graphsieve::python

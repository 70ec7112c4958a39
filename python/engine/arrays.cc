// SPDX-License-Identifier: Apache-2.0
#include "arrays.h"

#include <xxhash.h>

#include <cstring>
#include <memory>

#include "graphsieve/base/error.h"

namespace graphsieve::python {

namespace nb = nanobind;

namespace {

/// Returns the kind of the array's numbers. Throws Error if it has none.
NpyKind kind_of(const std::string& name, const nb::dlpack::dtype& type) {
  using Code = nb::dlpack::dtype_code;
  switch (static_cast<Code>(type.code)) {
    case Code::Bool:
      return NpyKind::kBool;
    case Code::Int:
      return NpyKind::kInt;
    case Code::UInt:
      return NpyKind::kUint;
    case Code::Float:
      return NpyKind::kFloat;
    default:
      throw Error("array '", name, "': holds neither integers nor floating-point numbers");
  }
}

/// Returns a NumPy array over memory that `owner` keeps alive.
template <class T>
nb::object numpy_over(std::vector<size_t> shape, const void* data, const nb::capsule& owner) {
  return nb::cast(nb::ndarray<nb::numpy, T>(const_cast<void*>(data), shape.size(), shape.data(), owner));
}

/// Returns a Python object that owns `kept` and deletes it at its end.
template <class Kept>
nb::capsule owner_of(std::unique_ptr<Kept> kept) {
  return nb::capsule(kept.release(), [](void* p) noexcept { delete static_cast<Kept*>(p); });
}

}  // namespace

NpyArray npy_array(const std::string& name, const InputArray& array) {
  NpyArray to;
  to.kind = kind_of(name, array.dtype());
  to.item_size = static_cast<int>(array.itemsize());
  for (size_t d = 0; d < array.ndim(); ++d) to.shape.push_back(static_cast<int64_t>(array.shape(d)));
  to.bytes.resize(array.nbytes());
  if (!to.bytes.empty()) std::memcpy(to.bytes.data(), array.data(), to.bytes.size());
  return to;
}

nb::object numpy_array(const at::Tensor& tensor) {
  auto kept = std::make_unique<at::Tensor>(tensor.contiguous());
  const void* data = kept->const_data_ptr();
  const std::vector<size_t> shape(kept->sizes().begin(), kept->sizes().end());
  const nb::capsule owner = owner_of(std::move(kept));
  switch (tensor.scalar_type()) {
    case at::kFloat:
      return numpy_over<float>(shape, data, owner);
    case at::kInt:
      return numpy_over<int32_t>(shape, data, owner);
    case at::kLong:
      return numpy_over<int64_t>(shape, data, owner);
    case at::kByte:
      return numpy_over<uint8_t>(shape, data, owner);
    default:
      throw Error("a tensor of ", tensor.dtype().name(), " has no array");
  }
}

nb::object numpy_array(std::vector<float> values, int64_t rows, int64_t columns) {
  auto kept = std::make_unique<std::vector<float>>(std::move(values));
  const void* data = kept->data();
  return numpy_over<float>({static_cast<size_t>(rows), static_cast<size_t>(columns)}, data, owner_of(std::move(kept)));
}

nb::tuple checksum(const InputArray& array) {
  XXH128_hash_t hash;
  {
    const nb::gil_scoped_release release;
    hash = XXH3_128bits(array.data(), array.nbytes());
  }
  return nb::make_tuple(hash.low64, hash.high64);
}

}  // namespace graphsieve::python

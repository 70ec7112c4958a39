// SPDX-License-Identifier: Apache-2.0
// What the adapters for GPUs share: their dispatch key, checks, and the current device and stream.
#pragma once

#include <ATen/ATen.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "graphsieve/ops/common/cuda_stream.h"

/// The adapters' dispatch key. Emulated kernels run on a device that belongs to the tests (tests/device/host_device.h).
#ifdef GRAPHSIEVE_EMULATED_CUDA
#define GRAPHSIEVE_DEVICE PrivateUse1
#else
#define GRAPHSIEVE_DEVICE CUDA
#endif

namespace graphsieve::ops {

/// Throws c10::Error unless `t` is float32. float64 is for the CPU, whose reference implementation is the oracle of the
/// tests.
inline void check_single(const char* op, const char* argument, const at::Tensor& t) {
  TORCH_CHECK(t.scalar_type() == at::kFloat, op, ": ", argument, " is ", t.scalar_type(),
              ", expected float32 on a GPU");
}

/// Throws c10::Error unless all tensors that are given lie on the device of `t`. A kernel would take the other tensors'
/// addresses for addresses of its device.
inline void check_one_device(const char* op, const at::Tensor& t,
                             std::initializer_list<std::optional<at::Tensor>> others) {
  for (const auto& other : others)
    TORCH_CHECK(!other || !other->defined() || other->device() == t.device(), op, ": tensors on ", t.device(), " and ",
                other->device(), ", expected one device");
}

/// While an object of this class lives, a tensor's device is the current one; stream() is the stream that torch uses
/// there. It goes through c10's virtual interface, so torch's CUDA headers and libraries are not needed. A CPU tensor,
/// which emulated kernels get, has no stream.
class DeviceOf {
 public:
  explicit DeviceOf(const at::Tensor& t)
      : guard_(t.device()),
        stream_(t.is_cpu() ? nullptr
                           : c10::impl::VirtualGuardImpl(t.device().type()).getStream(t.device()).native_handle()) {}
  kernels::CudaStream stream() const { return stream_; }

 private:
  c10::DeviceGuard guard_;
  kernels::CudaStream stream_;
};

}  // namespace graphsieve::ops

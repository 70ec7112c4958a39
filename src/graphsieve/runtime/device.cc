// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/runtime/device.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

#include <cstdlib>

#include "graphsieve/base/error.h"

namespace graphsieve {
namespace {

/// True if this program has kernels for the kind of device.
bool has_kernels(at::Device device) {
  return c10::Dispatcher::singleton()
      .findSchemaOrThrow("graphsieve::sparse_attention", "")
      .hasKernelForDispatchKey(c10::computeDispatchKey(std::nullopt, std::nullopt, device));
}

}  // namespace

at::Device parse_device(const std::string& name) {
  try {
    const at::Device device(name);
    const bool known = name == "cpu" || device.is_cuda() || device.is_privateuseone();
    if (known && device.str() == name) return device;  // a number that is too large comes out as another one
  } catch (const c10::Error&) {
  }
  throw Error("device is '", name, "', expected cpu, cuda, or cuda:N");
}

at::Device compute_device(const std::string& name) {
  const at::Device device = parse_device(name);
  if (device.is_cpu()) return device;
  // The checks go from what this program lacks to what the computer lacks, so that the message names the first cause.
  // Only a torch with code for the kind of device can be asked for the number of devices.
  if (!has_kernels(device))
    throw Error("device is '", name,
                "', but this program was built without kernels for GPUs; make build PRESET=cuda builds them");
  if (!c10::impl::hasDeviceGuardImpl(device.type()))
    throw Error("device is '", name, "', but this program's torch (", TORCH_VERSION, ") is one without CUDA");
  const int count = c10::impl::getDeviceGuardImpl(device.type())->deviceCount();
  if (count == 0) throw Error("device is '", name, "', but no GPU is there that torch can use");
  if (device.index() >= count)
    throw Error("device is '", name, "', but there ", count == 1 ? "is 1 GPU" : str("are ", count, " GPUs"),
                ", counted from 0");
  // cuBLAS needs this setting to give the same bits in every run; it reads the setting when it is first used.
  if (device.is_cuda()) setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
  at::globalContext().lazyInitDevice(device.type());
  return {device.type(), std::max<c10::DeviceIndex>(device.index(), 0)};
}

void with_memory_advice(const std::function<void()>& work) {
  try {
    work();
  } catch (const c10::OutOfMemoryError& e) {
    const std::string what = e.what_without_backtrace();
    throw Error("the GPU's memory does not suffice (", what.substr(0, what.find('\n')),
                "); what takes less: network.recompute=true or estimator.recompute=true, network.batch_size or "
                "estimator.batch_size above 0 or smaller, "
                "network.precision=bfloat16, a smaller network.width");
  }
}

int64_t peak_device_bytes(at::Device device) {
  if (device.is_cpu()) return 0;
  // The aggregate counts small and large blocks together.
  const auto stats = c10::getDeviceAllocator(device.type())->getDeviceStats(device.index());
  return stats.allocated_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)].peak;
}

void reset_peak_device_bytes(at::Device device) {
  if (!device.is_cpu()) c10::getDeviceAllocator(device.type())->resetPeakStats(device.index());
}

}  // namespace graphsieve

// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/runtime/torch_settings.h"

#include <ATen/Parallel.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/DefaultDtype.h>
#include <pthread.h>

#include <atomic>
#include <thread>

#include "graphsieve/runtime/tensor_memory.h"

namespace graphsieve {
namespace {

/// The settings of torch before the outermost living TorchSettings. They are for a forked child, which lacks the thread
/// that would restore them.
struct Before {
  std::atomic<int> depth{0};
  std::thread::id thread;
  c10::Allocator* allocator = nullptr;
  caffe2::TypeMeta type;
};

Before& before() {
  static Before outermost;
  return outermost;
}

/// Restores torch's settings in a forked child. If the thread that forks has the TorchSettings objects, the child has
/// copies of them, whose destructors restore the settings.
void put_back_in_child() {
  Before& b = before();
  if (b.depth.load() == 0 || b.thread == std::this_thread::get_id()) return;
  b.depth.store(0);
  c10::set_default_dtype(b.type);
  c10::SetCPUAllocator(b.allocator, kAllocatorPriority);
}

[[maybe_unused]] const int registered = pthread_atfork(nullptr, nullptr, put_back_in_child);

}  // namespace

TorchSettings::TorchSettings()
    : allocator_(c10::GetCPUAllocator()), threads_(at::get_num_threads()), type_(c10::get_default_dtype()) {
  if (before().depth.load() == 0)
    before().thread = std::this_thread::get_id(), before().allocator = allocator_, before().type = type_;
  before().depth.fetch_add(1);
  install_tensor_memory();
  at::set_num_threads(1);
  c10::set_default_dtype(caffe2::TypeMeta::Make<float>());
}

TorchSettings::~TorchSettings() {
  c10::set_default_dtype(type_);
  at::set_num_threads(threads_);
  c10::SetCPUAllocator(allocator_, kAllocatorPriority);
  before().depth.fetch_sub(1);
}

}  // namespace graphsieve

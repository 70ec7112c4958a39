#include "graphsieve/train/torch_settings.h"

#include <ATen/Parallel.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/DefaultDtype.h>

#include "graphsieve/train/tensor_memory.h"

namespace graphsieve {

TorchSettings::TorchSettings()
    : allocator_(c10::GetCPUAllocator()), threads_(at::get_num_threads()), type_(c10::get_default_dtype()) {
  install_tensor_memory();
  at::set_num_threads(1);
  c10::set_default_dtype(caffe2::TypeMeta::Make<float>());
}

TorchSettings::~TorchSettings() {
  c10::set_default_dtype(type_);
  at::set_num_threads(threads_);
  c10::SetCPUAllocator(allocator_, kAllocatorPriority);
}

}  // namespace graphsieve

// Torch set up as the engine needs it, and put back: whoever calls the engine in a process of his own finds it as it was.
#pragma once

#include <c10/core/Allocator.h>
#include <c10/util/typeid.h>

namespace graphsieve {

/// While it lives: tensors come from the counting allocator (tensor_memory.h), torch computes with one thread, since work is
/// divided by base/parallel.h alone, and new tensors are float32. The three are the process's; one after the other they nest,
/// at the same time they must not. Tensors made meanwhile stay valid.
class TorchSettings {
 public:
  TorchSettings();
  ~TorchSettings();
  TorchSettings(const TorchSettings&) = delete;
  TorchSettings& operator=(const TorchSettings&) = delete;

 private:
  c10::Allocator* const allocator_;
  const int threads_;
  const caffe2::TypeMeta type_;
};

}  // namespace graphsieve

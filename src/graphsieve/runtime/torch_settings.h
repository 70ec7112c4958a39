// SPDX-License-Identifier: Apache-2.0
// Sets up torch as the engine needs it, and restores the former settings, so that a process that calls the engine finds
// torch as it was.
#pragma once

#include <c10/core/Allocator.h>
#include <c10/util/typeid.h>

namespace graphsieve {

/// While an object of this class lives, tensors come from the counting allocator (tensor_memory.h), torch computes with
/// one thread, since only base/parallel.h divides work, and new tensors are float32. The three settings belong to the
/// process: objects may be nested, but two threads must not have objects at the same time. Tensors made meanwhile stay
/// valid.
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

// SPDX-License-Identifier: Apache-2.0
// A second stream of a GPU, for work beside that of a thread's usual stream. On the CPU all functions do nothing. It
// uses c10's interface for any device.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Event.h>
#include <c10/core/Stream.h>

#include <memory>
#include <optional>
#include <vector>

namespace graphsieve {

class SideStream {
 public:
  /// A position in the stream's work; null if there is nothing to wait for.
  using Mark = std::shared_ptr<c10::Event>;

  /// Makes a stream whose work begins after all work that the calling thread's stream has been given so far.
  explicit SideStream(at::Device device);

  /// While an object of this class lives, the work of its thread goes to the side stream.
  class Current {
   public:
    explicit Current(const SideStream& side);
    ~Current();
    Current(const Current&) = delete;
    Current& operator=(const Current&) = delete;

   private:
    std::optional<c10::Stream> before_;
  };

  /// Returns the position after all work that the stream has been given so far.
  Mark mark() const;

  /// Returns the same position as mark(), for tensors that were made on the side stream and are used and freed by the
  /// stream that was current in the constructor. Their memory is not reused before that stream has finished with them.
  Mark hand_over(const std::vector<at::Tensor>& tensors) const;

  /// Makes the calling thread's stream wait for the mark; the thread itself does not wait.
  static void wait_for(const Mark& mark);

 private:
  std::optional<c10::Stream> main_, side_;  ///< empty on the CPU
};

}  // namespace graphsieve

// A second stream of a GPU, for work beside the one that a thread's work goes to otherwise. On the CPU nothing of it
// does anything. By c10's interface for any device.
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
  /// A place in the stream's work; null where there is nothing to wait for.
  using Mark = std::shared_ptr<c10::Event>;

  /// Its work comes after all that the calling thread's stream has been given so far.
  explicit SideStream(at::Device device);

  /// While it lives, the work of its thread goes to the stream.
  class Here {
   public:
    explicit Here(const SideStream& side);
    ~Here();
    Here(const Here&) = delete;
    Here& operator=(const Here&) = delete;

   private:
    std::optional<c10::Stream> before_;
  };

  /// After all that the stream has been given so far.
  Mark mark() const;

  /// The same, for tensors that were made there and are used and freed by the stream that was current at the beginning:
  /// their memory is not used again before that one is done with it.
  Mark hand_over(const std::vector<at::Tensor>& tensors) const;

  /// The calling thread's stream goes on when the mark is reached; the thread itself does not wait.
  static void wait_for(const Mark& mark);

 private:
  std::optional<c10::Stream> main_, side_;  ///< none on the CPU
};

}  // namespace graphsieve

// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/nn/recompute.h"

#include <torch/torch.h>

#include <utility>

namespace graphsieve::nn {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using Work = std::function<Tensor(const Tensor&)>;

/// True on a thread that computes a part again.
thread_local bool again = false;

/// Sets `again` while the object lives.
class Again {
 public:
  Again() : before_(std::exchange(again, true)) {}
  ~Again() { again = before_; }
  Again(const Again&) = delete;
  Again& operator=(const Again&) = delete;

 private:
  const bool before_;
};

/// The function `work` in an object that the autograd context can keep until the backward pass.
struct KeptWork : torch::CustomClassHolder {
  explicit KeptWork(Work w) : work(std::move(w)) {}
  const Work work;
};

/// The autograd function of recomputed(). In forward(), torch records no gradients, so the inner tensors of work(h) are
/// freed and only h is saved. backward() calls `work` again, this time recording gradients, and goes back through the
/// result at once. This adds the gradients of the parameters and gives the gradient of h.
struct Recomputed : torch::autograd::Function<Recomputed> {
  static Tensor forward(AutogradContext* context, const Tensor& h, const Work& work) {
    context->save_for_backward({h});
    context->saved_data["work"] = c10::IValue::make_capsule(c10::make_intrusive<KeptWork>(work));
    return work(h);
  }

  static std::vector<Tensor> backward(AutogradContext* context, const std::vector<Tensor>& grads) {
    const auto kept = c10::static_intrusive_pointer_cast<KeptWork>(context->saved_data["work"].toCapsule());
    const Tensor h = context->get_saved_variables()[0].detach().requires_grad_(true);
    const torch::AutoGradMode with_gradients(true);
    const Again marked;
    kept->work(h).backward(grads[0]);
    return {h.grad(), Tensor()};
  }
};

}  // namespace

Tensor recomputed(const Tensor& h, Work work) { return Recomputed::apply(h, work); }

bool recomputing() { return again; }

}  // namespace graphsieve::nn

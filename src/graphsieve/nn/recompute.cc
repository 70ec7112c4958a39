// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/nn/recompute.h"

#include <torch/torch.h>

#include <algorithm>
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

/// A function in an object that the autograd context can keep until the backward pass.
template <class Function>
struct Kept : torch::CustomClassHolder {
  explicit Kept(Function w) : work(std::move(w)) {}
  const Function work;
};

template <class Function>
void keep(AutogradContext* context, const Function& work) {
  context->saved_data["work"] = c10::IValue::make_capsule(c10::make_intrusive<Kept<Function>>(work));
}

/// Returns the function that keep() was called with.
template <class Function>
Function kept(AutogradContext* context) {
  return c10::static_intrusive_pointer_cast<Kept<Function>>(context->saved_data["work"].toCapsule())->work;
}

/// The autograd function of recomputed(). In forward(), torch records no gradients, so the inner tensors of work(h) are
/// freed and only h is saved. backward() calls `work` again, this time recording gradients, and goes back through the
/// result at once. This adds the gradients of the parameters and gives the gradient of h.
struct Recomputed : torch::autograd::Function<Recomputed> {
  static Tensor forward(AutogradContext* context, const Tensor& h, const Work& work) {
    context->save_for_backward({h});
    keep(context, work);
    return work(h);
  }

  static std::vector<Tensor> backward(AutogradContext* context, const std::vector<Tensor>& grads) {
    const Work work = kept<Work>(context);
    const Tensor h = context->get_saved_variables()[0].detach().requires_grad_(true);
    const torch::AutoGradMode with_gradients(true);
    const Again marked;
    work(h).backward(grads[0]);
    return {h.grad(), Tensor()};
  }
};

using WorkOfBlock = std::function<Tensor(const Tensor& rows, int64_t begin)>;

/// Calls block(begin, count) for consecutive blocks of n rows.
template <class Block>
void each_block_of(int64_t n, int64_t block_rows, const Block& block) {
  for (int64_t begin = 0; begin < n; begin += block_rows) block(begin, std::min(block_rows, n - begin));
}

/// The autograd function of recomputed_sum(), which goes forward and back block by block.
struct RecomputedSum : torch::autograd::Function<RecomputedSum> {
  static Tensor forward(AutogradContext* context, const Tensor& h, int64_t block_rows, const WorkOfBlock& work) {
    context->save_for_backward({h});
    context->saved_data["block_rows"] = block_rows;
    keep(context, work);
    Tensor sum;
    each_block_of(h.size(0), block_rows, [&](int64_t begin, int64_t count) {
      const Tensor part = work(h.narrow(0, begin, count), begin);
      sum = sum.defined() ? sum + part : part;
    });
    return sum;
  }

  static std::vector<Tensor> backward(AutogradContext* context, const std::vector<Tensor>& grads) {
    const WorkOfBlock work = kept<WorkOfBlock>(context);
    const Tensor h = context->get_saved_variables()[0].detach(), grad = at::empty_like(h);
    const torch::AutoGradMode with_gradients(true);
    const Again marked;
    each_block_of(h.size(0), context->saved_data["block_rows"].toInt(), [&](int64_t begin, int64_t count) {
      const Tensor rows = h.narrow(0, begin, count).detach().requires_grad_(true);
      work(rows, begin).backward(grads[0]);
      const torch::NoGradGuard no_grad;
      grad.narrow(0, begin, count).copy_(rows.grad());
    });
    return {grad, Tensor(), Tensor()};
  }
};

}  // namespace

Tensor recomputed(const Tensor& h, Work work) { return Recomputed::apply(h, work); }

Tensor recomputed_sum(const Tensor& h, int64_t block_rows, WorkOfBlock work) {
  return RecomputedSum::apply(h, block_rows, work);
}

bool recomputing() { return again; }

}  // namespace graphsieve::nn

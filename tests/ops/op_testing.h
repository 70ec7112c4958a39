// SPDX-License-Identifier: Apache-2.0
// What the tests of the operators share.
#pragma once

#include <gtest/gtest.h>
#include <hwy/targets.h>
#include <torch/torch.h>

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "graphsieve/base/error.h"
#include "graphsieve/base/parallel.h"

namespace graphsieve::testing {

using Tensors = std::vector<at::Tensor>;

/// Standard normal numbers, the same for the same seed.
inline at::Tensor random_tensor(at::IntArrayRef shape, at::ScalarType type = at::kFloat, uint64_t seed = 1) {
  return at::randn(shape, at::make_generator<at::CPUGeneratorImpl>(seed), at::kDouble).to(type);
}

/// Sizes around the vector lengths and the unrolled loops.
inline const std::vector<int64_t> kOddRows{0, 1, 2, 17, 1031};
inline const std::vector<int64_t> kOddColumns{1, 3, 4, 7, 8, 16, 31, 32, 33, 64, 100, 130, 201};

/// |a - b| <= tolerance * (1 + |b|) for every element.
inline void expect_close(const at::Tensor& a, const at::Tensor& b, double tolerance, const std::string& what = "") {
  ASSERT_EQ(a.sizes(), b.sizes()) << what;
  if (a.numel() == 0) return;
  const at::Tensor x = a.detach().to(at::kDouble), y = b.detach().to(at::kDouble);
  EXPECT_LE(((x - y).abs() / (1 + y.abs())).max().item<double>(), tolerance) << what;
}

inline void expect_same_bits(const at::Tensor& a, const at::Tensor& b, const std::string& what = "") {
  ASSERT_EQ(a.sizes(), b.sizes()) << what;
  ASSERT_EQ(a.scalar_type(), b.scalar_type()) << what;
  const at::Tensor x = a.detach().contiguous(), y = b.detach().contiguous();
  EXPECT_TRUE(x.numel() == 0 || std::memcmp(x.const_data_ptr(), y.const_data_ptr(), x.nbytes()) == 0)
      << what << ": bits differ in " << at::ne(x, y).sum().item<int64_t>() << " of " << x.numel() << " numbers";
}

/// Runs `compute` at 1, 2 and 4 threads of ours and of torch and expects the same bits.
inline void expect_same_at_any_thread_count(const std::function<Tensors()>& compute) {
  const int before = num_threads(), torch_before = at::get_num_threads();
  Tensors first;
  for (int threads : {1, 2, 4}) {
    set_num_threads(threads);
    at::set_num_threads(threads);
    const Tensors now = compute();
    EXPECT_EQ(at::get_num_threads(), threads) << "an operator left torch's threads changed";
    if (first.empty()) first = now;
    ASSERT_EQ(first.size(), now.size());
    for (size_t i = 0; i < now.size(); ++i) {
      expect_same_bits(now[i], first[i], "result " + std::to_string(i) + " at " + std::to_string(threads) + " threads");
    }
  }
  set_num_threads(before);
  at::set_num_threads(torch_before);
}

/// Runs `test` once for every vector target that this machine has, and restores the choice.
inline void for_each_target(const std::function<void(const std::string& name)>& test) {
  const int64_t all = hwy::SupportedTargets();
  for (int64_t rest = all; rest != 0; rest &= rest - 1) {
    const int64_t target = rest & -rest;
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    SCOPED_TRACE(hwy::TargetName(target));
    test(hwy::TargetName(target));
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

/// Compares the gradients that autograd gives for sum(f(inputs) * random) with central differences. float64 inputs;
/// undefined ones are passed through.
inline void expect_gradients(const std::function<at::Tensor(const Tensors&)>& f, const Tensors& inputs,
                             double tolerance = 1e-6) {
  Tensors leaves;
  for (const auto& t : inputs) leaves.push_back(t.defined() ? t.detach().clone().requires_grad_() : t);
  const at::Tensor out = f(leaves);
  const at::Tensor factor = random_tensor(out.sizes(), at::kDouble, 99);
  (out * factor).sum().backward();
  const torch::NoGradGuard no_grad;
  const double step = 1e-5;
  for (size_t i = 0; i < leaves.size(); ++i) {
    if (!leaves[i].defined()) continue;
    at::Tensor numeric = at::zeros_like(leaves[i]);
    Tensors moved = leaves;
    for (int64_t e = 0; e < leaves[i].numel(); ++e) {
      double value[2];
      for (int side = 0; side < 2; ++side) {
        moved[i] = leaves[i].detach().clone();
        moved[i].mutable_data_ptr<double>()[e] += side ? step : -step;
        value[side] = (f(moved) * factor).sum().item<double>();
      }
      numeric.mutable_data_ptr<double>()[e] = (value[1] - value[0]) / (2 * step);
    }
    ASSERT_TRUE(leaves[i].grad().defined()) << "input " << i << " has no gradient";
    expect_close(leaves[i].grad(), numeric, tolerance, "gradient of input " + std::to_string(i));
  }
}

/// Expects `call` to throw a torch error whose text has every one of `parts`.
inline void expect_error(const std::function<void()>& call, const std::vector<std::string>& parts) {
  try {
    call();
    ADD_FAILURE() << "no error was thrown";
  } catch (const c10::Error& error) {
    for (const auto& part : parts) EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

}  // namespace graphsieve::testing

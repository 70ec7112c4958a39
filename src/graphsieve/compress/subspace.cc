// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/compress/subspace.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

namespace graphsieve {

using at::Tensor;

int64_t Spectrum::rank() const {
  if (singular_values.numel() == 0) return 0;
  return (singular_values > singular_values[0] * kRankTolerance).sum().item<int64_t>();
}

Tensor Spectrum::leading(int64_t width) const {
  if (width <= basis.size(1)) return basis.narrow(1, 0, width).contiguous();
  return at::cat({basis, at::zeros({basis.size(0), width - basis.size(1)}, basis.options())}, 1);
}

Spectrum spectrum(const Tensor& x) {
  // The decomposition is that of R of a QR decomposition. A Gram matrix would lose small singular values.
  const Tensor r = std::get<1>(at::linalg_qr(x, "r"));
  auto [u, s, vt] = at::linalg_svd(r, false);
  return {vt.t().contiguous(), s};
}

Tensor distances(const Tensor& x, const Tensor& basis) { return (x - x.mm(basis).mm(basis.t())).norm(2, {1}); }

int64_t width_within(const Tensor& x, const Spectrum& of_x, double epsilon) {
  const Tensor coordinates = x.mm(of_x.basis);
  Tensor rest = x.square().sum(1);
  for (int64_t d = 0; d < of_x.basis.size(1); ++d) {
    if (rest.clamp_min(0).max().sqrt().item<double>() <= epsilon) return d;
    rest = rest - coordinates.select(1, d).square();
  }
  return of_x.basis.size(1);
}

Tensor pivot_columns(const Tensor& units, int64_t k) {
  Tensor rest = units.clone();
  Tensor picked = at::empty({k}, at::kLong);
  for (int64_t i = 0; i < k; ++i) {
    const int64_t column = rest.square().sum(0).argmax().item<int64_t>();
    picked[i] = column;
    const Tensor direction = rest.select(1, column);
    const Tensor length = direction.norm();
    if (length.item<double>() == 0) continue;  // all columns lie in the span of the picked columns
    const Tensor unit = (direction / length).unsqueeze(1);
    // The direction is projected out twice, since one pass leaves rounding errors.
    for (int pass = 0; pass < 2; ++pass) rest = rest - unit.mm(unit.t().mm(rest));
    rest.select(1, column).zero_();
  }
  return picked;
}

Tensor lift_of(const Tensor& units, const Tensor& picked) {
  const Tensor x = units.index_select(1, picked);
  return std::get<0>(at::linalg_lstsq(x, units, kRankTolerance, "gelsd")).t().contiguous();
}

double value_at_share(const Tensor& sorted, double share) {
  const auto i = static_cast<int64_t>(std::ceil(share * static_cast<double>(sorted.numel()))) - 1;
  return sorted[std::clamp<int64_t>(i, 0, sorted.numel() - 1)].item<double>();
}

Tensor regression(const Tensor& x, const Tensor& y, double ridge) {
  const Tensor gram = x.t().mm(x);
  const double scale = gram.diagonal().mean().item<double>();
  const Tensor damped = gram + at::eye(gram.size(0), gram.options()) * (ridge * scale + 1e-300);
  return at::linalg_solve(damped, x.t().mm(y)).t().contiguous();
}

}  // namespace graphsieve

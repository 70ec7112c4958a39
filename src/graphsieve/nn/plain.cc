#include "graphsieve/nn/plain.h"

#include <torch/torch.h>

#include <cmath>

namespace graphsieve::nn {

LogitTables PlainAttentionImpl::tables(double) const {
  const double d = static_cast<double>(shape_.key_width / shape_.heads);
  return {torch::full({shape_.edge_types, shape_.key_width}, 1 / std::sqrt(d), query_->weight.options()),
          torch::zeros({shape_.edge_types, shape_.heads}, query_->weight.options())};
}

}  // namespace graphsieve::nn

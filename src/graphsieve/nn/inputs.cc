#include "graphsieve/nn/inputs.h"

#include <ATen/ATen.h>

namespace graphsieve {

LayerEdges rows_of(const LayerEdges& layer, int64_t begin, int64_t end) {
  const auto* start = layer.edges.row_start.const_data_ptr<int64_t>();
  const int64_t first = start[begin], edges = start[end] - first;
  LayerEdges part;
  part.destinations = end - begin;
  part.edges.row_start = layer.edges.row_start.narrow(0, begin, end - begin + 1) - first;
  part.edges.index = layer.edges.index.narrow(0, first, edges);
  part.edges.type = layer.edges.type.narrow(0, first, edges);
  return part;
}

void pick_features(NetworkInput& input) {
  const FeatureMatrix& x = *input.features;
  if (input.rows.defined() && input.rows.size(0) * 2 < x.rows && !x.sparse())
    input.picked = x.dense.index_select(0, input.rows);
}

}  // namespace graphsieve

// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/inputs/label_inputs.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "graphsieve/base/error.h"
#include "graphsieve/base/random.h"
#include "graphsieve/inputs/network_input.h"

namespace graphsieve {
namespace {

using at::Tensor;

Tensor tensor_of(const std::vector<int64_t>& values, at::Device device) {
  Tensor t = at::empty({std::ssize(values)}, at::kLong);
  std::copy(values.begin(), values.end(), t.mutable_data_ptr<int64_t>());
  return t.to(device);
}

double draw(uint64_t key, int32_t node) { return uniform(random_key(key, node)); }

}  // namespace

LabelInputs make_label_inputs(const std::vector<int32_t>& nodes, const Tensor& value, int64_t n, at::Device device) {
  LabelInputs labels;
  labels.row_of_node.assign(static_cast<size_t>(n), -1);
  for (size_t i = 0; i < nodes.size(); ++i) labels.row_of_node[nodes[i]] = static_cast<int32_t>(i);
  labels.node = tensor_of({nodes.begin(), nodes.end()}, device);
  labels.value = value.to(device);
  return labels;
}

ShownLabels labels_of(const NetworkInput& input, const std::function<bool(int64_t, int32_t)>& hidden) {
  const LabelInputs& labels = *input.features->labels;
  std::vector<int64_t> position, row;
  const auto look = [&](int64_t at, int32_t node) {
    const int32_t of_node = labels.row_of_node[node];
    if (of_node < 0 || (hidden && hidden(at, node))) return;
    position.push_back(at), row.push_back(of_node);
  };
  if (input.rows.defined()) {
    const Tensor rows = input.rows.cpu();
    for (int64_t i = 0; i < rows.numel(); ++i) look(i, rows.const_data_ptr<int32_t>()[i]);
  } else {
    const Tensor nodes = labels.node.cpu();
    for (int64_t i = 0; i < nodes.numel(); ++i) {
      const int64_t node = nodes.const_data_ptr<int64_t>()[i];
      look(node, static_cast<int32_t>(node));
    }
  }
  const at::Device device = labels.value.device();
  return {tensor_of(position, device), tensor_of(row, device)};
}

Tensor dense_labels(const FeatureMatrix& features) {
  if (!features.labels) return {};
  const LabelInputs& labels = *features.labels;
  return at::zeros({features.rows, labels.columns()}, labels.value.options().dtype(at::kFloat))
      .index_copy_(0, labels.node, labels.value.to(at::kFloat));
}

int label_part(int32_t node) {
  return static_cast<int>(uniform_below(random_key(uint64_t{0}, Stream::kHiddenLabels, node), kLabelParts));
}

int predicting_part(const LabelInputs* labels, int32_t node) {
  return labels && labels->row_of_node[node] >= 0 ? label_part(node) : -1;
}

std::vector<PartNodes> training_parts(const std::vector<int32_t>& train) {
  std::vector<PartNodes> parts;
  for (int part = 0; part < kLabelParts; ++part) parts.push_back({part, {}});
  for (const int32_t node : train) parts[label_part(node)].nodes.push_back(node);
  std::erase_if(parts, [](const PartNodes& part) { return std::ssize(part.nodes) < kLeastOfBatch; });
  if (parts.empty())
    throw Error("data.label_inputs: ", train.size(),
                " training nodes are too few for edges that are drawn by scores; expected at least ", kLabelParts + 1);
  return parts;
}

void hide_label_part(NetworkInput& input, int part) {
  input.labels = labels_of(input, [part](int64_t, int32_t node) { return label_part(node) == part; });
}

void hide_labels(NetworkInput& batch, int64_t targets, int part, double share, uint64_t key) {
  batch.labels = labels_of(batch, [&](int64_t position, int32_t node) {
    return position < targets || (part >= 0 && label_part(node) == part) || draw(key, node) < share;
  });
}

std::vector<int32_t> hidden_nodes(const LabelInputs& labels, double share, uint64_t key, int64_t least) {
  const Tensor nodes = labels.node.cpu();
  const auto* node = nodes.const_data_ptr<int64_t>();
  std::vector<std::pair<double, int32_t>> shown;
  std::vector<int32_t> hidden;
  for (int64_t i = 0; i < nodes.numel(); ++i) {
    const auto id = static_cast<int32_t>(node[i]);
    const double drawn = draw(key, id);
    if (drawn < share)
      hidden.push_back(id);
    else
      shown.emplace_back(drawn, id);
  }
  const int64_t missing = std::min(least - std::ssize(hidden), std::ssize(shown));
  if (missing <= 0) return hidden;
  std::partial_sort(shown.begin(), shown.begin() + missing, shown.end());  // those with the least draws
  for (int64_t i = 0; i < missing; ++i) hidden.push_back(shown[i].second);
  std::sort(hidden.begin(), hidden.end());
  return hidden;
}

}  // namespace graphsieve

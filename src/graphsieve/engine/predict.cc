// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/engine/predict.h"

#include <torch/torch.h>

#include <algorithm>
#include <sstream>
#include <unordered_map>

#include "graphsieve/base/error.h"
#include "graphsieve/base/option.h"
#include "graphsieve/data/splits.h"
#include "graphsieve/engine/loaded_run.h"
#include "graphsieve/evaluate/evaluation.h"
#include "graphsieve/files/atomic_file.h"
#include "graphsieve/nn/forward_options.h"
#include "graphsieve/run/predictions.h"
#include "graphsieve/runtime/device.h"
#include "graphsieve/runtime/memory_budget.h"
#include "graphsieve/runtime/torch_settings.h"

namespace graphsieve {
namespace {

constexpr int64_t kListedNodes = 1000;  // nodes whose neighbourhoods go through the network at once

/// Throws Error if the run has no network.
void require_network(const std::filesystem::path& run) {
  if (!RunFolder(run).run().at("network").is_object())
    throw Error(run.string(), ": this run has no network (stage 1 alone); stage 2 trains one from its scores (",
                option("scores"), ")");
}

/// Returns the numbers of the nodes in the order of the data as it was given; empty: they are 0, 1, ….
const std::vector<int32_t>& numbers_in_order(const LoadedRun& run) {
  static const std::vector<int32_t> unchanged;
  return run.known ? run.known->number : unchanged;
}

/// Returns the network's hidden vectors in the order of the data as it was given.
at::Tensor hidden_in_order(LoadedRun& run) {
  const at::Tensor hidden = run.edges().hidden(run.network, run.best_epoch());
  const std::vector<int32_t>& numbers = numbers_in_order(run);
  if (numbers.empty()) return hidden;
  return hidden.index_select(0, at::tensor(numbers, at::kInt).to(hidden.device()));
}

/// Returns the number of nodes that the data was given with. Of a renumbered graph, training nodes may be absent.
int64_t given_nodes(const LoadedRun& run) {
  const std::vector<int32_t>& numbers = numbers_in_order(run);
  return numbers.empty() ? run.prepared.data.nodes : std::ssize(numbers);
}

/// Returns the number that the node at position `given` of the data has in the run.
int32_t number_of(const LoadedRun& run, int64_t given) {
  const std::vector<int32_t>& numbers = numbers_in_order(run);
  return numbers.empty() ? static_cast<int32_t>(given) : numbers[given];
}

/// Returns the nodes whose ids stand on the lines of a file, ascending.
std::vector<int32_t> nodes_in_file(const std::filesystem::path& file, const LoadedRun& run) {
  std::unordered_map<std::string, int64_t> line_of_id;
  std::istringstream lines(read_text_file(file));
  int64_t count = 0;
  for (std::string line; std::getline(lines, line);) {
    ++count;
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) line_of_id.emplace(line, count);
  }
  if (line_of_id.empty()) throw Error(file.string(), ": holds no ids, expected one per line");
  const Dataset& data = run.prepared.data;
  std::vector<int32_t> nodes;
  for (int64_t i = 0; i < given_nodes(run); ++i) {
    const int32_t node = number_of(run, i);
    if (line_of_id.erase(data.ids.name(node)) > 0) nodes.push_back(node);
  }
  const auto first = std::min_element(line_of_id.begin(), line_of_id.end(),
                                      [](const auto& a, const auto& b) { return a.second < b.second; });
  if (first != line_of_id.end())
    throw Error(file.string(), ": line ", first->second, ": '", first->first, "' is the id of no node of ",
                data.source);
  std::sort(nodes.begin(), nodes.end());
  return nodes;
}

/// Chooses the draws that predictions are the mean of.
void choose_draws(NetworkEdges& edges, const LoadedRun& run, const PredictRequest& request) {
  const bool chosen = request.draws > 0 || request.first_draw > 0;
  if (chosen && !edges.draws())
    throw Error(request.run.string(), ": model is ", run.folder.recipe.model, ", which draws no edges; expected no ",
                option("draws"));
  const int64_t draws = request.draws > 0 ? request.draws : edges.draws() ? run.folder.recipe.network.eval_draws : 1;
  if (request.standard_error && draws < 2)
    throw Error("a standard error needs two draws or more (", option("draws", "8"), ")");
  edges.average_draws(request.first_draw, draws, request.standard_error);
}

/// Returns the nodes to predict if not all, ascending.
std::vector<int32_t> wanted_nodes(const PredictRequest& request, const LoadedRun& run, const Split& split) {
  if (!request.ids.empty()) return nodes_in_file(request.ids, run);
  return request.predictions == PredictedNodes::kAll ? all_nodes(run.prepared.data.nodes) : nodes_of(split);
}

void predict_into_files(Dataset& data, const PredictRequest& request, Observer& observer) {
  const MemoryBudget budget = MemoryBudget::of(request.memory);
  const LimitedMemory limited(budget, request.out);
  const torch::NoGradGuard no_grad;
  require_network(request.run);
  LoadedRun run(request.run, data, observer, compute_device(request.device), budget, request.unknown);
  const Split split = run.same_graph ? read_split(run.folder.files.verified("split.json"), data.labels) : Split{};
  const bool all = request.predictions == PredictedNodes::kAll && request.ids.empty();
  if (!all && request.ids.empty()) run.require_same_graph();
  NetworkEdges edges = run.edges();
  choose_draws(edges, run, request);
  const bool from_hidden = all && edges.predicts_from_hidden();
  // The rows of the hidden vectors are in memory all at once only if they are written, or if the data's order is not
  // that of the nodes' numbers.
  HiddenRows hidden = [&](const nn::TakeRows& take) { edges.each_hidden(run.network, run.best_epoch(), take); };
  if (!request.embeddings.empty() || (from_hidden && !numbers_in_order(run).empty())) {
    const at::Tensor rows = hidden_in_order(run);
    hidden = rows_in(rows);
    // A process that dies between the two files leaves the embeddings, which the same call then finds again.
    if (!request.embeddings.empty())
      write_npy(request.embeddings, rows, request.overwrite ? Existing::kReplace : Existing::kSame);
  }
  if (from_hidden) {
    write_predictions(request.out, run.network, hidden, data, *run.task, split, request.raw_ids, numbers_in_order(run));
    return;
  }
  const Predictions p = edges.predictions(run.network, *run.task, run.best_epoch(), wanted_nodes(request, run, split),
                                          request.ids.empty() ? 0 : kListedNodes);
  write_predictions(request.out, p, data, *run.task, split, request.raw_ids,
                    all ? numbers_in_order(run) : std::vector<int32_t>());
}

}  // namespace

void predict(Dataset data, const PredictRequest& request, Observer& observer) {
  const TorchSettings torch_settings;
  with_memory_advice([&] { predict_into_files(data, request, observer); });
}

struct LoadedModel::State {
  State(Dataset given, const std::filesystem::path& path, Observer& observer, const std::string& device)
      : data(std::move(given)), run(path, data, observer, compute_device(device)) {}
  Dataset data;
  LoadedRun run;
};

LoadedModel::LoadedModel(Dataset data, const std::filesystem::path& run, Observer& observer,
                         const std::string& device) {
  const TorchSettings torch_settings;
  const torch::NoGradGuard no_grad;
  require_network(run);
  state_ = std::make_unique<State>(std::move(data), run, observer, device);
}
LoadedModel::LoadedModel(LoadedModel&&) noexcept = default;
LoadedModel::~LoadedModel() = default;

int64_t LoadedModel::nodes() const { return given_nodes(state_->run); }
int64_t LoadedModel::columns() const { return state_->run.task->columns(); }

std::vector<float> LoadedModel::predict(const std::vector<int32_t>& nodes) {
  const TorchSettings torch_settings;
  const torch::NoGradGuard no_grad;
  std::vector<int32_t> wanted;
  for (const int32_t node : nodes) {
    if (node < 0 || node >= this->nodes()) throw Error("node ", node, ", expected 0 to ", this->nodes() - 1);
    wanted.push_back(number_of(state_->run, node));
  }
  std::vector<int32_t> distinct = wanted;
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  if (distinct.empty()) return {};
  const Predictions p = state_->run.predictions(distinct, kListedNodes);
  std::vector<float> to;
  for (const int32_t node : wanted) to.insert(to.end(), p.row(node), p.row(node) + p.columns);
  return to;
}

NodePredictions predict_nodes(Dataset data, const std::filesystem::path& path, Observer& observer,
                              const std::string& device) {
  const TorchSettings torch_settings;
  const torch::NoGradGuard no_grad;
  require_network(path);
  LoadedRun run(path, data, observer, compute_device(device));
  const at::Tensor hidden = hidden_in_order(run).contiguous();
  NodePredictions out{hidden.size(0), run.task->columns(), hidden.size(1), {}, {}};
  const at::Tensor on_host = hidden.cpu();
  const float* rows = on_host.const_data_ptr<float>();
  out.embeddings.assign(rows, rows + on_host.numel());
  each_prediction(run.network, rows_in(hidden), *run.task, [&](int64_t, const float* p) {
    out.probabilities.insert(out.probabilities.end(), p, p + out.classes);
  });
  return out;
}

}  // namespace graphsieve

// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/run/predictions.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "graphsieve/base/spreadsheet_text.h"
#include "graphsieve/data/splits.h"
#include "graphsieve/evaluate/evaluation.h"
#include "graphsieve/files/atomic_file.h"
#include "graphsieve/run/run_folder.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

/// Returns the list of the split that each node is in: 0 none, 1 train, 2 val, 3 test.
std::vector<uint8_t> part_of_nodes(const Dataset& data, const Split& split) {
  std::vector<uint8_t> part(data.nodes, 0);
  for (const int32_t node : split.train) part[node] = 1;
  for (const int32_t node : split.val) part[node] = 2;
  for (const int32_t node : split.test) part[node] = 3;
  return part;
}

}  // namespace

/// The file being written. Each node is one line. The line end is written before the next line, so that commit() ends
/// the last line.
struct PredictionsFile::State {
  State(const fs::path& path, const Dataset& d, const Task& of, const Split& split, bool raw, bool with_error)
      : data(d),
        task(of),
        guarded_ids(!raw && !d.ids.text_start.empty()),
        standard_error(with_error),
        part(part_of_nodes(d, split)),
        file(path) {
    line = "node,split";
    for (const std::string& column : task.file_columns()) {
      line += ',';
      line += csv_cell(column);
    }
    if (standard_error) line += ",standard_error";
  }

  void add(int64_t node, const float* p, float error) {
    static constexpr const char* kSplitParts[] = {"none", "train", "val", "test"};
    // Ids that are texts could be formulas of a spreadsheet; integers could not.
    const std::string id = data.ids.name(node);
    line += '\n';
    line += csv_cell(guarded_ids ? spreadsheet_text(id) : id);
    line += ',';
    line += kSplitParts[part[node]];
    task.append_cells(node, p, line);
    if (standard_error) fmt::format_to(std::back_inserter(line), ",{}", error);
    write();
  }

  void write() {
    file.write(line);
    line.clear();
  }

  const Dataset& data;
  const Task& task;
  const bool guarded_ids, standard_error;
  const std::vector<uint8_t> part;
  AtomicFile file;
  std::string line;
};

PredictionsFile::PredictionsFile(const fs::path& path, const Dataset& data, const Task& task, const Split& split,
                                 bool raw_ids, bool standard_error)
    : state_(std::make_unique<State>(path, data, task, split, raw_ids, standard_error)) {}
PredictionsFile::~PredictionsFile() = default;

void PredictionsFile::add(int64_t node, const float* p, float error) { state_->add(node, p, error); }

void PredictionsFile::commit() {
  state_->write();
  state_->file.write("\n");
  state_->file.commit();
}

void write_predictions(const fs::path& path, const Predictions& p, const Dataset& data, const Task& task,
                       const Split& split, bool raw_ids, const std::vector<int32_t>& nodes) {
  const bool with_error = !p.standard_error.empty();
  PredictionsFile file(path, data, task, split, raw_ids, with_error);
  const auto write = [&](int64_t node) {
    if (p.has(node)) file.add(node, p.row(node), with_error ? p.error(node) : 0);
  };
  if (nodes.empty())
    for (int64_t node = 0; node < data.nodes; ++node) write(node);
  else
    for (const int32_t node : nodes) write(node);
  file.commit();
}

Predictions write_predictions(const fs::path& path, nn::Transformer& network, const HiddenRows& hidden,
                              const Dataset& data, const Task& task, const Split& split, bool raw_ids,
                              const std::vector<int32_t>& nodes) {
  Predictions kept = rows_for(nodes_of(split), data.nodes, task.columns());
  PredictionsFile file(path, data, task, split, raw_ids);
  each_prediction(network, hidden, task, [&](int64_t row, const float* p) {
    const int64_t node = nodes.empty() ? row : nodes[row];
    file.add(node, p);
    // Only the rows of the split's nodes are kept in memory.
    if (kept.has(node)) std::copy_n(p, kept.columns, kept.value.data() + kept.row_of_node[node] * kept.columns);
  });
  file.commit();
  return kept;
}

void write_quality(const fs::path& folder, const Predictions& p, const Task& task, const Split& split) {
  write_json(folder / "quality.json", task.quality(p, split));
}

}  // namespace graphsieve

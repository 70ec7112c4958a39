#include "graphsieve/run/predictions.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "graphsieve/base/error.h"
#include "graphsieve/base/spreadsheet_text.h"
#include "graphsieve/evaluate/evaluation.h"
#include "graphsieve/files/atomic_file.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

/// A cell of a CSV file, in quotes where it needs them.
std::string cell(const std::string& text) {
  if (text.find_first_of(",;\"\t\r\n") == std::string::npos) return text;  // some spreadsheets split cells at ; too
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + '"';
}

std::vector<uint8_t> part_of_nodes(const Dataset& data, const Split& split) {
  std::vector<uint8_t> part(data.nodes, 0);
  for (const int32_t node : split.train) part[node] = 1;
  for (const int32_t node : split.val) part[node] = 2;
  for (const int32_t node : split.test) part[node] = 3;
  return part;
}

}  // namespace

struct PredictionsFile::State {
  State(const fs::path& path, const Dataset& d, const Split& split, bool raw)
      : data(d), guarded_ids(!raw && !d.ids.text_start.empty()), part(part_of_nodes(d, split)), file(path) {
    fmt::format_to(out, "node,split,label,predicted");
    if (!columns) fmt::format_to(out, ",probability");
    for (int64_t c = 0; columns && c < classes; ++c)
      fmt::format_to(out, ",{}", d.class_names.empty() ? str("p_", c) : cell("p_" + d.class_names[c]));
  }

  std::string class_name(int64_t c) const {
    return data.class_names.empty() ? str(c) : cell(spreadsheet_text(data.class_names[c]));
  }
  std::string id(int64_t node) const {
    return guarded_ids ? spreadsheet_text(data.ids.name(node)) : data.ids.name(node);
  }

  void add(int64_t node, const float* p) {
    static constexpr const char* kSplitParts[] = {"none", "train", "val", "test"};
    fmt::format_to(out, "\n{},{},", cell(id(node)), kSplitParts[part[node]]);
    const auto best = std::max_element(p, p + classes) - p;
    if (data.labels.multi_label())
      add_labels(node, p);
    else
      fmt::format_to(out, "{},{}", data.labels.single[node] >= 0 ? class_name(data.labels.single[node]) : "",
                     class_name(best));
    if (!columns) fmt::format_to(out, ",{}", p[best]);
    for (int64_t c = 0; columns && c < classes; ++c) fmt::format_to(out, ",{}", p[c]);
    write();
  }

  void add_labels(int64_t node, const float* p) {
    for (int64_t c = 0; c < classes; ++c) {
      const float label = data.labels.multi[node * classes + c];
      fmt::format_to(out, "{}{}", c ? "|" : "", std::isnan(label) ? "" : label > 0.5f ? "1" : "0");
    }
    for (int64_t c = 0; c < classes; ++c) fmt::format_to(out, "{}{}", c ? '|' : ',', p[c] > 0.5f ? 1 : 0);
  }

  void write() {
    file.write(std::string_view(text.data(), text.size()));
    text.clear();
  }

  const Dataset& data;
  const bool guarded_ids;
  const int64_t classes = data.labels.classes;
  const bool columns = data.labels.multi_label() || classes <= kMostClassColumns;
  const std::vector<uint8_t> part;
  AtomicFile file;
  fmt::memory_buffer text;
  fmt::appender out{text};
};

PredictionsFile::PredictionsFile(const fs::path& path, const Dataset& data, const Split& split, bool raw_ids)
    : state_(std::make_unique<State>(path, data, split, raw_ids)) {}
PredictionsFile::~PredictionsFile() = default;

void PredictionsFile::add(int64_t node, const float* p) { state_->add(node, p); }

void PredictionsFile::commit() {
  state_->write();
  state_->file.write("\n");
  state_->file.commit();
}

void write_predictions(const fs::path& path, const Probabilities& p, const Dataset& data, const Split& split,
                       bool raw_ids) {
  PredictionsFile file(path, data, split, raw_ids);
  for (int64_t i = 0; i < data.nodes; ++i)
    if (p.row_of_node.empty() || p.row_of_node[i] >= 0) file.add(i, p.row(i));
  file.commit();
}

void write_predictions(const fs::path& path, nn::Transformer& network, const at::Tensor& hidden, const Dataset& data,
                       const Split& split, bool raw_ids) {
  const torch::NoGradGuard no_grad;
  PredictionsFile file(path, data, split, raw_ids);
  for (int64_t begin = 0; begin < hidden.size(0); begin += nn::kInferenceRows) {
    const int64_t count = std::min(nn::kInferenceRows, hidden.size(0) - begin);
    const Probabilities p = probabilities(network->logits(hidden.narrow(0, begin, count)), data.labels);
    for (int64_t i = 0; i < count; ++i) file.add(begin + i, p.value.data() + i * p.classes);
  }
  file.commit();
}

}  // namespace graphsieve

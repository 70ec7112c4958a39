// SPDX-License-Identifier: Apache-2.0
// The table that is printed after a run, made from its result.json.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "graphsieve/recipe/metric.h"
#include "run_folder.h"
#include "terminal.h"

namespace graphsieve {
namespace {

using Json = nlohmann::json;

/// Returns the whole number of that key as text, or "-" if there is none.
std::string whole(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || !found->is_number_integer() ? "-" : found->dump();
}

/// Returns the number of that key, multiplied by `scale` and formatted, or "-" if there is none.
std::string number(const Json& object, const char* key, const char* format, double scale = 1) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return "-";
  return fmt::format(fmt::runtime(format), found->get<double>() * scale);
}

double sum_of_stages(const Json& run, const char* key) {
  double sum = 0;
  for (const char* stage : {"estimator", "network"}) {
    const Json part = run.value(stage, Json());
    if (part.is_object()) sum += part.value(key, 0.0);
  }
  return sum;
}

double largest_of_stages(const Json& run, const char* key) {
  double largest = 0;
  for (const char* stage : {"estimator", "network"}) {
    const Json part = run.value(stage, Json());
    if (part.is_object()) largest = std::max(largest, part.value(key, 0.0));
  }
  return largest;
}

/// Returns a value of the metric, or "-".
std::string value(const Json& object, const char* key, const Metric& metric) {
  const auto found = object.find(key);
  return found == object.end() || !found->is_number() ? "-" : metric_number(metric, found->get<double>());
}

/// Prints the row of one run. `memory` is the key of a stage's memory.
void print_run(const Json& run, const Metric& metric, const char* memory) {
  const Json network = run.value("network", Json());
  print_text("{:>5} {:>6} {:>7} {:>7} {:>10} {:>9.1f} {:>15.1f} {:>10}\n", whole(run, "split"), whole(run, "seed"),
             value(run, "val", metric), value(run, "test", metric), whole(run, "best_epoch"),
             sum_of_stages(run, "seconds"), largest_of_stages(run, memory) / (1 << 20),
             network.is_object() ? number(network, "edge_share", "{:.1f}%", 100) : "-");
}

void print_table(const Json& result) {
  const Json graph = result.value("graph", Json::object());
  const Metric metric = metric_or_share(result.value("metric", "metric"));
  print_text("{}: {} nodes, {} edges, {} attention edges; {}\n", graph.value("name", "graph"), whole(graph, "nodes"),
             whole(graph, "edges"), whole(graph, "attention_edges"),
             metric_with_unit(metric) + (result.value("label_inputs", false) ? ", labels as inputs" : ""));
  const bool gpu = result.value("device", "cpu") != "cpu";
  print_text("{:>5} {:>6} {:>7} {:>7} {:>10} {:>9} {:>15} {:>10}\n", "split", "seed", "val", "test", "best epoch",
             "seconds", gpu ? "peak GPU MiB" : "peak tensor MiB", "edge share");
  for (const Json& run : result.value("runs", Json::array()))
    print_run(run, metric, gpu ? "peak_device_bytes" : "peak_tensor_bytes");
  print_text("test {} ± {}   {} s, {} MiB resident at most\n", value(result, "test_mean", metric),
             value(result, "test_std", metric), number(result, "seconds", "{:.1f}"),
             number(result, "peak_rss_bytes", "{:.0f}", 1.0 / (1 << 20)));
}

}  // namespace

void print_result(const std::filesystem::path& folder, bool json) {
  const Json result = read_result(folder);
  if (json) {
    print_json(result, 2);
  } else {
    print_table(result);
    print_text("{}\n", folder.string());
  }
}

}  // namespace graphsieve

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "commands.h"
#include "graph_source.h"
#include "graphsieve/compress/compress.h"
#include "numbers.h"
#include "outputs.h"
#include "progress.h"
#include "run_folder.h"
#include "stop.h"
#include "terminal.h"
#include "training_options.h"

namespace graphsieve {
namespace {

using Json = nlohmann::json;

/// The values of the options.
struct CompressCommand {
  std::string run, out, graph;
  CompressOptions options;
  int threads = 0;
  bool overwrite = false, json = false, quiet = false;
};

/// Returns a number with four digits; "-" for anything else.
std::string four_digits(const Json& value) {
  return value.is_number() ? fmt::format("{:.4g}", value.get<double>()) : "-";
}

/// Returns whether the assumption of a method's theorem holds, in words.
std::string holds(const Json& assumption) {
  const Json value = assumption.value("holds", Json(nullptr));
  return value.is_null() ? "makes none" : value.get<bool>() ? "holds" : "does not hold";
}

/// Prints one row of the table: the values before and after, and their ratio.
void print_row(const char* what, const Json& wide, const Json& narrow, const char* key, bool whole) {
  const Json &a = wide.at(key), &b = narrow.at(key);
  const auto shown = [&](const Json& v) { return whole ? fmt::format("{}", v.get<int64_t>()) : four_digits(v); };
  const bool both = a.is_number() && b.is_number() && b.get<double>() > 0;
  print_text("{:<24} {:>14} {:>14} {:>9}\n", what, shown(a), shown(b),
             both ? fmt::format("{:.2f}", a.get<double>() / b.get<double>()) : "");
}

/// Prints what the theorem promises, and whether this says anything at this size.
void print_promise(const Json& promise) {
  if (!promise.contains("output_error")) {
    print_text("promise: none\n");
    return;
  }
  print_text("promise: no output is off by more than {}", four_digits(promise.at("output_error")));
  if (promise.contains("largest_output"))
    print_text(" (the largest output has the length {})", four_digits(promise.at("largest_output")));
  print_text("{}\n", promise.value("vacuous", true) ? "; at this size, the theorem says nothing" : "");
}

/// Returns the costs that are larger than before, in words. A time has to be larger by a tenth, since it is measured.
std::vector<std::string> grown_costs(const Json& measured) {
  std::vector<std::string> costs;
  for (const Json& name : measured.at("grown")) costs.push_back(name == "multiply_adds" ? "multiply-adds" : name);
  const double before = measured.at("wide").at("prediction_seconds"),
               after = measured.at("narrow").at("prediction_seconds");
  if (after > 1.1 * before) costs.emplace_back("the time of a prediction");
  return costs;
}

/// Prints the table of what compression did.
void print_report(const Json& report, const std::string& out) {
  const Json &measured = report.at("measured"), &wide = measured.at("wide"), &narrow = measured.at("narrow");
  const Json &error = measured.at("output_error"), &promise = report.at("promise");
  print_text("{} of {}, {}\n", report.at("method").get<std::string>(), report.at("from").get<std::string>(),
             report.at("model").get<std::string>());
  print_text("assumption: {}\n", holds(report.at("assumption")));
  print_promise(promise);
  print_text("{:<24} {:>14} {:>14} {:>9}\n", "", "before", "after", "ratio");
  const std::string metric = report.at("metric").get<std::string>();
  print_row(("validation " + metric).c_str(), wide, narrow, "val", false);
  print_row(("test " + metric).c_str(), wide, narrow, "test", false);
  print_row("width", wide, narrow, "width", true);
  print_row("parameters", wide, narrow, "parameters", true);
  print_row("bytes", wide, narrow, "bytes", true);
  print_row("multiply-adds", wide, narrow, "multiply_adds", true);
  print_row("prediction, seconds", wide, narrow, "prediction_seconds", false);
  for (const std::string& cost : grown_costs(measured))
    print_text("note: the compressed network costs more than the network before it: {}\n", cost);
  print_text("output error per node: mean {} (relative {}), 99 % {}, largest {}\n", four_digits(error.at("mean")),
             four_digits(error.at("relative_mean")), four_digits(error.at("p99")), four_digits(error.at("max")));
  for (const Json& layer : measured.at("attention_ratio"))
    print_text("attention before/after, layer {}: 1 % {}, median {}, 99 % {}\n", layer.at("layer").get<int64_t>(),
               four_digits(layer.value("p01", Json())), four_digits(layer.value("median", Json())),
               four_digits(layer.value("p99", Json())));
  print_text("run folder: {}\n", out);
}

/// Compresses the network of a run and prints what it did.
void run_compress(CompressCommand command) {
  read_result(command.run);  // throws Error if it is not a run folder
  CompressRequest request{command.run, folder_path(command.out), command.overwrite, false, command.options};
  require_distinct({{"--out", request.out}}, {{"RUN", command.run}, {"--graph", command.graph}});
  refuse_existing_folder(request.out, command.overwrite, FolderKind::kRun, {command.run, command.graph});
  request.numbered = request.out.empty();
  if (request.numbered) request.out = folder_path(command.run).string() + "-" + command.options.method;
  set_threads(command.threads);
  watch_for_stop();
  Json report;
  {
    Progress progress(command.quiet);
    Dataset data = open_graph(command.graph.empty() ? graph_of_run(command.run, "--graph GRAPH") : command.graph);
    report = compress(std::move(data), request, progress);
  }
  if (command.json)
    print_json(report);
  else
    print_report(report, report.at("out").get<std::string>());
}

}  // namespace

void add_compress_command(Program& program) {
  auto made = std::make_shared<CompressCommand>();
  CompressOptions& o = made->options;
  CLI::App* command =
      program.app.add_subcommand("compress", "Make a trained network narrower, as a run folder of its own");
  command->add_option("RUN", made->run, "Run folder with the wide network")->required();
  command->add_option("--method", o.method, "jl, exact, low-rank, leverage, cluster, fitted, distilled or auto")
      ->required()
      ->check(CLI::IsMember(compress_methods()).description(""))
      ->type_name("METHOD");
  const auto whole = [&](const char* name, int64_t& to, int64_t least, const char* text) {
    command->add_option(name, to, text)->transform(whole_number(least, 1000000))->type_name("N");
  };
  const auto real = [&](const char* name, double& to, double most, const char* text) {
    command->add_option(name, to, text)->transform(real_number(0.0, most))->type_name("X");
  };
  whole("--width", o.width, 1,
        "New width; jl: of queries and keys alone; auto: the largest tried (default: the network's)");
  whole("--units", o.units, 1, "Hidden units: leverage (default: d ln d), fitted, distilled (default: the width)");
  command->add_option("--part", o.part, "fitted: network, or attention for queries and keys alone (default: network)")
      ->check(CLI::IsMember({"network", "attention"}).description(""))
      ->type_name("PART");
  command
      ->add_option("--first-layer", o.first_layer,
                   "cluster: subspace, or jl for wide inputs and random matrices (default: subspace)")
      ->check(CLI::IsMember({"subspace", "jl"}).description(""))
      ->type_name("KIND");
  command->add_option("--matrix", o.matrix, "jl, cluster: gaussian or sign (default: gaussian)")
      ->check(CLI::IsMember({"gaussian", "sign"}).description(""))
      ->type_name("KIND");
  whole("--tries", o.tries, 1, "Random choices of jl, leverage and cluster, the best of which is kept (default: 20)");
  real("--epsilon", o.epsilon, 0.5, "The ε of the theorems' assumptions and bounds (default: 0.1)");
  real("--max-loss", o.max_loss, 1, "auto: of the validation metric (default: 0.005)");
  whole("--epochs", o.epochs, 1, "distilled, auto: of the training (default: 200)");
  real("--lr", o.lr, 1, "distilled, auto: learning rate (default: 0.01)");
  real("--attention-weight", o.attention_weight, 1e6, "distilled, auto: of the attention in the loss (default: 0.1)");
  add_seed_option(*command, o.seed, "Of the random choices (default: 0)");
  command->add_option("--graph", made->graph, "As for run (default: the graph that was trained on)")
      ->type_name("GRAPH");
  command->add_option("--out", made->out, "Run folder (default: RUN-METHOD-N, the next free N)")->type_name("FOLDER");
  command->add_flag("--overwrite", made->overwrite, "Replace the run folder if there is one");
  add_threads_option(*command, made->threads);
  command->add_flag("--json", made->json, "Print the report as JSON");
  add_quiet_option(*command, made->quiet);
  command->footer(
      "The result predicts, is inspected and compressed again like any run folder; compression.json says what was\n"
      "assumed, what the theorem promises and what came out.\n\n"
      "Examples:\n"
      "  graphsieve compress runs/graph-1 --method distilled --width 4\n"
      "  graphsieve compress runs/graph-1 --method auto --max-loss 0.005 --out runs/small");
  command->callback([made, &program] { program.action = [made] { run_compress(*made); }; });
}

}  // namespace graphsieve

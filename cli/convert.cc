// SPDX-License-Identifier: Apache-2.0
// The command graphsieve convert.
#include <dlfcn.h>
#include <CLI/CLI.hpp>

#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "commands.h"
#include "graph_source.h"
#include "graphsieve/datasets/graph_folder.h"
#include "graphsieve/datasets/graph_folder_writer.h"
#include "graphsieve/tables/convert_tables.h"
#include "numbers.h"
#include "outputs.h"
#include "progress.h"
#include "stop.h"
#include "terminal.h"

namespace graphsieve {
namespace {

constexpr const char* kTablesGroup = "Tables";  // group of the options that belong to --nodes and --edges

/// The values of the options.
struct ConvertOptions {
  std::string graph, ogb, features = "float32";
  TablesRequest tables;
  uint64_t memory = uint64_t{1} << 30;
  double fill = 0;
  bool quiet = false;
};

/// Loads the library for tables when it is needed, since nothing else needs Arrow, and returns one of its functions.
auto tables_function(const char* name) {
  void* library = dlopen("libgraphsieve_tables.so", RTLD_NOW | RTLD_GLOBAL);
  void* function = library == nullptr ? nullptr : dlsym(library, name);
  if (function == nullptr) {
    const char* why = dlerror();
    throw Error("tables need Apache Arrow (pip install " GRAPHSIEVE_PYARROW " in the Python that has torch): ",
                why ? why : "no such library");
  }
  return reinterpret_cast<decltype(&graphsieve_convert_tables)>(function);
}

/// Converts tables by a function of the library.
void from_tables(TablesRequest& request, const char* function, bool quiet) {
  const auto convert = tables_function(function);
  watch_for_stop();
  Progress progress(quiet);
  progress.stage("convert", 1000);
  request.progress = [&](double share) {
    progress.step(static_cast<int64_t>(1000 * share), "");
    if (progress.stop_requested()) throw Interrupted();
  };
  request.note = [&](const std::string& text) { progress.note(text); };
  convert(request);
}

/// Converts a graph, tables or a data set of OGB, and prints what the new folder has.
void convert(ConvertOptions& options) {
  TablesRequest& tables = options.tables;
  tables.type = float_type(options.features);
  tables.memory = static_cast<int64_t>(options.memory);
  if (tables.edges.empty() != tables.nodes.empty()) throw UsageError("--nodes and --edges go together");
  // Exactly one of the three sources must be given.
  if (!options.graph.empty() + !options.ogb.empty() + !tables.edges.empty() != 1)
    throw UsageError("expected GRAPH, or --nodes and --edges, or --ogb");
  require_distinct(
      {{"--out", tables.out}},
      {{"GRAPH", options.graph}, {"--nodes", tables.nodes}, {"--edges", tables.edges}, {"--ogb", options.ogb}});
  if (!options.ogb.empty()) {
    tables.nodes = options.ogb;
    from_tables(tables, "graphsieve_convert_ogb", options.quiet);
  } else if (options.graph.empty()) {
    from_tables(tables, "graphsieve_convert_tables", options.quiet);
  } else {
    write_graph_folder(open_graph(options.graph), tables.out, {tables.type, tables.directed, tables.overwrite});
  }
  const Dataset made = read_graph_folder(tables.out);
  const auto edges = static_cast<int64_t>(made.graph->source.size());
  const size_t types = made.graph->type_names.size();
  print_text("{} nodes, {} {} edges{}, {} features, {} {}\n{}\n", made.nodes, made.graph->directed ? edges : edges / 2,
             made.graph->directed ? "directed" : "undirected", types > 0 ? fmt::format(" of {} types", types) : "",
             made.features.cols, made.labels.classes, made.labels.multi_label() ? "labels per node" : "classes",
             tables.out.string());
}

/// Throws UsageError for an option that the chosen kind of conversion does not use.
void check_ways(const CLI::App& command) {
  for (const CLI::Option* option : command.get_options()) {
    if (option->count() == 0) continue;
    const std::string name = option->get_name();
    if (option->get_group() == kTablesGroup && name != "--memory" && command.count("--nodes") == 0)
      throw UsageError(name, " belongs to tables, which --nodes and --edges name");
    if (name == "--node-features-from-edges" && command.count("--ogb") == 0)
      throw UsageError(name, " belongs to --ogb");
  }
}

}  // namespace

void add_convert_command(Program& program) {
  auto options = std::make_shared<ConvertOptions>();
  TablesRequest& t = options->tables;
  CLI::App* command =
      program.app.add_subcommand("convert", "Store a graph, or node and edge tables, as a folder of mapped arrays");
  command->add_option("GRAPH", options->graph, "As for run; or give --nodes and --edges, or --ogb");
  command->add_option("--out", t.out, "The new graph folder")->required()->type_name("FOLDER");
  command->add_option("--features", options->features, "How dense features are stored: float32, float16 or bfloat16")
      ->check(CLI::IsMember({"float32", "float16", "bfloat16"}))
      ->type_name("TYPE")
      ->capture_default_str();
  command->add_flag("--directed", t.directed, "Keep the directions of the edges");
  command->add_flag("--overwrite", t.overwrite, "Replace the graph folder if there is one");
  command->add_flag("-q,--quiet", options->quiet, "No progress and no notes");
  const char* const group = kTablesGroup;
  const auto add = [command, group](const char* name, auto& to, const char* help) {
    return command->add_option(name, to, help)->group(group);
  };
  add("--nodes", t.nodes, "Node table: .csv, .tsv (also .gz, .bz2, .zst) or .parquet")->type_name("FILE");
  add("--edges", t.edges, "Edge table")->type_name("FILE");
  add("--id", t.id, "Column of the node ids: integers or texts")->type_name("COLUMN")->capture_default_str();
  add("--source", t.source, "Column of the edges' sources")->type_name("COLUMN")->capture_default_str();
  add("--destination", t.destination, "Column of the edges' destinations")->type_name("COLUMN")->capture_default_str();
  add("--edge-type", t.edge_type, "Column of the edges' types, integers or texts (default: edges have no types)")
      ->type_name("COLUMN");
  add("--label", t.labels, "Column of the classes (integers or texts); several, as a,b,c: columns of 0 and 1")
      ->delimiter(',')
      ->type_name("COLUMN")
      ->default_str("label");  // the default text of a list would depend on the headers included
  add("--split", t.split, "Column of train, val, test or nothing (default: no given split)")->type_name("COLUMN");
  add("--columns", t.features, "Feature columns, as a,b,c (default: all others)")->delimiter(',')->type_name("COLUMN");
  CLI::Option* fill = add("--fill", options->fill, "In place of missing numbers (default: they are refused)")
                          ->transform(real_number())
                          ->type_name("NUMBER");
  command->add_flag("--drop-dangling", t.drop_dangling, "Leave out edges with an id that no node has")->group(group);
  add("--memory", options->memory, "Memory for node ids and for sorting edges, as 512MiB or 4GiB (default: 1GiB)")
      ->transform(byte_count())
      ->type_name("BYTES");
  command->add_option("--ogb", options->ogb, "A data set of the Open Graph Benchmark as it was unpacked (raw/, split/)")
      ->type_name("FOLDER");
  command
      ->add_option("--node-features-from-edges", t.features_from_edges,
                   "With --ogb: features of a node are the mean or the sum of its edges' (ogbn-proteins)")
      ->check(CLI::IsMember({"mean", "sum"}))
      ->type_name("HOW");
  command->footer(
      "Every command takes the folder as its GRAPH; edges and features then stay on disk and are read as they are "
      "needed.\n"
      "Text columns among the features become one column for each text. docs/graph-folder.md draws the folder.\n\n"
      "Examples:\n"
      "  graphsieve convert tolokers.npz --out tolokers\n"
      "  graphsieve convert graph.npz --features bfloat16 --out graph\n"
      "  graphsieve convert --nodes accounts.csv --edges payments.parquet --id account --source payer --destination "
      "payee \\\n"
      "    --label fraud --out payments\n"
      "  graphsieve convert --nodes n.csv --edges e.csv --edge-type kind --out typed\n"
      "  graphsieve convert --ogb dataset/ogbn_products --out products\n"
      "  graphsieve convert --ogb dataset/ogbn_proteins --node-features-from-edges mean --out proteins\n"
      "  graphsieve convert pokec.mat --out pokec");
  command->callback([&program, command, options, fill] {
    if (fill->count() > 0) options->tables.fill = options->fill;
    program.action = [options, command] {
      check_ways(*command);
      convert(*options);
    };
  });
}

}  // namespace graphsieve

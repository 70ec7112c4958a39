// SPDX-License-Identifier: Apache-2.0
// The command graphsieve convert.
#include <CLI/CLI.hpp>

#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "commands.h"
#include "graph_source.h"
#include "graphsieve/datasets/graph_folder.h"
#include "graphsieve/datasets/graph_folder_writer.h"
#include "numbers.h"
#include "outputs.h"
#include "progress.h"
#include "tables.h"
#include "terminal.h"

namespace graphsieve {
namespace {

constexpr const char* kTablesGroup = "Tables";  // group of the options that belong to --nodes and --edges

/// The values of the options.
struct ConvertOptions {
  std::string graph, ogb, features = "float32";
  TablesRequest tables;
  std::vector<std::string> labels, fills, missing;
  std::string task;
  std::string like, unknown = "zeros", delimiter, decimal, thousands, features_from_edges;
  uint64_t memory = uint64_t{1} << 30;
  bool quiet = false;
};

/// Returns the request for tables.
TablesRequest tables_request(const ConvertOptions& options) {
  TablesRequest request = options.tables;
  if (!options.labels.empty()) request.labels = options.labels;
  request.regression = options.task == "regression";
  if (!options.missing.empty()) request.missing = options.missing;
  for (const std::string& fill : options.fills) add_fill(request, fill);
  if (!options.delimiter.empty()) request.delimiter = character_of("--delimiter", options.delimiter);
  if (!options.decimal.empty()) request.decimal = character_of("--decimal", options.decimal);
  if (!options.thousands.empty()) request.thousands = character_of("--thousands", options.thousands);
  request.unknown = unknown_texts(options.unknown);
  if (!options.like.empty()) request.like = schema_of_folder(options.like);
  return request;
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
    OgbRequest request;
    request.folder = options.ogb;
    request.out = tables.out;
    request.features_from_edges = options.features_from_edges;
    request.directed = tables.directed;
    request.overwrite = tables.overwrite;
    request.type = tables.type;
    request.memory = tables.memory;
    Progress progress(options.quiet);
    convert_with_progress(request, progress);
  } else if (options.graph.empty()) {
    TablesRequest request = tables_request(options);
    Progress progress(options.quiet);
    convert_with_progress(request, progress);
  } else {
    write_graph_folder(open_graph(options.graph), tables.out, {tables.type, tables.directed, tables.overwrite});
  }
  const Dataset made = read_graph_folder(tables.out);
  const auto edges = static_cast<int64_t>(made.graph->source.size());
  const size_t types = made.graph->type_names.size();
  print_text("{} nodes, {} {} edges{}, {} features, {}\n{}\n", made.nodes, made.graph->directed ? edges : edges / 2,
             made.graph->directed ? "directed" : "undirected", types > 0 ? fmt::format(" of {} types", types) : "",
             made.features.cols,
             made.labels.classes == 0 ? "no labels"
                                      : fmt::format("{} {}", made.labels.classes,
                                                    made.labels.kind() == LabelKind::kClasses   ? "classes"
                                                    : made.labels.kind() == LabelKind::kSeveral ? "labels per node"
                                                                                                : "numbers to predict"),
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
  add("--id", t.id, "Column of the node ids, integers or texts (default: id)")->type_name("COLUMN");
  add("--id-type", t.id_type, "integer or text (default: text if an id is no integer, or has leading zeros)")
      ->check(CLI::IsMember({"integer", "text"}))
      ->type_name("TYPE");
  add("--source", t.source, "Column of the edges' sources (default: source)")->type_name("COLUMN");
  add("--destination", t.destination, "Column of the edges' destinations (default: destination)")->type_name("COLUMN");
  add("--edge-type", t.edge_type, "Column of the edges' types, integers or texts (default: edges have no types)")
      ->type_name("COLUMN");
  add("--label", options->labels,
      "Column of the classes (integers or texts); several, as a,b,c: columns of 0 and 1; with --task regression, "
      "columns "
      "of numbers (default: label, if there is one)")
      ->delimiter(',')
      ->type_name("COLUMN");
  add("--task", options->task,
      "What the labels are: classification, or regression for numbers to predict (default: classification)")
      ->check(CLI::IsMember({"classification", "regression"}))
      ->type_name("TASK");
  add("--split", t.split, "Column of train, val, test or nothing (default: no given split)")->type_name("COLUMN");
  add("--split-by", t.split_by, "Column of dates that makes the split, with --train-until")->type_name("COLUMN");
  add("--train-until", t.train_until, "Last date of the training nodes, as 2026-01-31")->type_name("DATE");
  add("--validate-until", t.validate_until,
      "Last date of the validation nodes; later ones are for testing (default: the last fifth of the training nodes by "
      "date is for validation)")
      ->type_name("DATE");
  add("--columns", t.features, "Feature columns, as a,b,c (default: all others)")->delimiter(',')->type_name("COLUMN");
  add("--drop", t.drop, "Columns of the node table to leave out, as a,b,c")->delimiter(',')->type_name("COLUMN");
  add("--fill", options->fills,
      "In place of missing numbers and dates (default: they are refused): a number for all columns, or COLUMN=mean, "
      "COLUMN=median or COLUMN=NUMBER; may be repeated")
      ->type_name("[COLUMN=]VALUE")
      ->expected(1)
      ->take_all();
  add("--indicator", t.indicators, "Columns with a further feature that is 1 where the value is missing, as a,b,c")
      ->delimiter(',')
      ->type_name("COLUMN");
  add("--cyclic", t.cyclic,
      "Columns of dates or times with further features: sine and cosine of the time of the day and, for dates, of the "
      "week and the year")
      ->delimiter(',')
      ->type_name("COLUMN");
  command->add_flag("--degree-features", t.degree_features, "Further features: ln(1 + degree), per edge type")
      ->group(group);
  add("--missing", options->missing, "Texts that count as a missing cell, as NA,null (default: only empty cells do)")
      ->delimiter(',')
      ->type_name("TEXT");
  add("--delimiter", options->delimiter, "Character between the cells of a CSV file (default: a comma; a tab in .tsv)")
      ->type_name("CHARACTER");
  add("--decimal", options->decimal, "Character before the fraction of a number (default: a point)")
      ->type_name("CHARACTER");
  add("--thousands", options->thousands, "Character between groups of three digits (default: none)")
      ->type_name("CHARACTER");
  add("--like", options->like,
      "A graph folder, or a run: columns, categories, dates and fills become the features that it has, by name; its "
      "names of columns and its form of CSV are the defaults")
      ->type_name("FOLDER");
  add_unknown_option(*command, options->unknown,
                     "With --like, a text that the training data did not have: zeros, or refuse", group);
  command->add_flag("--drop-dangling", t.drop_dangling, "Leave out edges with an id that no node has")->group(group);
  add("--memory", options->memory, "Memory for node ids and for sorting edges, as 512MiB or 4GiB (default: 1GiB)")
      ->transform(byte_count())
      ->type_name("BYTES");
  command->add_option("--ogb", options->ogb, "A data set of the Open Graph Benchmark as it was unpacked (raw/, split/)")
      ->type_name("FOLDER");
  command
      ->add_option("--node-features-from-edges", options->features_from_edges,
                   "With --ogb: features of a node are the mean or the sum of its edges' (ogbn-proteins)")
      ->check(CLI::IsMember({"mean", "sum"}))
      ->type_name("HOW");
  command->footer(
      "Every command takes the folder as its GRAPH; edges and features then stay on disk and are read as they are "
      "needed.\n"
      "docs/tables.md says how columns become features; docs/graph-folder.md draws the folder.\n\n"
      "Examples:\n"
      "  graphsieve convert tolokers.npz --out tolokers\n"
      "  graphsieve convert graph.npz --features bfloat16 --out graph\n"
      "  graphsieve convert --nodes accounts.csv --edges payments.parquet --id account --source payer --destination "
      "payee \\\n"
      "    --label fraud --out payments\n"
      "  graphsieve convert --nodes n.csv --edges e.csv --edge-type kind --out typed\n"
      "  graphsieve convert --nodes new.csv --edges new-payments.csv --like runs/payments --out tomorrow\n"
      "  graphsieve convert --ogb dataset/ogbn_products --out products\n"
      "  graphsieve convert --ogb dataset/ogbn_proteins --node-features-from-edges mean --out proteins\n"
      "  graphsieve convert pokec.mat --out pokec");
  command->callback([&program, command, options] {
    program.action = [options, command] {
      check_ways(*command);
      convert(*options);
    };
  });
}

}  // namespace graphsieve

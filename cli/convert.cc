// graphsieve convert
#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "commands.h"
#include "graph_source.h"
#include "graphsieve/io/graph_folder.h"
#include "graphsieve/io/graph_folder_writer.h"

namespace graphsieve {
namespace {

struct ConvertOptions {
  std::string graph, out, features = "float32";
  bool directed = false, overwrite = false;
};

void convert(const ConvertOptions& options) {
  const Dataset data = open_graph(options.graph);
  write_graph_folder(data, options.out, {float_type(options.features), options.directed, options.overwrite});
  const Dataset written = read_graph_folder(options.out);
  fmt::print("{} nodes, {} {} edges, {} features, {} {}\n{}\n", written.nodes, written.graph->source.size(),
             written.graph->directed ? "directed" : "stored (both directions)", written.features.cols,
             written.labels.classes, written.labels.multi_label() ? "labels a node" : "classes", options.out);
}

}  // namespace

void add_convert_command(Program& program) {
  auto options = std::make_shared<ConvertOptions>();
  CLI::App* command = program.app.add_subcommand("convert", "Store a graph as a folder of mapped arrays");
  command->add_option("GRAPH", options->graph, "As for run")->required();
  command->add_option("--out", options->out, "The new graph folder")->required()->type_name("FOLDER");
  command->add_option("--features", options->features, "How dense features are stored: float32, float16 or bfloat16")
      ->check(CLI::IsMember({"float32", "float16", "bfloat16"}))
      ->type_name("TYPE")
      ->capture_default_str();
  command->add_flag("--directed", options->directed, "Keep the directions of the edges");
  command->add_flag("--overwrite", options->overwrite, "Replace the graph folder if there is one");
  command->footer(
      "Every command takes the folder as its GRAPH; edges and features then stay on disk and are read as they are needed.\n"
      "docs/graph-folder.md draws the folder.\n\n"
      "Examples:\n"
      "  graphsieve convert tolokers.npz --out tolokers\n"
      "  graphsieve convert graph.npz --features bfloat16 --out graph");
  command->callback([&program, options] { program.action = [options] { convert(*options); }; });
}

}  // namespace graphsieve

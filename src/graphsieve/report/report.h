// SPDX-License-Identifier: Apache-2.0
// The command graphsieve report: the results of runs as one JSON object, and as one HTML page that needs no other file.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "graphsieve/base/export.h"
#include "graphsieve/base/observer.h"
#include "graphsieve/data/dataset.h"

namespace graphsieve {

/// What to report on.
struct ReportRequest {
  std::vector<std::filesystem::path> runs;  ///< run folders on one graph, including folders of several runs
  std::vector<std::string> nodes;           ///< user's ids of nodes to explain, in the first run
  bool plan = true;                         ///< whether to plan the memory, if the graph is available
};

/// The most runs in the comparison, and the most runs that are shown in full.
inline constexpr size_t kComparedRuns = 100, kDetailedRuns = 4;

/// Collects the report; docs/report.md describes every field. `graph` is the graph that the runs were trained on, or
/// null if it is gone. Its facts then come from the report.json of the first run that has one, and `missing` lists what
/// is omitted. Throws Error if a folder is not a run folder, if the runs are of different graphs, or if nodes are to be
/// explained without a graph.
GRAPHSIEVE_API nlohmann::json collect_report(const ReportRequest& request, Dataset* graph, Observer& observer);

/// Returns the page. It shows only what is in `report`; every text is escaped.
GRAPHSIEVE_API std::string report_page(const nlohmann::json& report);

/// Writes report.json and report.html into a run's folder.
GRAPHSIEVE_API void write_report(const std::filesystem::path& run, Dataset* graph, Observer& observer);

}  // namespace graphsieve

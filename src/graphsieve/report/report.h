// graphsieve report: what a run came to, as one JSON object and as one HTML page that needs nothing beside it.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "graphsieve/base/observer.h"
#include "graphsieve/data/dataset.h"

namespace graphsieve {

struct ReportRequest {
  std::vector<std::filesystem::path> runs;  ///< run folders of one graph, those of several runs too
  std::vector<std::string> nodes;           ///< to be explained, by the user's ids, in the first run
  bool plan = true;                         ///< what memory had to be expected, where the graph is there
};

/// At most so many runs stand in the comparison, and so many of them in full.
inline constexpr size_t kComparedRuns = 100, kDetailedRuns = 4;

/// docs/report.md names every field. `graph` is the graph that was trained on, or null where it is gone: then its part
/// comes from the report.json of the first run that has one, and what is missing is said in `missing`. Throws Error
/// where a folder is no run folder, where the runs are of different graphs, and where nodes are to be explained without
/// a graph.
nlohmann::json collect_report(const ReportRequest& request, Dataset* graph, Observer& observer);

/// The page. Everything it shows is in `report`; every text is escaped.
std::string report_page(const nlohmann::json& report);

/// report.json and report.html into a run's folder.
void write_report(const std::filesystem::path& run, Dataset* graph, Observer& observer);

}  // namespace graphsieve

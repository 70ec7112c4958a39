// How good a run's predictions are: predictions.csv, read once from its beginning to its end. Beside counts of classes
// nothing is held, so the file may be of any length.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace graphsieve {

/// How much is told of many classes.
struct QualityLimits {
  size_t balance = 50;    ///< classes in the class balance, the largest
  size_t confusion = 15;  ///< classes of the confusion matrix, the largest of the test nodes; the others are one
  size_t worst = 20;      ///< classes with the lowest F1
  size_t curves = 5;      ///< classes with ROC and precision-recall curves, the largest of the test nodes
};

/// docs/report.md names every field. Probabilities are counted in 4,001 bins of their logit, 0.01 wide, so areas and
/// curves are those of probabilities that are equal within a bin. Throws Error naming the file and the line where it is
/// no predictions.csv.
nlohmann::json prediction_quality(const std::filesystem::path& predictions_csv, const QualityLimits& limits = {});

/// Cells of one record of a CSV file, which begins at `at` and may go over several lines; `at` is moved behind it.
std::vector<std::string> csv_record(std::string_view text, size_t& at);

}  // namespace graphsieve

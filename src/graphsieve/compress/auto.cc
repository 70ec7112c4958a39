// SPDX-License-Identifier: Apache-2.0
// Finds the smallest network whose validation metric is worse by at most a given loss. Widths are tried in ascending
// order, each with the method `fitted` first, and with `distilled` if `fitted` loses too much.
#include <torch/torch.h>

#include "graphsieve/base/error.h"
#include "graphsieve/base/option.h"
#include "graphsieve/compress/method.h"

namespace graphsieve {
namespace {

using Json = nlohmann::json;

/// Returns the widths 1, 2, 3, 4, 6, 8, 12, 16, … up to `most`.
std::vector<int64_t> widths_up_to(int64_t most) {
  std::vector<int64_t> widths = {1};
  for (int64_t power = 2; power <= most; power *= 2)
    for (const int64_t width : {power, power + power / 2})
      if (width <= most && width > widths.back()) widths.push_back(width);
  return widths;
}

}  // namespace

Compression compress_auto(const CompressTask& task) {
  const int64_t most = task.options.width > 0 ? task.options.width : task.wide.width();
  const bool larger_is_better = task.run->task->metric().larger_is_better;
  const double wide = validation(task, task.trace.logits);
  const double asked = larger_is_better ? wide - task.options.max_loss : wide + task.options.max_loss;
  Json tried = Json::array();
  for (const int64_t width : widths_up_to(most))
    for (const CompressMethod method : {compress_fitted, compress_distilled}) {
      if (task.observer.stop_requested()) throw Interrupted();
      CompressOptions options = task.options;
      options.width = width;
      const char* name = method == compress_fitted ? "fitted" : "distilled";
      const CompressTask at_width{task.wide,     task.outer, task.edges, task.trace, options,
                                  task.observer, task.run,   task.split, task.record};
      Compression found = method(at_width);
      const double value = validation(task, outputs(task, found));
      tried.push_back({{"width", width}, {"method", name}, {"val", value}});
      task.observer.information(str("width ", width, ", ", name, ": validation ", value, ", asked ", asked));
      if (!(larger_is_better ? value >= asked : value <= asked)) continue;
      found.promise["chosen_by"] = {{"max_loss", task.options.max_loss}, {"wide_val", wide}, {"tried", tried}};
      return found;
    }
  throw Error("auto: no width up to ", most, " stays within ", task.options.max_loss, " of the validation value ", wide,
              "; a larger ", option("max_loss"), " or more ", option("epochs"), " may help");
}

}  // namespace graphsieve

#include "graphsieve/train/metrics_file.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "graphsieve/base/error.h"

namespace graphsieve {

using Json = nlohmann::json;

void MetricsFile::write(const EpochRecord& r) {
  Json json = {{"stage", r.stage},     {"epoch", r.epoch},         {"lr", r.learning_rate}, {"temperature", r.temperature},
               {"loss", r.loss},       {"grad_norm", r.grad_norm}};
  if (r.start > 0) json["start"] = r.start;
  if (r.evaluated) {
    json["val"] = std::isfinite(r.val) ? Json(r.val) : Json(nullptr);
    json["test"] = std::isfinite(r.test) ? Json(r.test) : Json(nullptr);
  }
  for (const auto& [map, norm] : r.operator_norms) json["operator_norms"][map] = norm;
  for (const VectorNorms& norm : r.vector_norms) {
    json["vector_norms"].push_back(norm.mean);
    json["vector_norms_max"].push_back(norm.most);
  }
  if (!(file_ << json.dump() << '\n' << std::flush))
    throw Error(path_.string(), ": cannot be written; is the disk full?");
}

}  // namespace graphsieve

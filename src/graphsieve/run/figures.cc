// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/run/figures.h"

#include "graphsieve/files/json_number.h"

namespace graphsieve {

nlohmann::json stage_json(const StageFigures& f) {
  return {{"val", json_number(f.val)},
          {"test", json_number(f.test)},
          {"epochs", f.epochs},
          {"best_epoch", f.best_epoch},
          {"seconds", f.seconds},
          {"sampling_seconds", f.sampling_seconds},
          {"waiting_seconds", f.waiting_seconds},
          {"peak_tensor_bytes", f.peak_tensor_bytes},
          {"peak_device_bytes", f.peak_device},
          {"peak_ram_bytes", f.peak_ram},
          {"peak_scratch_bytes", f.peak_scratch},
          {"resident_bytes_at_start", f.resident_at_start},
          {"peak_resident_bytes", f.peak_resident},
          {"draws_whole_graph", f.draws_whole_graph},
          {"batches_per_read", f.batches_per_read},
          {"evaluated_at_once", f.evaluated_at_once},
          {"parameters", f.parameters}};
}

StageFigures stage_figures(const JsonObject& json) {
  StageFigures f;
  f.val = json.number_or_nan("val");
  f.test = json.number_or_nan("test");
  f.epochs = json.get_or("epochs", int64_t{0});
  f.best_epoch = json.get_or("best_epoch", int64_t{0});
  f.seconds = json.get_or("seconds", 0.0);
  f.sampling_seconds = json.get_or("sampling_seconds", 0.0);
  f.waiting_seconds = json.get_or("waiting_seconds", 0.0);
  f.peak_tensor_bytes = json.get_or("peak_tensor_bytes", int64_t{0});
  f.peak_device = json.get_or("peak_device_bytes", int64_t{0});
  f.peak_ram = json.get_or("peak_ram_bytes", int64_t{0});
  f.peak_scratch = json.get_or("peak_scratch_bytes", int64_t{0});
  f.resident_at_start = json.get_or("resident_bytes_at_start", int64_t{0});
  f.peak_resident = json.get_or("peak_resident_bytes", int64_t{0});
  f.parameters = json.get_or("parameters", int64_t{0});
  f.draws_whole_graph = json.get_or("draws_whole_graph", false);
  f.batches_per_read = json.get_or("batches_per_read", int64_t{1});
  f.evaluated_at_once = json.get_or("evaluated_at_once", int64_t{0});
  return f;
}

}  // namespace graphsieve

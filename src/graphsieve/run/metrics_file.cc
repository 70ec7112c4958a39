// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/run/metrics_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "graphsieve/base/error.h"
#include "graphsieve/files/atomic_file.h"
#include "graphsieve/files/json_number.h"
#include "graphsieve/files/paths.h"

namespace graphsieve {

using Json = nlohmann::json;

MetricsFile::MetricsFile(const std::filesystem::path& path, int64_t bytes) : path_(path), bytes_(bytes) {
  if (bytes > 0) {
    // Lines after the checkpoint belong to epochs that are trained again, so they are cut off. The checksum continues
    // from the lines that stay.
    const std::string before = read_text_file(path);
    if (static_cast<int64_t>(before.size()) < bytes)
      throw Error(path.string(), ": is shorter than the ", bytes, " bytes that the checkpoint goes on from");
    checksum_.add(before.data(), static_cast<size_t>(bytes));
    cut_file(path, bytes);
  }
  errno = 0;
  file_.open(path, bytes > 0 ? std::ios::app : std::ios::trunc);
  if (!file_) throw path_error(path_, "cannot be written", errno != 0 ? errno : EIO);
}

void MetricsFile::write(const EpochRecord& r) {
  Json json = {{"stage", r.stage}, {"epoch", r.epoch},        {"lr", r.learning_rate}, {"temperature", r.temperature},
               {"loss", r.loss},   {"grad_norm", r.grad_norm}};
  if (r.start > 0) json["start"] = r.start;
  if (r.evaluated) {
    json["val"] = json_number(r.val);
    json["test"] = json_number(r.test);
  }
  for (const auto& [map, norm] : r.operator_norms) json["operator_norms"][map] = norm;
  for (const VectorNorms& norm : r.vector_norms) {
    json["vector_norms"].push_back(norm.mean);
    json["vector_norms_max"].push_back(norm.most);
  }
  for (const VectorNorms& norm : r.middle_norms) {
    json["middle_norms"].push_back(norm.mean);
    json["middle_norms_max"].push_back(norm.most);
  }
  const std::string line = json.dump() + '\n';
  bytes_ += static_cast<int64_t>(line.size());
  checksum_.add(line);
  errno = 0;
  if (!(file_ << line << std::flush)) throw path_error(path_, "cannot be written", errno != 0 ? errno : EIO);
}

void MetricsFile::sync() const {
  const int descriptor = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return;
  fsync(descriptor);
  close(descriptor);
}

}  // namespace graphsieve

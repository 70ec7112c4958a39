// SPDX-License-Identifier: Apache-2.0
// The state that training needs to continue from the middle with the same bits, and the files that store it.
#pragma once

#include <ATen/core/Tensor.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "graphsieve/files/json_file.h"

namespace graphsieve {

struct Safetensors;

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

/// The state of training: numbers and names as JSON, tensors (float32 or float64) by name. Each part of training adds
/// its own members and restores them.
struct Checkpoint {
  nlohmann::json state = nlohmann::json::object();
  NamedTensors tensors;
  std::string file = "the checkpoint";  ///< name of the file, for messages

  /// Returns the state, with the name of its file for messages.
  JsonObject view() const { return {state, file}; }

  /// add() adds tensors, with `prefix` before every name. restore() copies them back into tensors of the same shapes;
  /// throws Error if one is missing or differs in shape or type.
  void add(const std::string& prefix, const NamedTensors& from);
  void restore(const std::string& prefix, const NamedTensors& to) const;
};

/// Sets or renews the checksum of a checkpoint in the form of a file, whose metadata have "serial" and "state".
void seal_checkpoint(Safetensors& file);

/// The two files of a run's checkpoints, checkpoint-0.safetensors and checkpoint-1.safetensors, which are written in
/// turn. Each has a checksum of its whole content.
class Checkpoints {
 public:
  /// `minutes` is the time between two checkpoints within an epoch; at the end of an epoch, a tenth of it is enough. 0:
  /// a checkpoint is always due.
  Checkpoints(std::filesystem::path folder, double minutes);

  /// True if enough time has passed since the last checkpoint.
  bool due(bool end_of_epoch) const;
  /// Writes a checkpoint in place of the older of the two files.
  void write(const Checkpoint& checkpoint);
  /// True if a checkpoint has been written, by this process or by the process that was interrupted.
  bool any() const;

  /// Returns the newest intact checkpoint, if there is one. A checkpoint is skipped, with a call of `note`, if it is
  /// damaged, or if `verify` throws Error because a file that the checkpoint refers to is damaged.
  std::optional<Checkpoint> newest(const std::function<void(const std::string&)>& note,
                                   const std::function<void(const Checkpoint&)>& verify = {});

 private:
  using Clock = std::chrono::steady_clock;
  std::filesystem::path file(int64_t serial) const;

  std::filesystem::path folder_;
  double minutes_;
  int64_t serial_ = 0;  ///< number of the next checkpoint
  Clock::time_point last_ = Clock::now();
};

}  // namespace graphsieve

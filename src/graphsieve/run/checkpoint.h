// What training needs to go on from the middle to the same bits, and the files that hold it.
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

/// Numbers and names as JSON, tensors (float32 or float64) by name. Each part of training adds its own and takes it back.
struct Checkpoint {
  nlohmann::json state = nlohmann::json::object();
  NamedTensors tensors;
  std::string file = "the checkpoint";  ///< where it was read from

  /// The state, with the file's name for messages.
  JsonObject view() const { return {state, file}; }

  /// Adds tensors, every name with `prefix` before it; and copies them back into tensors of the same shapes. Throws Error
  /// where one is missing or differs.
  void add(const std::string& prefix, const NamedTensors& from);
  void restore(const std::string& prefix, const NamedTensors& to) const;
};

/// Adds its checksum to a checkpoint as a file, whose metadata hold "serial" and "state", or renews it.
void seal_checkpoint(Safetensors& file);

/// Two files, written in turn: checkpoint-0.safetensors and checkpoint-1.safetensors, each with a checksum of all it holds.
class Checkpoints {
 public:
  /// `minutes`: time between two checkpoints within an epoch; at the end of an epoch a tenth of it is enough. 0: a checkpoint is always due.
  Checkpoints(std::filesystem::path folder, double minutes);

  bool due(bool end_of_epoch) const;
  void write(const Checkpoint& checkpoint);
  /// True if a checkpoint has been written, by this process or by the process that was interrupted.
  bool any() const;

  /// The newest intact checkpoint, if there is any. A checkpoint is passed over, with a call of `note`, where it is damaged,
  /// or where `verify` throws Error because a file that the checkpoint refers to is damaged.
  std::optional<Checkpoint> newest(const std::function<void(const std::string&)>& note,
                                   const std::function<void(const Checkpoint&)>& verify = {});

 private:
  using Clock = std::chrono::steady_clock;
  std::filesystem::path file(int64_t serial) const;

  std::filesystem::path folder_;
  double minutes_;
  int64_t serial_ = 0;  ///< of the next one
  Clock::time_point last_ = Clock::now();
};

}  // namespace graphsieve

// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/run/checkpoint.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>

#include "graphsieve/base/error.h"
#include "graphsieve/files/checksum.h"
#include "graphsieve/files/json_file.h"
#include "graphsieve/files/safetensors.h"

namespace graphsieve {
namespace {

using at::Tensor;
namespace fs = std::filesystem;

/// Returns the checksum of the metadata and, for every tensor in order, of its name, type, shape and values. Lengths
/// and line ends keep different contents from having the same bytes.
std::string checksum(const Safetensors& file) {
  Checksum sum;
  for (const auto& [key, text] : file.metadata)
    if (key != "checksum") sum.add(graphsieve::str(key, ' ', text.size(), '\n')).add(text);
  for (const NamedTensor& t : file.tensors) {
    sum.add(graphsieve::str('\n', t.name, ' ', t.dtype, ' ', at::IntArrayRef(t.shape), '\n'));
    sum.add(t.bytes.data(), t.bytes.size());
  }
  return sum.text();
}

/// Sorts the tensors by name. Their order enters the checksum, and reading a file sorts them in the same way.
void sort_by_name(Safetensors& file) {
  std::sort(file.tensors.begin(), file.tensors.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}

/// Reads a file. Throws Error unless it is a complete checkpoint with a matching checksum.
Safetensors read_intact(const fs::path& path) {
  Safetensors file = read_safetensors(path);
  for (const char* key : {"state", "serial", "checksum"})
    if (!file.metadata.contains(key)) throw Error(path.string(), ": no '", key, "'");
  sort_by_name(file);
  if (checksum(file) != file.metadata["checksum"]) throw Error(path.string(), ": its checksum does not fit");
  for (const NamedTensor& t : file.tensors)
    if (t.dtype != "F32" && t.dtype != "F64")
      throw Error(path.string(), ": tensor '", t.name, "' is ", t.dtype, ", expected F32 or F64");
  return file;
}

/// Returns the number of the checkpoint in its run. Throws Error if it is not a number, or too large to have a
/// successor.
int64_t serial_of(const Safetensors& file, const fs::path& path) {
  const std::string& text = file.metadata.at("serial");
  int64_t serial = -1;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), serial);
  if (status != std::errc() || end != text.data() + text.size() || serial < 0 ||
      serial == std::numeric_limits<int64_t>::max())
    throw Error(path.string(), ": 'serial' is '", text, "', expected a number from 0");
  return serial;
}

/// Returns the checkpoint that a file holds.
Checkpoint checkpoint_of(const Safetensors& file, const fs::path& path) {
  Checkpoint checkpoint;
  checkpoint.file = path.string();
  checkpoint.state = parse_json(file.metadata.at("state"), checkpoint.file + ": state");
  for (const NamedTensor& t : file.tensors) {
    const Tensor tensor = at::empty(t.shape, t.dtype == "F64" ? at::kDouble : at::kFloat);
    if (!t.bytes.empty()) std::memcpy(tensor.mutable_data_ptr(), t.bytes.data(), t.bytes.size());
    checkpoint.tensors.emplace_back(t.name, tensor);
  }
  return checkpoint;
}

}  // namespace

void seal_checkpoint(Safetensors& file) {
  sort_by_name(file);
  file.metadata["checksum"] = checksum(file);
}

void Checkpoint::add(const std::string& prefix, const NamedTensors& from) {
  for (const auto& [name, tensor] : from) tensors.emplace_back(prefix + name, tensor);
}

void Checkpoint::restore(const std::string& prefix, const NamedTensors& to) const {
  for (const auto& [name, tensor] : to) {
    const auto found = std::find_if(tensors.begin(), tensors.end(),
                                    [wanted = prefix + name](const auto& t) { return t.first == wanted; });
    if (found == tensors.end()) throw Error("the checkpoint has no tensor '", prefix, name, "'");
    const Tensor& from = found->second;
    if (from.sizes() != tensor.sizes() || from.scalar_type() != tensor.scalar_type())
      throw Error("the checkpoint's tensor '", prefix, name, "' is ", from.scalar_type(), " ", from.sizes(),
                  ", expected ", tensor.scalar_type(), " ", tensor.sizes());
    tensor.detach().copy_(from);
  }
}

Checkpoints::Checkpoints(fs::path folder, double minutes) : folder_(std::move(folder)), minutes_(minutes) {}

fs::path Checkpoints::file(int64_t serial) const { return folder_ / str("checkpoint-", serial % 2, ".safetensors"); }

bool Checkpoints::due(bool end_of_epoch) const {
  const double passed = std::chrono::duration<double>(Clock::now() - last_).count() / 60;
  return passed >= (end_of_epoch ? minutes_ / 10 : minutes_);
}

bool Checkpoints::any() const { return fs::exists(file(0)) || fs::exists(file(1)); }

void Checkpoints::write(const Checkpoint& checkpoint) {
  Safetensors to;
  for (const auto& [name, any] : checkpoint.tensors) {
    const Tensor t = any.detach().cpu().contiguous();
    NamedTensor named{name, t.scalar_type() == at::kDouble ? "F64" : "F32", t.sizes().vec(),
                      std::vector<std::byte>(t.nbytes())};
    if (t.nbytes() > 0) std::memcpy(named.bytes.data(), t.const_data_ptr(), t.nbytes());
    to.tensors.push_back(std::move(named));
  }
  to.metadata["state"] = checkpoint.state.dump();
  to.metadata["serial"] = str(serial_);
  seal_checkpoint(to);
  write_safetensors(file(serial_++), to);
  last_ = Clock::now();
}

std::optional<Checkpoint> Checkpoints::newest(const std::function<void(const std::string&)>& note,
                                              const std::function<void(const Checkpoint&)>& verify) {
  std::optional<Checkpoint> best;
  int64_t serial = -1;
  for (int64_t s : {0, 1}) {
    if (!fs::exists(file(s))) continue;
    try {
      const Safetensors found = read_intact(file(s));
      const int64_t number = serial_of(found, file(s));
      // The file with the larger number is newer. It is the best one only if it can be restored.
      if (number <= serial) continue;
      Checkpoint checkpoint = checkpoint_of(found, file(s));
      if (verify) verify(checkpoint);
      serial = number;
      best = std::move(checkpoint);
    } catch (const std::exception& damaged) {
      note(str("a damaged checkpoint is passed over: ", damaged.what()));
    }
  }
  // The next checkpoint goes into the other file, which is older, damaged or absent, so that it does not overwrite the
  // checkpoint that was found.
  if (best) serial_ = serial + 1;
  return best;
}

}  // namespace graphsieve

#include "graphsieve/train/checkpoint.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cstring>

#include "graphsieve/base/error.h"
#include "graphsieve/io/safetensors.h"

namespace graphsieve {
namespace {

using at::Tensor;
namespace fs = std::filesystem;

/// XXH3 of the state and of every tensor in its order.
std::string checksum(const Safetensors& file) {
  XXH64_hash_t hash = XXH3_64bits(file.metadata.at("state").data(), file.metadata.at("state").size());
  for (const NamedTensor& t : file.tensors) {
    hash = XXH3_64bits_withSeed(t.name.data(), t.name.size(), hash);
    hash = XXH3_64bits_withSeed(t.bytes.data(), t.bytes.size(), hash);
  }
  return fmt::format("{:016x}", hash);
}

void sort_by_name(Safetensors& file) {
  std::sort(file.tensors.begin(), file.tensors.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}

/// Throws Error on anything but a whole checkpoint.
Safetensors read_intact(const fs::path& path) {
  Safetensors file = read_safetensors(path);
  for (const char* key : {"state", "serial", "checksum"})
    if (!file.metadata.contains(key)) throw Error(path.string(), ": no '", key, "'");
  sort_by_name(file);
  if (checksum(file) != file.metadata["checksum"]) throw Error(path.string(), ": its checksum does not fit");
  return file;
}

}  // namespace

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
      throw Error("the checkpoint's tensor '", prefix, name, "' is ", from.scalar_type(), " ", from.sizes(), ", expected ",
                  tensor.scalar_type(), " ", tensor.sizes());
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
    NamedTensor named{name, t.scalar_type() == at::kDouble ? "F64" : "F32", t.sizes().vec(), std::vector<std::byte>(t.nbytes())};
    if (t.nbytes() > 0) std::memcpy(named.bytes.data(), t.const_data_ptr(), t.nbytes());
    to.tensors.push_back(std::move(named));
  }
  sort_by_name(to);
  to.metadata["state"] = checkpoint.state.dump();
  to.metadata["serial"] = str(serial_);
  to.metadata["checksum"] = checksum(to);
  write_safetensors(file(serial_++), to);
  last_ = Clock::now();
}

std::optional<Checkpoint> Checkpoints::newest(const std::function<void(const std::string&)>& note) {
  std::optional<Safetensors> best;
  int64_t serial = -1;
  for (int64_t s : {0, 1}) {
    if (!fs::exists(file(s))) continue;
    try {
      Safetensors found = read_intact(file(s));
      const int64_t number = std::stoll(found.metadata["serial"]);
      if (number <= serial) continue;
      serial = number;
      best = std::move(found);
    } catch (const std::exception& damaged) {
      note(str("a damaged checkpoint is passed over: ", damaged.what()));
    }
  }
  if (!best) return std::nullopt;
  serial_ = serial + 1;
  Checkpoint checkpoint;
  checkpoint.state = nlohmann::json::parse(best->metadata["state"]);
  for (const NamedTensor& t : best->tensors) {
    const Tensor tensor = at::empty(t.shape, t.dtype == "F64" ? at::kDouble : at::kFloat);
    if (!t.bytes.empty()) std::memcpy(tensor.mutable_data_ptr(), t.bytes.data(), t.bytes.size());
    checkpoint.tensors.emplace_back(t.name, tensor);
  }
  return checkpoint;
}

}  // namespace graphsieve

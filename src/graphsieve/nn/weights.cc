// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/nn/weights.h"

#include <ATen/ATen.h>
#include <torch/nn/module.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "graphsieve/base/error.h"
#include "graphsieve/files/safetensors.h"

namespace graphsieve {

using at::Tensor;
namespace fs = std::filesystem;

namespace {

NamedTensor named_tensor(const std::string& name, const Tensor& tensor) {
  const Tensor t = tensor.detach().cpu().contiguous();
  NamedTensor named{name, "F32", t.sizes().vec(), std::vector<std::byte>(t.nbytes())};
  std::memcpy(named.bytes.data(), t.const_data_ptr(), t.nbytes());
  return named;
}

/// Returns the network's GraphNorms by name.
std::vector<std::pair<std::string, std::shared_ptr<nn::NormImpl>>> graph_norms(const nn::Transformer& network) {
  std::vector<std::pair<std::string, std::shared_ptr<nn::NormImpl>>> norms;
  for (const auto& item : network->named_modules())
    if (const auto norm = std::dynamic_pointer_cast<nn::NormImpl>(item.value()))
      if (norm->kind == nn::NormKind::kGraph) norms.emplace_back(item.key(), norm);
  return norms;
}

/// Returns the names of a norm's mean and variance in a file of statistics.
std::pair<std::string, std::string> statistics_names(const std::string& norm, int variant) {
  const std::string ending = variant == 0 ? "" : str("_", variant);
  return {norm + ".mean" + ending, norm + ".var" + ending};
}

/// Returns a float32 tensor of a file as a tensor on the device of `expected`, which has its shape. Throws Error if the
/// file lacks it, or if it does not fit.
Tensor tensor_of_file(const Safetensors& file, const std::string& name, const Tensor& expected, const fs::path& path) {
  const auto found =
      std::find_if(file.tensors.begin(), file.tensors.end(), [&](const NamedTensor& t) { return t.name == name; });
  if (found == file.tensors.end()) throw Error(path.string(), ": has no tensor '", name, "'");
  if (found->dtype != "F32" || found->shape != expected.sizes().vec())
    throw Error(path.string(), ": tensor '", name, "' is ", found->dtype, " ", at::IntArrayRef(found->shape),
                ", expected F32 ", expected.sizes());
  const Tensor values = at::from_blob(const_cast<std::byte*>(found->bytes.data()), found->shape, at::kFloat);
  if (!at::isfinite(values).all().item<bool>())
    throw Error(path.string(), ": tensor '", name, "' holds a number that is not finite");
  return values.to(expected.device(), at::kFloat, /*non_blocking=*/false, /*copy=*/true);
}

}  // namespace

void write_network(const fs::path& path, const nn::Transformer& network) {
  Safetensors file;
  for (const auto& [name, tensor] : nn::state_of(network)) file.tensors.push_back(named_tensor(name, tensor));
  file.metadata["format"] = "graphsieve";
  write_safetensors(path, file);
}

void read_network(const fs::path& path, nn::Transformer& network) {
  // The numbers of tensors must agree, and every tensor of the network must be in the file. Together this excludes
  // superfluous tensors as well.
  const Safetensors file = read_safetensors(path);
  auto tensors = nn::state_of(network);
  if (tensors.size() != file.tensors.size())
    throw Error(path.string(), ": holds ", file.tensors.size(), " tensors, the recipe's network has ", tensors.size());
  for (auto& [name, tensor] : tensors) tensor.detach().copy_(tensor_of_file(file, name, tensor, path));
}

bool has_graph_norms(const nn::Transformer& network) { return !graph_norms(network).empty(); }

void keep_norm_statistics(const nn::Transformer& network) {
  for (const auto& [name, norm] : graph_norms(network)) norm->keeps_statistics = true;
}

void write_norm_statistics(const fs::path& path, const nn::Transformer& network) {
  Safetensors file;
  for (const auto& [name, norm] : graph_norms(network)) {
    for (size_t v = 0; v < norm->seen.size(); ++v) {
      if (!norm->seen[v].mean.defined()) continue;
      const auto [mean, var] = statistics_names(name, static_cast<int>(v));
      file.tensors.push_back(named_tensor(mean, norm->seen[v].mean));
      file.tensors.push_back(named_tensor(var, norm->seen[v].var));
    }
  }
  file.metadata["format"] = "graphsieve";
  write_safetensors(path, file);
}

void read_norm_statistics(const fs::path& path, const nn::Transformer& network) {
  const Safetensors file = read_safetensors(path);
  const auto has = [&](const std::string& name) {
    return std::any_of(file.tensors.begin(), file.tensors.end(), [&](const NamedTensor& t) { return t.name == name; });
  };
  for (const auto& [name, norm] : graph_norms(network)) {
    int first = 0;
    while (first < kNormVariants - 1 && !has(statistics_names(name, first).first)) ++first;
    norm->given.clear();
    for (int v = 0; v < kNormVariants; ++v) {
      const auto [mean, var] = statistics_names(name, has(statistics_names(name, v).first) ? v : first);
      norm->given.push_back({tensor_of_file(file, mean, norm->weight.detach(), path),
                             tensor_of_file(file, var, norm->weight.detach(), path)});
      if (!(norm->given.back().var >= 0).all().item<bool>())
        throw Error(path.string(), ": tensor '", var, "' holds a negative variance");
    }
  }
}

NormVariant::NormVariant(const nn::Transformer& network, int variant) : network_(network) {
  for (const auto& [name, norm] : graph_norms(network)) norm->variant = variant;
}

NormVariant::~NormVariant() {
  for (const auto& [name, norm] : graph_norms(network_)) norm->variant = 0;
}

}  // namespace graphsieve

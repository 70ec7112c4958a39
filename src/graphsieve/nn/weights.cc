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
    file.tensors.push_back(named_tensor(name + ".mean", norm->seen_mean));
    file.tensors.push_back(named_tensor(name + ".var", norm->seen_var));
  }
  file.metadata["format"] = "graphsieve";
  write_safetensors(path, file);
}

void read_norm_statistics(const fs::path& path, const nn::Transformer& network) {
  const Safetensors file = read_safetensors(path);
  for (const auto& [name, norm] : graph_norms(network)) {
    norm->given_mean = tensor_of_file(file, name + ".mean", norm->weight.detach(), path);
    norm->given_var = tensor_of_file(file, name + ".var", norm->weight.detach(), path);
    if (!(norm->given_var >= 0).all().item<bool>())
      throw Error(path.string(), ": tensor '", name, ".var' holds a negative variance");
  }
}

SharedNormStatistics::SharedNormStatistics(nn::Transformer& network, const std::function<void()>& pass) {
  std::vector<std::shared_ptr<nn::NormImpl>> norms;
  for (const auto& [name, norm] : graph_norms(network))
    if (!norm->given_mean.defined()) norms.push_back(norm);
  if (norms.empty()) return;
  std::vector<bool> kept;
  for (const auto& norm : norms) kept.push_back(std::exchange(norm->keeps_statistics, true));
  pass();
  for (size_t i = 0; i < norms.size(); ++i) {
    norms[i]->keeps_statistics = kept[i];
    norms[i]->given_mean = norms[i]->seen_mean, norms[i]->given_var = norms[i]->seen_var;
  }
  given_ = std::move(norms);
}

SharedNormStatistics::~SharedNormStatistics() {
  for (const auto& norm : given_) norm->given_mean = norm->given_var = Tensor();
}

}  // namespace graphsieve

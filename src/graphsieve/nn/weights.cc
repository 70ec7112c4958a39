// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/nn/weights.h"

#include <ATen/ATen.h>
#include <torch/nn/module.h>

#include <algorithm>
#include <cstring>

#include "graphsieve/base/error.h"
#include "graphsieve/files/safetensors.h"

namespace graphsieve {

using at::Tensor;
namespace fs = std::filesystem;

void write_network(const fs::path& path, const nn::Transformer& network) {
  Safetensors file;
  for (const auto& [name, tensor] : nn::state_of(network)) {
    const Tensor t = tensor.detach().cpu().contiguous();
    NamedTensor named{name, "F32", t.sizes().vec(), std::vector<std::byte>(t.nbytes())};
    std::memcpy(named.bytes.data(), t.const_data_ptr(), t.nbytes());
    file.tensors.push_back(std::move(named));
  }
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
  for (auto& [name, tensor] : tensors) {
    const auto found = std::find_if(file.tensors.begin(), file.tensors.end(),
                                    [&name = name](const NamedTensor& t) { return t.name == name; });
    if (found == file.tensors.end()) throw Error(path.string(), ": has no tensor '", name, "'");
    if (found->dtype != "F32" || found->shape != tensor.sizes().vec())
      throw Error(path.string(), ": tensor '", name, "' is ", found->dtype, " ", at::IntArrayRef(found->shape),
                  ", expected F32 ", tensor.sizes());
    const Tensor values = at::from_blob(const_cast<std::byte*>(found->bytes.data()), found->shape, at::kFloat);
    if (!at::isfinite(values).all().item<bool>())
      throw Error(path.string(), ": tensor '", name, "' holds a number that is not finite");
    tensor.detach().copy_(values);
  }
}

}  // namespace graphsieve

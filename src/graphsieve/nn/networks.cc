// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/nn/networks.h"

#include <algorithm>
#include <cmath>

#include "graphsieve/base/error.h"
#include "graphsieve/files/json_number.h"

namespace graphsieve::nn {
namespace {

/// Returns the registry. The list is made in the first call, since networks are added before main() begins.
std::vector<NetworkKind>& all_kinds() {
  static std::vector<NetworkKind> all;
  return all;
}

}  // namespace

RegisteredNetwork::RegisteredNetwork(const NetworkKind& kind) {
  std::vector<NetworkKind>& all = all_kinds();
  // The list stays sorted: the network is inserted before the first name that is not smaller than its own.
  const auto at = std::find_if(all.begin(), all.end(), [&](const NetworkKind& k) { return k.name() >= kind.name(); });
  if (at != all.end() && at->name() == kind.name()) throw Error("there are two networks called '", kind.name(), "'");
  NetworkKind added = kind;
  added.model.clamp = std::isinf(kind.form.clamp) ? 0 : kind.form.clamp;
  all.insert(at, added);
  if (kind.in_recipes) register_model(added.model);
}

const std::vector<NetworkKind>& network_kinds() { return all_kinds(); }

nlohmann::json networks_json() {
  static constexpr const char* kScales[] = {"none", "per_channel", "summed"};
  nlohmann::json all = nlohmann::json::array();
  for (const NetworkKind& kind : all_kinds())
    all.push_back({{"name", kind.name()},
                   {"summary", kind.model.summary},
                   {"in_recipes", kind.in_recipes},
                   {"draws_edges", kind.model.draws_edges},
                   {"ffn_factor", kind.model.ffn_factor},
                   {"scale", kScales[static_cast<int>(kind.form.scale)]},
                   {"type_bias", kind.form.type_bias},
                   {"root_width", kind.form.root_width},
                   {"unit_values", kind.form.unit_values},
                   {"clamp", json_number(kind.form.clamp)}});
  return all;
}

const NetworkKind& network_kind(const std::string& name) {
  for (const NetworkKind& kind : all_kinds())
    if (kind.name() == name) return kind;
  throw Error("there is no network called '", name, "'");
}

}  // namespace graphsieve::nn

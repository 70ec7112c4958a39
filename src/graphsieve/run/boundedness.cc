// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/run/boundedness.h"

#include <fmt/format.h>

#include <algorithm>

namespace graphsieve {
namespace {

using Json = nlohmann::json;

constexpr size_t kLeastRecords = 4;

constexpr std::pair<const char*, const char*> kKinds[] = {
    {"operators", "operator norms of the maps"},
    {"inputs", "lengths of the vectors that enter the attention"},
    {"middles", "lengths of the vectors that enter the FFN"},
};

/// Adds the largest number of a list or object to the norms of an epoch; null stands for a number that is not finite.
void take_largest(const JsonObject& line, const std::string& key, const char* kind, NormsOfEpoch& norms) {
  if (!line.has(key)) return;
  for (const auto& [name, value] : line.at(key).items())
    if (value.is_number()) norms.largest[kind] = std::max(norms.largest[kind], value.get<double>());
}

/// Returns first, half, last and largest value of a kind; null if an epoch lacks it. The largest value includes that of
/// the network itself.
Json course_of(const std::vector<NormsOfEpoch>& epochs, const NormsOfEpoch& network, const std::string& kind) {
  std::vector<double> values;
  for (const NormsOfEpoch& epoch : epochs) {
    const auto found = epoch.largest.find(kind);
    if (found == epoch.largest.end()) return nullptr;
    values.push_back(found->second);
  }
  const double half = values[(values.size() - 1) / 2], last = values.back();
  double largest = *std::max_element(values.begin(), values.end());
  if (const auto now = network.largest.find(kind); now != network.largest.end())
    largest = std::max(largest, now->second);
  return {{"kind", kind}, {"first", values.front()}, {"half", half},
          {"last", last}, {"largest", largest},      {"growth", half > 0 ? last / half - 1 : 0}};
}

}  // namespace

NormsOfEpoch norms_of(const JsonObject& line) {
  NormsOfEpoch norms;
  norms.epoch = line.count("epoch");
  take_largest(line, "operator_norms", "operators", norms);
  take_largest(line, "vector_norms_max", "inputs", norms);
  take_largest(line, "middle_norms_max", "middles", norms);
  return norms;
}

Json boundedness(const std::vector<NormsOfEpoch>& epochs, const NormsOfEpoch& network) {
  Json to = {{"verdict", "unknown"}, {"norms", Json::array()}};
  if (epochs.size() < kLeastRecords) {
    to["sentence"] = fmt::format("Whether the norms settle cannot be said: {} epochs have norms, expected at least {}",
                                 epochs.size(), kLeastRecords);
    return to;
  }
  double vectors = 0;
  std::string growing, sizes;
  for (const auto& [kind, words] : kKinds) {
    const Json course = course_of(epochs, network, kind);
    if (course.is_null()) continue;
    const double largest = course["largest"], growth = course["growth"];
    if (std::string(kind) == "operators")
      to["beta"] = largest;
    else
      vectors = std::max(vectors, largest);
    sizes += fmt::format("{}{} stay below {:.3g} ({:+.0f} % in the second half of the training)",
                         sizes.empty() ? "" : ", ", words, largest, 100 * growth);
    if (growth > kSettledGrowth) growing += fmt::format("{}{}", growing.empty() ? "" : ", ", words);
    to["norms"].push_back(course);
  }
  to["alpha"] = vectors * vectors;
  to["verdict"] = growing.empty() ? "settled" : "growing";
  to["sentence"] = fmt::format("The {}. {}", sizes,
                               growing.empty() ? "They have settled, as the theory of compressibility assumes"
                                               : fmt::format("Still growing: {}. The theory of compressibility assumes "
                                                             "bounds that do not grow; its constants are those of this "
                                                             "network alone",
                                                             growing));
  return to;
}

}  // namespace graphsieve

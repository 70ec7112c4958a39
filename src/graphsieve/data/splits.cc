// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/data/splits.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>
#include <vector>

#include "graphsieve/base/error.h"
#include "graphsieve/base/random.h"
#include "graphsieve/files/atomic_file.h"
#include "graphsieve/files/json_file.h"

namespace graphsieve {
namespace {

constexpr double kRounding = 1e-12;  ///< of the sum of two fractions

/// Returns floor(fraction * count) with a tolerance for the rounding of the fraction: 0.29 of 100 is 29.
int64_t part_of(double fraction, int64_t count) {
  return static_cast<int64_t>(std::floor(fraction * static_cast<double>(count) + 1e-9));
}

/// True if the fractions leave no nodes for testing. Throws Error unless both are in (0, 1) and at most 1 together.
bool without_test(double train, double val) {
  if (!(train > 0 && train < 1)) throw Error("train_fraction is ", train, ", expected a number between 0 and 1");
  if (!(val > 0 && val < 1)) throw Error("val_fraction is ", val, ", expected a number between 0 and 1");
  if (train + val > 1 + kRounding)
    throw Error("train_fraction ", train, " and val_fraction ", val, " are more than 1 together");
  return train + val > 1 - kRounding;
}

/// Returns the labelled nodes in the order of their random numbers. The number of a node depends on the key and the
/// node only.
std::vector<int32_t> shuffled_labelled(const Labels& labels, uint64_t key) {
  std::vector<std::pair<uint64_t, int32_t>> order;
  for (int64_t i = 0; i < labels.nodes(); ++i)
    if (is_labelled(labels, i)) order.emplace_back(random_key(key, i), static_cast<int32_t>(i));
  std::sort(order.begin(), order.end());
  std::vector<int32_t> out;
  out.reserve(order.size());
  for (const auto& [number, node] : order) out.push_back(node);
  return out;
}

/// Throws Error if one of the lists is empty; with `no_test`, the list of test nodes may be empty.
void require_parts(const Split& split, bool no_test, const std::string& where) {
  for (const SplitPart& part : split_parts())
    if ((split.*part.nodes).empty() && !(no_test && part.nodes == &Split::test))
      throw Error(where, ": the ", part.names[0], " part is empty");
}

void sort_parts(Split& split) {
  for (const SplitPart& part : split_parts()) std::sort((split.*part.nodes).begin(), (split.*part.nodes).end());
}

/// Appends the first `train` nodes to the training list, the next `val` to the validation list, and the rest to the
/// test list.
void deal(const std::vector<int32_t>& nodes, int64_t train, int64_t val, Split& out) {
  const auto begin = nodes.begin();
  out.train.insert(out.train.end(), begin, begin + train);
  out.val.insert(out.val.end(), begin + train, begin + train + val);
  out.test.insert(out.test.end(), begin + train + val, nodes.end());
}

}  // namespace

const std::vector<SplitPart>& split_parts() {
  static const std::vector<SplitPart> parts = {
      {&Split::train, {"train", "train_mask", "train_masks"}},
      {&Split::val, {"val", "valid", "validation", "valid_mask", "val_mask", "val_masks"}},
      {&Split::test, {"test", "test_mask", "test_masks"}},
  };
  return parts;
}

const SplitPart* split_part_named(std::string_view word) {
  for (const SplitPart& part : split_parts())
    if (std::find(part.names.begin(), part.names.end(), word) != part.names.end()) return &part;
  return nullptr;
}

bool is_labelled(const Labels& labels, int64_t node) {
  if (labels.one_class()) return labels.single[node] >= 0;
  const auto row = labels.values.begin() + node * labels.classes;
  return std::any_of(row, row + labels.classes, [](float value) { return !std::isnan(value); });
}

Split random_split(const Labels& labels, double train_fraction, double val_fraction, uint64_t key) {
  const bool no_test = without_test(train_fraction, val_fraction);
  const std::vector<int32_t> nodes = shuffled_labelled(labels, key);
  const auto count = static_cast<int64_t>(nodes.size());
  const int64_t train = part_of(train_fraction, count);
  Split out;
  deal(nodes, train, no_test ? count - train : part_of(val_fraction, count), out);
  require_parts(out, no_test, str("random split of ", count, " labelled nodes"));
  sort_parts(out);
  return out;
}

Split stratified_split(const Labels& labels, double train_fraction, double val_fraction, uint64_t key) {
  const bool no_test = without_test(train_fraction, val_fraction);
  if (!labels.one_class())
    throw Error("a stratified split needs one class per node, the data has ", label_kind_words(labels.kind()));
  std::vector<std::vector<int32_t>> by_class(labels.classes);
  for (const int32_t node : shuffled_labelled(labels, key)) by_class[labels.single[node]].push_back(node);
  Split out;
  // Each class fills the lists up to their share of all nodes so far, so that what rounding takes from one class, the
  // next class gets.
  int64_t total = 0;
  for (const std::vector<int32_t>& nodes : by_class) {
    const auto count = static_cast<int64_t>(nodes.size());
    total += count;
    const auto lack = [&](double fraction, const std::vector<int32_t>& part, int64_t most) {
      return std::clamp<int64_t>(part_of(fraction, total) - static_cast<int64_t>(part.size()), 0, most);
    };
    const int64_t train = lack(train_fraction, out.train, count);
    deal(nodes, train, no_test ? count - train : lack(val_fraction, out.val, count - train), out);
  }
  require_parts(out, no_test, str("stratified split of ", total, " labelled nodes"));
  sort_parts(out);
  return out;
}

Split class_capped_split(const Labels& labels, double train_fraction, double val_fraction, uint64_t key) {
  without_test(train_fraction, val_fraction);  // checks the fractions
  if (!labels.one_class())
    throw Error("a class-capped split needs one class per node, the data has ", label_kind_words(labels.kind()));
  const std::vector<int32_t> nodes = shuffled_labelled(labels, key);
  const auto count = static_cast<double>(nodes.size());
  const int64_t cap = std::llround(train_fraction * count / static_cast<double>(labels.classes));
  std::vector<int64_t> taken(labels.classes, 0);
  Split out;
  std::vector<int32_t> rest;
  for (const int32_t node : nodes) (taken[labels.single[node]]++ < cap ? out.train : rest).push_back(node);
  deal(rest, 0, std::min(std::llround(val_fraction * count), static_cast<long long>(rest.size())), out);
  require_parts(out, false, str("class-capped split of ", nodes.size(), " labelled nodes"));
  sort_parts(out);
  return out;
}

std::vector<int32_t> evaluated_nodes(const Split& split) {
  std::vector<int32_t> nodes = split.val;
  nodes.insert(nodes.end(), split.test.begin(), split.test.end());
  return nodes;
}

std::vector<int32_t> nodes_of(const Split& split) {
  std::vector<int32_t> nodes = evaluated_nodes(split);
  nodes.insert(nodes.end(), split.train.begin(), split.train.end());
  std::sort(nodes.begin(), nodes.end());
  return nodes;
}

std::vector<int32_t> all_nodes(int64_t n) {
  std::vector<int32_t> nodes(static_cast<size_t>(n));
  std::iota(nodes.begin(), nodes.end(), 0);
  return nodes;
}

std::vector<int32_t> evenly_spaced(int64_t n, int64_t most) {
  std::vector<int32_t> picked(static_cast<size_t>(std::min(n, most)));
  for (int64_t i = 0; i < std::ssize(picked); ++i) picked[i] = static_cast<int32_t>(n <= most ? i : i * n / most);
  return picked;
}

std::vector<int32_t> at_most(const std::vector<int32_t>& nodes, int64_t most) {
  std::vector<int32_t> picked = evenly_spaced(std::ssize(nodes), most);
  for (int32_t& place : picked) place = nodes[place];
  return picked;
}

std::vector<int64_t> classes_without(const std::vector<int32_t>& nodes, const Labels& labels) {
  std::vector<int64_t> without;
  if (!labels.one_class()) return without;
  std::vector<bool> seen(labels.classes, false);
  for (const int32_t node : nodes) seen[labels.single[node]] = true;
  for (int64_t c = 0; c < labels.classes; ++c)
    if (!seen[c]) without.push_back(c);
  return without;
}

int64_t check_split(Split& split, const Labels& labels, const std::string& where) {
  const int64_t nodes = labels.nodes();
  std::vector<int8_t> part_of_node(nodes, -1);
  int64_t dropped = 0;
  // All nodes of a list are checked before those without a label are removed, so that a node that is listed twice is an
  // error even if it has no label.
  for (int8_t p = 0; p < 3; ++p) {
    std::vector<int32_t>& ids = split.*split_parts()[p].nodes;
    for (const int32_t id : ids) {
      if (id < 0 || id >= nodes)
        throw Error(where, ": ", split_parts()[p].names[0], " holds node ", id, ", expected 0 to ", nodes - 1);
      const int8_t other = std::exchange(part_of_node[id], p);
      if (other == p) throw Error(where, ": node ", id, " appears twice in ", split_parts()[p].names[0]);
      if (other >= 0)
        throw Error(where, ": node ", id, " is in both ", split_parts()[other].names[0], " and ",
                    split_parts()[p].names[0]);
    }
    dropped += static_cast<int64_t>(std::erase_if(ids, [&](int32_t id) { return !is_labelled(labels, id); }));
  }
  sort_parts(split);
  if (split.train.empty()) throw Error(where, ": the train part is empty");
  return dropped;
}

void write_split(const std::filesystem::path& path, const Split& split) {
  nlohmann::ordered_json json;
  for (const SplitPart& part : split_parts()) json[part.names[0]] = split.*part.nodes;
  write_text_file(path, json.dump() + "\n");
}

Split read_split(const std::filesystem::path& path, const Labels& labels) {
  Split split = read_split(path);
  check_split(split, labels, path.string());
  return split;
}

Split read_split(const std::filesystem::path& path) {
  const nlohmann::json json = read_json(path);
  const JsonObject parts(json, path.string());
  Split out;
  for (const SplitPart& part : split_parts()) {
    std::vector<int32_t>& ids = out.*part.nodes;
    for (const int64_t id : parts.get<std::vector<int64_t>>(part.names[0])) {
      if (id < 0 || id > std::numeric_limits<int32_t>::max())
        throw Error(parts.name(part.names[0]), " holds ", id, ", expected the number of a node");
      ids.push_back(static_cast<int32_t>(id));
    }
  }
  return out;
}

}  // namespace graphsieve

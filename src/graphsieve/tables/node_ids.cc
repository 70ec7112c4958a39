// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/tables/node_ids.h"

#include <xxhash.h>

#include <bit>
#include <numeric>

#include "graphsieve/base/error.h"
#include "graphsieve/base/random.h"

namespace graphsieve {
namespace {

uint64_t hash_of(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }
uint64_t hash_of(int64_t id) { return mix64(static_cast<uint64_t>(id)); }

}  // namespace

template <class Equal>
size_t NodeIds::slot_of(uint64_t hash, Equal equal) const {
  // The number of slots is a power of two. Linear probing ends because at least half of the slots are empty.
  const size_t mask = slots_.size() - 1;
  size_t slot = hash & mask;
  while (slots_[slot] >= 0 && !equal(slots_[slot])) slot = (slot + 1) & mask;
  return slot;
}

void NodeIds::add(int64_t id) {
  if (plain() && id != count_) {  // the first id that is not its number: all ids are stored from now on
    integers_.resize(count_);
    std::iota(integers_.begin(), integers_.end(), 0);
    integers_.push_back(id);
  } else if (!plain()) {
    integers_.push_back(id);
  }
  ++count_;
}

void NodeIds::add(std::string_view id) {
  bytes_ += id;
  start_.push_back(static_cast<int64_t>(bytes_.size()));
  ++count_;
}

/// The table has at least two slots per node, rounded up to a power of two.
int64_t NodeIds::bytes() const {
  if (plain()) return 0;
  const size_t table = std::bit_ceil(static_cast<size_t>(2 * count_)) * sizeof(slots_[0]);
  return static_cast<int64_t>(table + bytes_.capacity() + (start_.capacity() + integers_.capacity()) * sizeof(int64_t));
}

void NodeIds::finish(const std::function<std::string(int64_t first, int64_t second)>& places) {
  if (plain()) return;
  slots_.assign(std::bit_ceil(static_cast<size_t>(2 * count_)), -1);
  for (int64_t i = 0; i < count_; ++i) {
    const size_t slot = text_ ? slot_of(hash_of(text_at(i)), [&](int64_t p) { return text_at(p) == text_at(i); })
                              : slot_of(hash_of(integers_[i]), [&](int64_t p) { return integers_[p] == integers_[i]; });
    if (slots_[slot] >= 0) throw Error(places(slots_[slot], i), " have the same id ", quoted_text(name(i)));
    slots_[slot] = static_cast<int32_t>(i);
  }
}

int64_t NodeIds::find(int64_t id) const {
  if (plain()) return id >= 0 && id < count_ ? id : -1;
  return slots_[slot_of(hash_of(id), [&](int64_t p) { return integers_[p] == id; })];
}

int64_t NodeIds::find(std::string_view id) const {
  return slots_[slot_of(hash_of(id), [&](int64_t p) { return text_at(p) == id; })];
}

std::string NodeIds::name(int64_t node) const {
  return text_ ? std::string(text_at(node)) : str(plain() ? node : integers_[node]);
}

}  // namespace graphsieve

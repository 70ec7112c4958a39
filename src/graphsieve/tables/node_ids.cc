#include "graphsieve/tables/node_ids.h"

#include <xxhash.h>

#include <algorithm>

#include "graphsieve/base/error.h"

namespace graphsieve {
namespace {

int64_t hash_of(std::string_view text) { return static_cast<int64_t>(XXH3_64bits(text.data(), text.size())); }

constexpr auto by_key = [](const auto& entry, int64_t key) { return entry.first < key; };

}  // namespace

void NodeIds::add(int64_t id) {
  if (plain_ && id != count_) {  // from here on every id is kept
    plain_ = false;
    for (int64_t i = 0; i < count_; ++i) sorted_.emplace_back(i, static_cast<int32_t>(i));
  }
  if (!plain_) sorted_.emplace_back(id, static_cast<int32_t>(count_));
  ++count_;
}

void NodeIds::add(std::string_view id) {
  plain_ = false;
  bytes_ += id;
  start_.push_back(static_cast<int64_t>(bytes_.size()));
  sorted_.emplace_back(hash_of(id), static_cast<int32_t>(count_++));
}

void NodeIds::finish(const std::string& where) {
  std::sort(sorted_.begin(), sorted_.end());
  for (size_t i = 0; i + 1 < sorted_.size(); ++i)
    for (size_t j = i + 1; j < sorted_.size() && sorted_[j].first == sorted_[i].first; ++j)
      if (!text_ || text_at(sorted_[i].second) == text_at(sorted_[j].second))
        throw Error(where, ": rows ", sorted_[i].second, " and ", sorted_[j].second, " have the same id '", name(sorted_[i].second), "'");
}

int64_t NodeIds::find(int64_t id) const {
  if (plain_) return id >= 0 && id < count_ ? id : -1;
  const auto at = std::lower_bound(sorted_.begin(), sorted_.end(), id, by_key);
  return at != sorted_.end() && at->first == id ? at->second : -1;
}

int64_t NodeIds::find(std::string_view id) const {
  const int64_t hash = hash_of(id);
  for (auto at = std::lower_bound(sorted_.begin(), sorted_.end(), hash, by_key); at != sorted_.end() && at->first == hash; ++at)
    if (text_at(at->second) == id) return at->second;
  return -1;
}

std::string NodeIds::name(int64_t place) const {
  if (text_) return std::string(text_at(place));
  if (plain_) return str(place);
  for (const auto& [id, at] : sorted_)
    if (at == place) return str(id);
  return "?";
}

std::vector<int64_t> NodeIds::integers() const {
  std::vector<int64_t> out(count_);
  if (plain_)
    for (int64_t i = 0; i < count_; ++i) out[i] = i;
  for (const auto& [id, place] : sorted_) out[place] = id;
  return out;
}

}  // namespace graphsieve

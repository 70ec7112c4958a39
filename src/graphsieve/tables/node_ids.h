// The user's node ids, integers or texts, as places 0 … n − 1 in the order of the node table.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "graphsieve/tables/table.h"

namespace graphsieve {

/// Memory: nothing where the ids are 0, 1, 2, …; else at most 24 bytes for an integer, or 24 bytes and a text, a node.
class NodeIds {
 public:
  explicit NodeIds(bool text) : text_(text) {}

  bool text() const { return text_; }
  bool plain() const { return !text_ && integers_.empty(); }  ///< 0, 1, 2, …: a node's id is its place
  int64_t size() const { return count_; }

  void add(int64_t id);
  void add(std::string_view id);

  /// Bytes held, the table that finish() makes among them.
  int64_t bytes() const;

  /// After the last add. Throws Error where an id stands twice; `places` gives the words for two rows, counted from 0, with
  /// which the message begins.
  void finish(const std::function<std::string(int64_t first, int64_t second)>& places);

  /// The place, or −1 for an id that no node has.
  int64_t find(int64_t id) const;
  int64_t find(std::string_view id) const;

  std::string_view text_at(int64_t place) const {
    return std::string_view(bytes_).substr(start_[place], start_[place + 1] - start_[place]);
  }
  std::string name(int64_t place) const;
  const std::vector<int64_t>& integers() const { return integers_; }  ///< by place; empty where they are 0, 1, 2, …
  const std::vector<int64_t>& text_start() const { return start_; }   ///< where each text begins in texts(), and the end
  const std::string& texts() const { return bytes_; }

 private:
  /// The slot of that key: the one that holds it, or the empty one where it would go.
  template <class Equal>
  size_t slot_of(uint64_t hash, Equal equal) const;

  bool text_;
  int64_t count_ = 0;
  std::vector<int64_t> integers_;
  std::vector<int64_t> start_ = {0};
  std::string bytes_;
  std::vector<int32_t> slots_;  ///< hash table of places, open addressing, at most half full; −1 = empty
};

}  // namespace graphsieve

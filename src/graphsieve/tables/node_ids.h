// SPDX-License-Identifier: Apache-2.0
// The user's node ids, integers or texts, and their numbers 0 … n − 1 in the order of the node table.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "graphsieve/tables/table.h"

namespace graphsieve {

/// Maps ids to node numbers. It needs no memory if the ids are 0, 1, 2, …; otherwise at most 24 bytes per integer id,
/// or 24 bytes and the text per text id.
class NodeIds {
 public:
  explicit NodeIds(bool text) : text_(text) {}

  bool text() const { return text_; }
  bool plain() const { return !text_ && integers_.empty(); }  ///< true if the ids are 0, 1, 2, …
  int64_t size() const { return count_; }

  void add(int64_t id);
  void add(std::string_view id);

  /// Returns the bytes in use, including the hash table that finish() makes.
  int64_t bytes() const;

  /// Makes the hash table. It is called after the last add(). Throws Error if an id occurs twice; `places` returns the
  /// beginning of the message for two rows, counted from 0.
  void finish(const std::function<std::string(int64_t first, int64_t second)>& places);

  /// Returns the number of the node with this id, or −1 if there is none.
  int64_t find(int64_t id) const;
  int64_t find(std::string_view id) const;

  /// Returns the text id of a node.
  std::string_view text_at(int64_t node) const {
    return std::string_view(bytes_).substr(start_[node], start_[node + 1] - start_[node]);
  }
  /// Returns the id of a node as text.
  std::string name(int64_t node) const;
  const std::vector<int64_t>& integers() const { return integers_; }  ///< by node number; empty if they are 0, 1, 2, …
  const std::vector<int64_t>& text_start() const { return start_; }   ///< position of each text in texts(), and the end
  const std::string& texts() const { return bytes_; }

 private:
  /// Returns the slot of an id: the slot that has it, or the empty slot where it would be inserted.
  template <class Equal>
  size_t slot_of(uint64_t hash, Equal equal) const;

  bool text_;
  int64_t count_ = 0;
  std::vector<int64_t> integers_;
  std::vector<int64_t> start_ = {0};
  std::string bytes_;
  std::vector<int32_t> slots_;  ///< hash table of node numbers with open addressing, at most half full; −1: empty slot
};

}  // namespace graphsieve

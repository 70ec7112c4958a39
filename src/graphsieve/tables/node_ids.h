// The user's node ids, integers or texts, as places 0 … n − 1 in the order of the node table.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graphsieve/tables/table.h"

namespace graphsieve {

/// Memory: nothing where the ids are 0, 1, 2, …; else 16 bytes a node for integers, 24 bytes and the text for texts.
class NodeIds {
 public:
  explicit NodeIds(bool text) : text_(text) {}

  bool text() const { return text_; }
  bool plain() const { return plain_; }  ///< 0, 1, 2, …: a node's id is its place
  int64_t size() const { return count_; }

  void add(int64_t id);
  void add(std::string_view id);

  /// After the last add. Throws Error, beginning with `where`, naming both rows, where an id stands twice.
  void finish(const std::string& where);

  /// The place, or −1 for an id that no node has.
  int64_t find(int64_t id) const;
  int64_t find(std::string_view id) const;

  std::string name(int64_t place) const;
  std::vector<int64_t> integers() const;                             ///< by place
  const std::vector<int64_t>& text_start() const { return start_; }  ///< where each text begins in texts(), and the end
  const std::string& texts() const { return bytes_; }

 private:
  std::string_view text_at(int64_t place) const {
    return std::string_view(bytes_).substr(start_[place], start_[place + 1] - start_[place]);
  }

  bool text_;
  int64_t count_ = 0;
  bool plain_ = true;  ///< 0, 1, 2, …
  std::vector<std::pair<int64_t, int32_t>> sorted_;  ///< (id, or hash of the text; place)
  std::vector<int64_t> start_ = {0};
  std::string bytes_;
};

}  // namespace graphsieve

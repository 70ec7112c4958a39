// What the system reads from a mapped file beside the page that was touched.
#pragma once

#include <cstddef>

namespace graphsieve {

/// While it lives, pages of [block, block + bytes) that are touched come from their file alone; without, the system
/// reads megabytes around each, which is what reads in order want and what makes reads here and there slow. Memory
/// without a file is not affected.
class RandomReads {
 public:
  RandomReads(const void* block, size_t bytes);
  ~RandomReads();
  RandomReads(const RandomReads&) = delete;
  RandomReads& operator=(const RandomReads&) = delete;

 private:
  void* first_page_;
  size_t size_;
};

}  // namespace graphsieve

// SPDX-License-Identifier: Apache-2.0
// Controls the kernel's read-ahead on a mapped file (`MADV_RANDOM`).
#pragma once

#include <cstddef>

namespace graphsieve {

/// While an object of this class lives, touching a page of [block, block + bytes) reads that page alone from its file.
/// Otherwise the kernel reads megabytes around the page, which speeds up reads in order but slows down scattered reads.
/// Memory without a file is not affected.
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

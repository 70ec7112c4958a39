#include "graphsieve/io/external_sort.h"

#include <algorithm>
#include <memory>
#include <queue>
#include <utility>

#include "graphsieve/base/error.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/io/atomic_file.h"
#include "graphsieve/io/mapped_file.h"

namespace graphsieve {
namespace {

constexpr int64_t kLeastMemory = 64 << 10;
constexpr size_t kParts = 8;  // of a buffer, sorted side by side
constexpr size_t kBlock = 1 << 13;

/// A sorted run, and how far it has been read.
struct Run {
  std::span<const uint64_t> keys;
  size_t at = 0;
  uint64_t head() const { return keys[at]; }
};

}  // namespace

ExternalSort::ExternalSort(std::filesystem::path folder, int64_t memory) : folder_(std::move(folder)) {
  if (memory < kLeastMemory) throw Error("sorting within ", memory, " bytes, expected at least ", kLeastMemory);
  capacity_ = static_cast<size_t>(memory) / sizeof(uint64_t) / 2;  // the other half: merging halves of the buffer
}

ExternalSort::~ExternalSort() {
  std::error_code ignored;
  for (const auto& file : files_) std::filesystem::remove(file, ignored);
}

/// Parts by themselves, then neighbours merged, until one is left.
void ExternalSort::sort_buffer() {
  const auto begin = buffer_.begin();
  const size_t part = (buffer_.size() + kParts - 1) / kParts;
  const auto at = [&](size_t p) { return begin + static_cast<std::ptrdiff_t>(std::min(p * part, buffer_.size())); };
  parallel_for(kParts, [&](int64_t p) { std::sort(at(p), at(p + 1)); });
  for (size_t width = 1; width < kParts; width *= 2)
    parallel_for(static_cast<int64_t>(kParts / (2 * width)), [&](int64_t p) {
      const size_t first = static_cast<size_t>(p) * 2 * width;
      std::inplace_merge(at(first), at(first + width), at(first + 2 * width));
    });
}

void ExternalSort::spill() {
  sort_buffer();
  const auto file = folder_ / str("run-", files_.size());
  AtomicFile out(file);
  out.write(buffer_.data(), buffer_.size() * sizeof(uint64_t));
  out.commit();
  files_.push_back(file);
  buffer_.clear();
}

void ExternalSort::merge(const std::function<void(std::span<const uint64_t>)>& take) {
  sort_buffer();
  std::vector<std::shared_ptr<const MappedFile>> mapped;
  std::vector<Run> runs;
  for (const auto& file : files_) {
    mapped.push_back(MappedFile::open(file));
    const auto bytes = mapped.back()->bytes();
    runs.push_back({{reinterpret_cast<const uint64_t*>(bytes.data()), bytes.size() / sizeof(uint64_t)}});
  }
  if (!buffer_.empty()) runs.push_back({buffer_});
  if (runs.size() == 1) {
    for (size_t at = 0; at < runs[0].keys.size(); at += kBlock) take(runs[0].keys.subspan(at, std::min(kBlock, runs[0].keys.size() - at)));
  } else {
    using Head = std::pair<uint64_t, size_t>;  // a run's next key, the run
    std::priority_queue<Head, std::vector<Head>, std::greater<>> heads;
    for (size_t r = 0; r < runs.size(); ++r) heads.emplace(runs[r].head(), r);
    std::vector<uint64_t> block;
    block.reserve(kBlock);
    while (!heads.empty()) {
      Run& run = runs[heads.top().second];
      const size_t r = heads.top().second;
      heads.pop();
      // As long as this run stays the smallest, it goes on without the queue.
      const uint64_t limit = heads.empty() ? ~uint64_t{0} : heads.top().first;
      do {
        block.push_back(run.keys[run.at++]);
        if (block.size() == kBlock) take(block), block.clear();
      } while (run.at < run.keys.size() && run.head() <= limit);
      if (run.at < run.keys.size()) heads.emplace(run.head(), r);
    }
    if (!block.empty()) take(block);
  }
  buffer_ = {};
  mapped.clear();
  for (const auto& file : files_) std::filesystem::remove(file);
  files_.clear();
}

}  // namespace graphsieve

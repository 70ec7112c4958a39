// SPDX-License-Identifier: Apache-2.0
// sparse_attention, forward and backward, against the bare gather of the rows that each must read: width 64, 4 heads,
// float32 and bfloat16 storage.
//
//   forward    a K|V row an edge, by destination
//   backward   the same once more, and a query|gradient row an edge, by source
//
// The answers of some destinations and sources are checked against the float64 reference before anything is timed.
#include <cmath>
#include <memory>
#include <type_traits>
#include <unordered_map>

#include "common/bare_gather.h"
#include "common/bench_main.h"
#include "graphsieve/base/error.h"
#include "graphsieve/base/random.h"

namespace {

using namespace graphsieve;
using namespace graphsieve::bench;
using namespace graphsieve::kernels;

constexpr int kHeads = 4, kTypes = 3;
constexpr int64_t kHead = 16, kWidth = kHeads * kHead;
constexpr float kClamp = 8;
constexpr int64_t kSampled = 20;               ///< destinations and sources that are checked
constexpr int64_t kMostCheckedEdges = 300000;  ///< edges that the check of one source may touch

float to_float(float x) { return x; }
float to_float(BFloat16 x) { return std::bit_cast<float>(uint32_t{x.bits} << 16); }
template <class T>
T from_float(float x) {
  if constexpr (std::is_same_v<T, float>)
    return x;
  else {
    const uint32_t bits = std::bit_cast<uint32_t>(x);
    return {static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16)};
  }
}

template <class T>
void fill(HugeArray<T>& to, uint64_t key) {
  for (size_t i = 0; i < to.size(); ++i) to[i] = from_float<T>(static_cast<float>(uniform(random_key(key, i)) * 2 - 1));
}

/// Scratch memory that is kept from call to call, as the engine's allocator does.
class KeptScratch {
 public:
  Scratch begin_call() {
    used_ = 0;
    return [this](size_t bytes) -> void* {
      for (size_t i = used_; i < blocks_.size(); ++i)
        if (blocks_[i]->size() >= bytes) {
          std::swap(blocks_[i], blocks_[used_]);
          return blocks_[used_++]->data();
        }
      blocks_.push_back(std::make_unique<HugeArray<char>>(bytes));
      std::swap(blocks_.back(), blocks_[used_]);
      return blocks_[used_++]->data();
    };
  }

 private:
  std::vector<std::unique_ptr<HugeArray<char>>> blocks_;
  size_t used_ = 0;
};

/// Inputs, outputs and gradients of one storage type.
template <class T>
struct Problem {
  explicit Problem(const BenchGraph& graph)
      : edges(graph.edges()),
        by_source(graph.transposed()),
        n(edges.rows),
        query(n * kWidth),
        key_value(n * 2 * kWidth),
        grad(n * kWidth),
        out(n * kWidth),
        grad_query(n * kWidth),
        grad_key_value(n * 2 * kWidth),
        log_sum(n * kHeads),
        scale(kTypes * kWidth),
        bias(kTypes * kHeads),
        grad_scale(scale.size()),
        grad_bias(bias.size()) {
    fill(query, 1);
    fill(key_value, 2);
    fill(grad, 3);
    for (size_t i = 0; i < scale.size(); ++i) scale[i] = static_cast<float>(uniform(random_key(4, i)) - 0.5);
    for (size_t i = 0; i < bias.size(); ++i) bias[i] = static_cast<float>(uniform(random_key(5, i)) - 0.5);
  }

  SparseAttentionArgs<T> args() const {
    return {n,          n,      kHeads,       kHead,       kHead, query.data(), kWidth, key_value.data(),
            2 * kWidth, kTypes, scale.data(), bias.data(), kClamp};
  }
  void forward() { sparse_attention_forward(args(), edges, out.data(), log_sum.data(), scratch.begin_call()); }
  void backward() {
    sparse_attention_backward(args(), edges, by_source, out.data(), log_sum.data(), grad.data(),
                              {grad_query.data(), grad_key_value.data(), grad_scale.data(), grad_bias.data()},
                              scratch.begin_call());
  }

  TypedEdges edges, by_source;
  int64_t n;
  HugeArray<T> query, key_value, grad, out, grad_query, grad_key_value;
  HugeArray<float> log_sum;
  std::vector<float> scale, bias, grad_scale, grad_bias;
  KeptScratch scratch;
};

/// The part of a problem that some destinations need, in float64, sources numbered anew.
struct Part {
  template <class T>
  Part(const Problem<T>& p, const std::vector<int32_t>& destinations) : row_start{0} {
    const auto copy = [](const T* from, int64_t count, std::vector<double>& to) {
      for (int64_t c = 0; c < count; ++c) to.push_back(to_float(from[c]));
    };
    for (const int32_t i : destinations) {
      copy(p.query.data() + i * kWidth, kWidth, query);
      copy(p.grad.data() + i * kWidth, kWidth, grad);
      for (int64_t e = p.edges.row_start[i]; e < p.edges.row_start[i + 1]; ++e) {
        const int32_t j = p.edges.index[e];
        const auto [at, fresh] = number.try_emplace(j, static_cast<int32_t>(number.size()));
        if (fresh) copy(p.key_value.data() + j * 2 * kWidth, 2 * kWidth, key_value);
        index.push_back(at->second);
        type.push_back(p.edges.type[e]);
      }
      row_start.push_back(static_cast<int64_t>(index.size()));
    }
    const auto d = static_cast<int64_t>(destinations.size()), s = static_cast<int64_t>(number.size());
    const std::vector<double> scale(p.scale.begin(), p.scale.end()), bias(p.bias.begin(), p.bias.end());
    const SparseAttentionArgs<double, double> a{
        d,          s,      kHeads,       kHead,       kHead, query.data(), kWidth, key_value.data(),
        2 * kWidth, kTypes, scale.data(), bias.data(), kClamp};
    const TypedEdges edges{d, row_start.data(), index.data(), type.data()};
    out.resize(d * kWidth), log_sum.resize(d * kHeads), grad_query.resize(d * kWidth),
        grad_key_value.resize(s * 2 * kWidth);
    std::vector<double> grad_scale(kTypes * kWidth), grad_bias(kTypes * kHeads);
    sparse_attention_forward_reference(a, edges, out.data(), log_sum.data());
    sparse_attention_backward_reference(
        a, edges, out.data(), log_sum.data(), grad.data(),
        SparseAttentionGradients<double, double>{grad_query.data(), grad_key_value.data(), grad_scale.data(),
                                                 grad_bias.data()});
  }

  std::unordered_map<int32_t, int32_t> number;  ///< of a source in this part
  std::vector<int64_t> row_start;
  std::vector<int32_t> index;
  std::vector<uint8_t> type;
  std::vector<double> query, key_value, grad, out, log_sum, grad_query, grad_key_value;
};

/// Largest difference of a row, relative to the row's largest value.
template <class T>
double row_error(const T* ours, const double* expected, int64_t count) {
  double worst = 0, largest = 1e-3;
  for (int64_t c = 0; c < count; ++c) {
    worst = std::max(worst, std::abs(to_float(ours[c]) - expected[c]));
    largest = std::max(largest, std::abs(expected[c]));
  }
  return worst / largest;
}

/// Worst error of sampled destinations (out, their query's gradient) and sources (their key and value's gradient).
template <class T>
double checked_error(const Problem<T>& p) {
  double worst = 0;
  for (int64_t s = 0; s < kSampled; ++s) {
    const auto i = static_cast<int32_t>(uniform_below(random_key(6, s), p.n));
    const Part of_destination(p, {i});
    worst = std::max({worst, row_error(p.out.data() + i * kWidth, of_destination.out.data(), kWidth),
                      row_error(p.grad_query.data() + i * kWidth, of_destination.grad_query.data(), kWidth)});
    std::vector<int32_t> destinations;  // all that attend to i, each once
    int64_t touched = 0;
    for (int64_t e = p.by_source.row_start[i]; e < p.by_source.row_start[i + 1]; ++e)
      destinations.push_back(p.by_source.index[e]);
    std::sort(destinations.begin(), destinations.end());
    destinations.erase(std::unique(destinations.begin(), destinations.end()), destinations.end());
    for (const int32_t d : destinations) touched += p.edges.row_start[d + 1] - p.edges.row_start[d];
    if (destinations.empty() || touched > kMostCheckedEdges) continue;
    const Part of_source(p, destinations);
    worst =
        std::max(worst, row_error(p.grad_key_value.data() + i * 2 * kWidth,
                                  of_source.grad_key_value.data() + of_source.number.at(i) * 2 * kWidth, 2 * kWidth));
  }
  return worst;
}

template <class T>
void measure_storage(const BenchGraph& graph, const BenchOptions& options, const char* storage) {
  constexpr bool kFloat = std::is_same_v<T, float>;
  Problem<T> p(graph);
  p.forward();
  p.backward();
  const double error = checked_error(p), most = kFloat ? 1e-4 : 2e-2;
  if (!(error <= most))
    throw Error(storage, ": differs from the reference by ", error, " of a row, expected at most ", most);
  const int64_t m = graph.by_destination.edges();
  HugeArray<T> query_gradient(p.n * 2 * kWidth);  // packed as the backward pass packs them
  fill(query_gradient, 7);
  constexpr int64_t kRowBytes = 2 * kWidth * sizeof(T);
  const auto gather_forward = [&] { bare_gather(p.key_value.data(), kRowBytes, p.edges.index, m); };
  const auto gather_backward = [&] {
    bare_gather(p.key_value.data(), kRowBytes, p.edges.index, m);
    bare_gather(query_gradient.data(), kRowBytes, p.by_source.index, m);
  };
  // With several threads the gather, which has one, is no measure.
  const auto seconds = interleaved_medians(
      options.repeats_for(m), gather_forward, [&] { p.forward(); }, gather_backward, [&] { p.backward(); });
  Line line;
  line.text("graph", graph.name).text("storage", storage).number("nodes", static_cast<double>(p.n));
  line.number("edges", static_cast<double>(m)).number("threads", options.threads).number("error", error);
  line.number("gather_ms", seconds[0] * 1e3).number("forward_ms", seconds[1] * 1e3);
  line.number("gather_backward_ms", seconds[2] * 1e3).number("backward_ms", seconds[3] * 1e3);
  if (options.threads == 1)
    line.number("forward_ratio", seconds[1] / seconds[0]).number("backward_ratio", seconds[3] / seconds[2]);
  line.print(options.json);
}

void measure(const BenchGraph& graph, const BenchOptions& options) {
  measure_storage<float>(graph, options, "float32");
  measure_storage<BFloat16>(graph, options, "bfloat16");
}

}  // namespace

int main(int argc, char** argv) { return bench_main(argc, argv, measure); }

// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <utility>

#include "graphsieve/base/error.h"
#include "graphsieve/compress/method.h"
#include "graphsieve/evaluate/evaluation.h"
#include "graphsieve/recipe/suggest.h"
#include "graphsieve/train/stage.h"

namespace graphsieve {
namespace {

const std::vector<std::pair<std::string, CompressMethod>> kMethods = {{"jl", compress_jl},
                                                                      {"exact", compress_exact},
                                                                      {"low-rank", compress_low_rank},
                                                                      {"leverage", compress_leverage},
                                                                      {"cluster", compress_cluster},
                                                                      {"fitted", compress_fitted},
                                                                      {"distilled", compress_distilled},
                                                                      {"auto", compress_auto}};

}  // namespace

const std::vector<std::string>& compress_methods() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> to;
    for (const auto& [name, method] : kMethods) to.push_back(name);
    return to;
  }();
  return names;
}

CompressMethod method_of(const std::string& name) {
  for (const auto& [known, method] : kMethods)
    if (known == name) return method;
  throw Error("method is '", name, "'; expected one of ", join_words(compress_methods()),
              did_you_mean(name, compress_methods()));
}

at::Tensor outputs(const CompressTask& task, const Compression& found) {
  return trace(found.maps, found.outer.defined() ? found.outer : task.outer, task.edges, false).logits;
}

double validation(const CompressTask& task, const at::Tensor& logits) {
  return task.run->task->evaluate(predictions_of(logits.to(at::kFloat), *task.run->task), task.split->val);
}

}  // namespace graphsieve

// SPDX-License-Identifier: Apache-2.0
// training_curves: metrics.jsonl.
#include <algorithm>

#include "fuzzing.h"
#include "graphsieve/report/curves.h"

namespace graphsieve::fuzz {

void run_reader(Bytes input) {
  const auto file = work_folder() / "metrics.jsonl";
  put_file(file, input);
  const auto damaged = [](const Error& error) { check_message(error.what()); };
  for (const nlohmann::json& stage : training_curves(file, graphsieve::Metric{"roc_auc"}, 3, damaged))
    for (const char* column : {"epoch", "loss", "val", "test", "lr", "temperature", "grad_norm"})
      if (stage.at(column).size() != std::min<size_t>(3, stage.at("epochs"))) finding("a column of another length");
}

void add_seeds(Corpus& to) {
  const std::string line =
      R"({"stage": "network", "epoch": 0, "lr": 0.1, "temperature": 1.0, "loss": 0.5, "grad_norm": 2e-3})";
  const std::string norms =
      R"({"stage": "network", "epoch": 2, "val": 0.5, "test": null, "operator_norms": {"layer_0.q": 1.5, "out": null}, )"
      R"("vector_norms": [1, null], "vector_norms_max": [2]})";
  const std::string restarts = R"({"stage": "estimator", "epoch": 0, "val": 0.25})"
                               "\n"
                               R"({"stage": "estimator", "epoch": 0, "start": 1, "val": 0.5})";
  for (const std::string& text : {line, norms, restarts}) to.add(text);
  to.add(line + "\n" + norms + "\n" + restarts + "\n" + norms.substr(0, 50));
  for (const char* text :
       {R"({"stage": "network", "epoch": 1, "start": "1"})", R"({"stage": 1, "epoch": 1})", R"({"stage": "network"})",
        "[]", "\"\"", R"({"stage": "network", "epoch": [1]})", R"({"stage": "network", "epoch": 18446744073709551615})",
        R"({"stage": "network", "epoch": 1, "operator_norms": 5})",
        R"({"stage": "network", "epoch": 1, "operator_norms": [1]})",
        R"({"stage": "network", "epoch": 1, "operator_norms": {"layer_0": "x"}, "vector_norms": {"a": 1}})",
        R"({"stage": "network", "epoch": 1, "vector_norms": ["x"]})",
        R"({"stage": "network", "epoch": 1, "val": 1e308, "loss": 1e999})"})
    to.add(text);
  to.add(std::string(2000, '['));
  for (const char* word : {"\"stage\": ", "\"network\"", "\"estimator\"", "\"epoch\": ", "\"start\": ", "\"val\": ",
                           "\"loss\": ", "\"operator_norms\": ", "\"vector_norms\": ", "\"layer_0\": ", "null", "\n"})
    to.word(word);
}

}  // namespace graphsieve::fuzz

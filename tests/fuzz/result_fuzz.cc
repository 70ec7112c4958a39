// SPDX-License-Identifier: Apache-2.0
// read_result: result.json of a run folder.
#include "fuzzing.h"
#include "graphsieve/run/result_file.h"

namespace graphsieve::fuzz {

void run_reader(Bytes input) {
  put_file(work_folder() / "result.json", input);
  const nlohmann::json result = read_result(work_folder());
  // What the program takes without asking again.
  for (const nlohmann::json& run : result.at("runs")) {
    static_cast<void>(run.at("seed").get<uint64_t>() + run.at("split").get<uint64_t>() +
                      run.at("best_epoch").get<uint64_t>());
    for (const char* stage : {"estimator", "network"})
      if (!run.at(stage).is_null() && !run.at(stage).is_object()) finding("a stage that is no object");
  }
  if (!result.at("graph").is_object() || result.at("runs").empty()) finding("no graph or no run");
}

void add_seeds(Corpus& to) {
  const std::string graph =
      R"("graph": {"name": "g", "source": "/g", "fingerprint": "0123456789abcdef", "generated": false, "nodes": 4, "edges": 8, )"
      R"("attention_edges": 12, "edge_types": 3, "expander_spectral_gap": null, "features": 2, "classes": 2, "attention_seed": 7})";
  const std::string stage =
      R"({"val": 0.5, "test": null, "epochs": 3, "best_epoch": 2, "seconds": 0.1, "peak_tensor_bytes": 100, )"
      R"("parameters": 64, "temperature": 0.9, "edges_per_layer": [4, 4], "edge_share": 0.5})";
  const std::string run =
      R"({"split": 0, "seed": 18446744073709551615, "val": 0.5, "test": 0.25, "best_epoch": 2, "k": [2, 2], )"
      R"("estimator": )" +
      stage + R"(, "network": )" + stage +
      R"(, "per_class": [{"class": 0, "support": 2, "precision": 1, "recall": 0.5, "f1": null}]})";
  const std::string head =
      R"("version": "0.1.0", "torch": "2", "model": "spexphormer", "recipe": "default", "protocol": "per_repeat", )"
      R"("metric": "accuracy", "test_mean": 0.5, "test_std": 0, "seconds": 1.5, "peak_rss_bytes": 1000, )";
  to.add("{" + head + graph + R"(, "runs": [)" + run + "]}");
  to.add("{" + head + graph + R"(, "runs": [)" + run + ", " + run +
         R"(], "compression": {"method": "fitted", "from": "x", "width": 8}})");
  to.add(R"({"graph": {}, "runs": [{"split": 0, "seed": 1, "best_epoch": 0, "estimator": null, "network": {}}]})");
  for (const char* text :
       {"", "{", "[]", "null", R"({"runs": []})", R"({"graph": 1, "runs": {}})", R"({"graph": {}, "runs": [1]})",
        R"({"graph": {"name": 5}, "runs": [{}]})", R"({"graph": {}, "runs": [{"split": -1, "seed": -1}]})",
        R"({"graph": {}, "runs": [{"split": 1e300, "seed": 1.5, "best_epoch": "2"}]})"})
    to.add(text);
  to.add(std::string(2000, '[') + std::string(2000, ']'));
  to.add(R"({"graph": )" + std::string(30, '[') + std::string(30, ']') + ", \"runs\": [{\"a\": \"\xff\"}]}");
  for (const char* word : {"\"graph\": ", "\"runs\": ", "\"seed\": ", "\"split\": ", "\"best_epoch\": ",
                           "\"estimator\": ", "\"network\": ", "\"per_class\": ", "\"k\": ", "\"edges_per_layer\": ",
                           "\"compression\": ", "null", "{}", "[]", "-1", "1e300", "18446744073709551616"})
    to.word(word);
}

}  // namespace graphsieve::fuzz

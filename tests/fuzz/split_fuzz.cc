// SPDX-License-Identifier: Apache-2.0
// read_split: split.json, and the check of its ids against labels.
#include <cmath>

#include "fuzzing.h"
#include "graphsieve/data/splits.h"

namespace graphsieve::fuzz {

void run_reader(Bytes input) {
  const auto file = work_folder() / "split.json";
  put_file(file, input);
  Split split = read_split(file);
  write_split(file, split);
  const Split again = read_split(file);
  if (again.train != split.train || again.val != split.val || again.test != split.test)
    finding("a written split is read otherwise");
  Labels labels;
  labels.classes = 2;
  labels.single = {0, 1, 0, -1, 1, 0, 1, 1};
  Split of_several = split;
  accepted([&] { check_split(split, labels, "split.json"); });
  labels.values = {0, 1, NAN, NAN, NAN, 1, 1, 1};  // four nodes
  check_split(of_several, labels, "split.json");
}

void add_seeds(Corpus& to) {
  for (const char* text :
       {R"({"train": [0, 1], "val": [2, 3], "test": [5, 4]})", R"({"train": [0, 1], "val": [2], "test": [3]})",
        R"({"train": [0], "val": [9], "test": [3]})", R"({"train": [], "val": [7], "test": [5, 5]})",
        R"({"train": [0, 8], "val": [-1], "test": [18446744073709551615]})",
        R"({"train": [2147483648], "val": [9223372036854775808], "test": [1.0, "1", null]})",
        R"({"train": 5, "val": {}})", R"({"train": {"a": 1}, "val": "1", "test": null})", R"([0, 1, 2])", R"(null)",
        R"()", "\xef\xbb\xbf{}", R"({"train": [0], "train": [1], "val": [2], "test": [4]})",
        R"({"train": ["\ud800"], "val": [2], "test": [4]})"})
    to.add(text);
  to.add(std::string("{\"train\": [\"\xff\"]}"));
  to.add(R"({"train": )" + std::string(2000, '[') + std::string(2000, ']') + "}");
  for (const char* word :
       {"\"train\":", "\"val\":", "\"test\":", "18446744073709551615", "4294967296", "1e400", "-0", "[[["})
    to.word(word);
}

}  // namespace graphsieve::fuzz

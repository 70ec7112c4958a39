// SPDX-License-Identifier: Apache-2.0
#include "common/bench_main.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "graphsieve/base/error.h"
#include "graphsieve/base/parallel.h"

namespace graphsieve::bench {

Line& Line::text(const std::string& name, const std::string& value) {
  fields_.push_back({name, value, 0, true});
  return *this;
}

Line& Line::number(const std::string& name, double value) {
  fields_.push_back({name, "", value, false});
  return *this;
}

void Line::print(bool json) const {
  if (json) {
    nlohmann::ordered_json object;
    for (const Field& f : fields_) {
      if (f.is_text)
        object[f.name] = f.text;
      else
        object[f.name] = f.number;
    }
    std::printf("%s\n", object.dump().c_str());
  } else {
    for (const Field& f : fields_) {
      if (f.is_text)
        std::printf("%s %s  ", f.name.c_str(), f.text.c_str());
      else
        std::printf("%s %.4g  ", f.name.c_str(), f.number);
    }
    std::printf("\n");
  }
  std::fflush(stdout);
}

namespace {

struct GraphRequest {
  std::string folder;
  int64_t nodes = 0, in_degree = 0;
};

int64_t whole_number(const std::string& text, const std::string& option) {
  size_t used = 0;
  int64_t value = 0;
  try {
    value = std::stoll(text, &used);
  } catch (const std::exception&) {
  }
  if (used == 0 || used != text.size() || value < 1)
    throw Error(option, " is '", text, "', expected a whole number from 1");
  return value;
}

GraphRequest random_request(const std::string& text) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos) throw Error("--random is '", text, "', expected NODES:IN_DEGREE");
  return {"", whole_number(text.substr(0, colon), "--random"), whole_number(text.substr(colon + 1), "--random")};
}

void parse(int argc, char** argv, BenchOptions& options, std::vector<GraphRequest>& requests) {
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--json") {
      options.json = true;
      continue;
    }
    if (i + 1 == argc)
      throw Error(name, ": expected --graph, --random, --threads or --repeats with a value, or --json");
    const std::string value = argv[++i];
    if (name == "--graph")
      requests.push_back({value});
    else if (name == "--random")
      requests.push_back(random_request(value));
    else if (name == "--threads")
      options.threads = static_cast<int>(whole_number(value, name));
    else if (name == "--repeats")
      options.repeats = static_cast<int>(whole_number(value, name));
    else
      throw Error(name, ": expected --graph, --random, --threads, --repeats or --json");
  }
  if (requests.empty()) requests.push_back({"", 11758, 119});
}

}  // namespace

int bench_main(int argc, char** argv, const std::function<void(const BenchGraph&, const BenchOptions&)>& measure) {
  try {
    BenchOptions options;
    std::vector<GraphRequest> requests;
    parse(argc, argv, options, requests);
    set_num_threads(options.threads);
    for (const GraphRequest& r : requests)
      measure(r.nodes > 0 ? random_graph(r.nodes, r.in_degree, 1) : read_graph(r.folder), options);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}

}  // namespace graphsieve::bench

// SPDX-License-Identifier: Apache-2.0
// Checkpoints::newest: the two files of a checkpoint. The first byte tells how many there are, and in its higher bit
// whether checksums are left as they are; else they are made to fit, so that they do not hide what is behind them. Each
// file is a block.
#include <ATen/ATen.h>

#include "fuzzing.h"
#include "graphsieve/files/safetensors.h"
#include "graphsieve/run/checkpoint.h"

namespace graphsieve::fuzz {
namespace {

std::string fitting(const std::string& bytes) {
  std::string out = bytes;
  accepted([&] {
    Safetensors file = parse_safetensors(std::as_bytes(std::span(bytes)), "fuzz");
    seal_checkpoint(file);
    const std::vector<std::byte> fit = safetensors_bytes(file);
    out.assign(reinterpret_cast<const char*>(fit.data()), fit.size());
  });
  return out;
}

std::string written(const Checkpoint& checkpoint) {
  Checkpoints to(work_folder(), 0);
  to.write(checkpoint);
  return get_file(work_folder() / "checkpoint-0.safetensors");
}

std::string with(const std::string& type, std::vector<int64_t> shape, const std::string& state,
                 const std::string& serial) {
  Safetensors file;
  file.tensors.push_back({"t", type, shape, std::vector<std::byte>(16)});
  file.metadata = {{"state", state}, {"serial", serial}};
  seal_checkpoint(file);
  const std::vector<std::byte> bytes = safetensors_bytes(file);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

void run_reader(Bytes bytes) {
  Input input(bytes);
  const uint8_t choice = input.byte();
  for (int f = 0; f < 2; ++f) {
    const auto path = work_folder() / ("checkpoint-" + std::to_string(f) + ".safetensors");
    const std::string file = text_of(input.block());
    if (f < choice % 4)
      put_file(path, choice < 128 ? fitting(file) : file);
    else
      std::filesystem::remove(path);
  }
  Checkpoints from(work_folder(), 0);
  const auto checkpoint = from.newest([](const std::string& note) { check_message(note); });
  if (!checkpoint) return;
  for (const auto& [name, tensor] : checkpoint->tensors) {
    static_cast<void>(tensor.sum().item<double>());
    checkpoint->restore("", {{name, at::empty_like(tensor)}});
  }
}

void add_seeds(Corpus& to) {
  Checkpoint checkpoint;
  checkpoint.state = {{"epoch", 3}, {"metrics_bytes", 100}, {"name", "network"}};
  checkpoint.add("a.", {{"weight", at::ones({2, 3})}, {"none", at::empty({0}, at::kFloat)}});
  checkpoint.add("b.", {{"sum", at::ones({2}, at::kDouble)}});
  const std::string whole = written(checkpoint);
  to.add(Built().byte(1).block(whole));
  to.add(Built().byte(129).block(whole));
  to.add(Built().byte(2).block(whole).block(with("F32", {4}, "{}", "7")));
  to.add(Built().byte(0));
  for (const auto& [type, length] :
       {std::pair("F64", 2), {"I64", 2}, {"I32", 4}, {"BF16", 8}, {"U8", 16}, {"BOOL", 16}})
    to.add(Built().byte(1).block(with(type, {length}, "{\"epoch\": 1}", "1")));
  for (const char* state : {"", "[", "[]", "null", "{\"a\": \"\\ud800\"}", "{\"a\": 1, \"a\": 2}"})
    to.add(Built().byte(1).block(with("F32", {2, 2}, state, "1")));
  for (const char* serial : {"", "x", "-1", "99999999999999999999", "9223372036854775807", "1x", " 1"})
    to.add(Built().byte(1).block(with("F32", {2, 2}, "{}", serial)));
  to.add(Built().byte(1).block(with("F32", {4}, std::string(1000, '['), "1")));
  to.word("\"serial\":\"9223372036854775807\"");
  for (const char* word :
       {"\"F32\"", "\"F64\"", "\"I64\"", "\"U8\"", "\"state\":\"\"", "[0,4611686018427387904]", "[0]", "[4,1,1]"})
    to.word(word);
}

}  // namespace graphsieve::fuzz

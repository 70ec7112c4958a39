// SPDX-License-Identifier: Apache-2.0
// convert_tables on CSV files. After two bytes of options: one that chooses the file's extension, then the node
// table, the byte 0x1e and the edge table.
#include <zlib.h>

#include <algorithm>
#include <stdexcept>

#include "tables_fuzzing.h"

namespace graphsieve::fuzz {
namespace {

constexpr char kBetween = '\x1e';

constexpr const char* kExtensions[] = {".csv", ".tsv", ".csv", ".txt", ".csv.gz"};
constexpr unsigned kGzip = 4;

void add(Corpus& to, unsigned bits, unsigned more, const std::string& nodes, const std::string& edges,
         unsigned extension = 0) {
  to.add(Built().byte(bits).byte(more).byte(extension).raw(nodes + kBetween + edges));
}

std::string gzip(const std::string& text) {
  std::string out(text.size() + 100, '\0');
  z_stream stream{};
  constexpr int kGzipHeader = 16;
  bool done = deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + kGzipHeader, 9, Z_DEFAULT_STRATEGY) == Z_OK;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data())), stream.avail_in = text.size();
  stream.next_out = reinterpret_cast<Bytef*>(out.data()), stream.avail_out = out.size();
  done = done && deflate(&stream, Z_FINISH) == Z_STREAM_END;
  out.resize(stream.total_out);
  if (deflateEnd(&stream) != Z_OK || !done) throw std::runtime_error("a seed cannot be compressed");
  return out;
}

/// Tables with so many ids that they are sorted on disk where the request's memory is small; `prefix` makes them texts.
void add_many(Corpus& to, const std::string& prefix, const std::string& last_node, const std::string& last_edge) {
  std::string nodes = "id,label\n", edges = "source,destination\n";
  for (int i = 0; i < 5000; ++i) nodes += prefix + std::to_string(i) + ",\n";
  for (const char* edge : {"1,2", "4000,3", "7,4999"}) {
    const std::string text = edge;
    edges += prefix + text.substr(0, text.find(',') + 1) + prefix + text.substr(text.find(',') + 1) + "\n";
  }
  add(to, 0, 1, nodes + last_node, edges + last_edge);
}

}  // namespace

void run_reader(Bytes bytes) {
  Input input(bytes);
  Input options = input;
  input.byte(), input.byte();
  const TablesRequest request = request_of(options, kExtensions[input.byte() % std::size(kExtensions)]);
  const std::string text = text_of(input.rest());
  const size_t between = std::min(text.find(kBetween), text.size());
  put_file(request.nodes, std::string_view(text).substr(0, between));
  put_file(request.edges, std::string_view(text).substr(std::min(between + 1, text.size())));
  convert(request);
}

void add_seeds(Corpus& to) {
  const std::string nodes = "id,label,x,y,text,split\n1,0,1.5,0,a,train\n2,1,2,1,b,val\n3,,-1e3,1,a,test\n4,1,0,0,,\n";
  const std::string edges = "source,destination,type\n1,2,likes\n2,3,knows\n4,1,likes\n";
  for (unsigned bit = 0; bit < 8; ++bit) add(to, 1u << bit, 0, nodes, edges);
  for (unsigned bit = 0; bit < 6; ++bit) add(to, 4, 1u << bit, nodes, edges);
  add(to, 0, 0, nodes, edges);
  add(to, 8 | 16, 0, nodes, edges);
  for (const char* beginning : {"B", "BZ", "BZh", "BZh9", "BZh91AY&SY", "P", "PA", "PAR1"})
    add(to, 0, 0, beginning, edges);
  add(to, 4, 0, "id,label,x\na,p,1\nb,q,\n\"c \"\"d\"\"\",p,true\n", "source,destination\na,b\r\nb,\"c \"\"d\"\"\"\n");
  add(to, 0, 0, "\xef\xbb\xbfid,label,x\n1,0,1\n2,1,2\n", "source,destination\n1,2\n");
  add(to, 0, 0, "id,label,x,x\n1,0,1,1\n2,1,2,2\n", "source,destination\n1,2\n");
  add(to, 0, 0, "id,label,x\n1,0,inf\n2,1,nan\n", "source,destination\n1,2\n1,2\n2,2\n");
  add(to, 0, 0, "id,label,x\n1,0,NA\n1,1,null\n", "source,destination\n1,9\n,1\n");
  add(to, 0, 0, "id,label,x\n9223372036854775808,0,1\n-1,1000000,1\n", "source,destination\n9223372036854775808,-1\n");
  add(to, 0, 0, "id,label,x\n1,0.5,2024-01-01\n2,-1,2024-01-02\n", "source,destination\n1.0,2.0\n");
  add(to, 0, 0, "id,label,x\n1,0,\"a\nb\"\n2,1,\xff\xfe\n", "source,destination\n1,2,3\n");
  add(to, 0, 0, "id;label;x\n1;0;1\n", "source,destination\n");
  add(to, 0, 0, "id\tlabel\tx\n1\t0\t1\n", "");
  add(to, 0, 0, "\x1f\x8b\x08", "P\0K\0");
  add(to, 0, 0, gzip(nodes), gzip(edges), kGzip);
  add(to, 0, 0, gzip(nodes), gzip(edges).substr(0, 20), kGzip);
  for (const char* beginning : {"<!DOCTYPE html>", " <html>", "<?xml", "\xff\xfe\1\1", "a|b\n", "a\tb\n"})
    add(to, 0, 0, beginning, edges);
  add(to, 0, 0, "a,b\n", edges, 1);
  add(to, 32, 0, "id,x,y,text\n1,0,1,a\n2,1,,b\n3,1,1,c\n", "source,destination\n1,2\n3,2\n");
  add(to, 16, 0, nodes, "source,destination,type\n1,2,7\n2,3,-1\n1,3,7\n");
  add(to, 16, 0, nodes, "source,destination,type\n1,2,0.5\n");
  for (const char* prefix : {"", "n"}) {
    add_many(to, prefix, "", "");
    add_many(to, prefix, std::string(prefix) + "17,\n", "");
    add_many(to, prefix, "", std::string(prefix) + "1," + prefix + "9999\n");
    add_many(to, prefix, "", ",1\n");
  }
  add(to, 0, 0, "", "\n\n");
  for (const char* word : {"id",
                           "label",
                           "source",
                           "destination",
                           "split",
                           "train",
                           "valid",
                           "test",
                           "\"\"",
                           "\"",
                           ",,",
                           "\r\n",
                           "\n",
                           "nan",
                           "inf",
                           "NULL",
                           "true",
                           "1e400",
                           "9223372036854775808",
                           "2024-01-01T00:00:00Z",
                           "\x1e"})
    to.word(word);
}

}  // namespace graphsieve::fuzz

// SPDX-License-Identifier: Apache-2.0
// convert_tables on CSV files. After two bytes of options: one whose first two bits choose .csv or .tsv, then the node
// table, the byte 0x1e and the edge table.
#include <algorithm>

#include "tables_fuzzing.h"

namespace graphsieve::fuzz {
namespace {

constexpr char kBetween = '\x1e';

void add(Corpus& to, unsigned bits, unsigned more, const std::string& nodes, const std::string& edges) {
  to.add(Built().byte(bits).byte(more).byte(0).raw(nodes + kBetween + edges));
}

}  // namespace

void run_reader(Bytes bytes) {
  Input input(bytes);
  Input options = input;
  input.byte(), input.byte();
  const char* const extensions[] = {".csv", ".tsv", ".csv", ".txt"};
  const TablesRequest request = request_of(options, extensions[input.byte() % 4]);
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

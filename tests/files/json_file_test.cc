// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/files/json_file.h"

#include <gtest/gtest.h>

#include "graphsieve/base/error.h"
#include "graphsieve/files/atomic_file.h"
#include "temp_dir.h"

namespace graphsieve {
namespace {

using Json = nlohmann::json;

std::string refusal(const std::string& text) {
  return error_of([&] { parse_json(text, "f"); });
}

std::string repeated(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

TEST(ParseJson, ReadsWhatNlohmannReads) {
  for (const std::string text : {R"({"a": [1, -2, 2.5, true, null, "ü😀"], "b": {}})", "[]", "3", " \"x\"\n",
                                 "18446744073709551615", "\xEF\xBB\xBF{}"})
    EXPECT_EQ(parse_json(text, "f"), Json::parse(text)) << text;
}

TEST(ParseJson, RefusalsNameTheFileThePlaceAndWhatWasExpected) {
  EXPECT_EQ(refusal(""), "f: not valid JSON: line 1, byte 0: it is empty, expected JSON");
  EXPECT_EQ(refusal("{\"a\": tru}"), "f: not valid JSON: line 1, byte 10: found '}', at 'a', expected JSON");
  EXPECT_EQ(refusal("{\"a\": 1,}"),
            "f: not valid JSON: line 1, byte 9: found '}', at 'a', expected a key in double quotes");
  EXPECT_EQ(refusal("{}\n]"), "f: not valid JSON: line 2, byte 4: found ']', expected the end of the file");
  EXPECT_EQ(refusal("{\"a\": [1, 2"), "f: not valid JSON: line 1, byte 11: it ends too early, at 'a[2]', expected ']'");
  EXPECT_EQ(refusal("{\"a\": {\"b\": 1, \"b\": 2}}"),
            "f: not valid JSON: line 1, byte 18: the key 'a.b' appears twice");
  EXPECT_EQ(refusal("{\n\"runs\": [{\"seed\": 1e400}]}"),
            "f: not valid JSON: line 2, byte 26: the number 1e400 is too large, at 'runs[0].seed'");
  EXPECT_EQ(refusal("{\"a\": \"\xff\"}"),
            "f: not valid JSON: line 1, byte 8: found bytes that are not UTF-8 text, at 'a'");
  EXPECT_EQ(refusal("\xff"), "f: not valid JSON: line 1, byte 1: found the byte 0xff, expected JSON");
  EXPECT_EQ(refusal(std::string("{}\0x", 4)), "f: not valid JSON: line 1, byte 3: found the byte 0x00, expected text");
}

TEST(ParseJson, NoTextOfTheParserReachesTheUser) {
  for (const std::string text :
       {"", "{", "[1 2]", "{1}", "\"\\ud800\"", "\"\\q\"", "\"\n\"", "nul", "-", "1.e", "NaN", "{\"a\" 1}"}) {
    const std::string message = refusal(text);
    EXPECT_EQ(message.find("f: not valid JSON: line "), 0u) << text << ": " << message;
    for (const char* foreign : {"exception", "parse error", "literal", "[json", "last read"})
      EXPECT_EQ(message.find(foreign), std::string::npos) << message;
  }
}

TEST(ParseJson, DepthIsBounded) {
  for (const int depth : {65, 66000, 1000000}) {
    EXPECT_CONTAINS(refusal(repeated("[", depth)), "lists and objects nest more than 64 deep");
    EXPECT_CONTAINS(refusal(repeated("{\"a\":", depth)), "lists and objects nest more than 64 deep");
  }
  EXPECT_EQ(refusal(repeated("[", 64) + repeated("]", 64)), "");
}

TEST(ReadJson, NamesTheFile) {
  const TempDir dir;
  write_text_file(dir / "bad.json", "{");
  EXPECT_CONTAINS(error_of([&] { read_json(dir / "bad.json"); }), (dir / "bad.json").string() + ": not valid JSON");
  EXPECT_CONTAINS(error_of([&] { read_json(dir / "none.json"); }), (dir / "none.json").string());
}

TEST(JsonObject, ConvertsNothingSilently) {
  const Json json = parse_json(
      R"({"minus": -1, "half": 2.5, "text": "x", "most": 18446744073709551615, "beyond": 18446744073709551616,
          "null": null, "flag": true, "in": {"list": [1, 2.5], "texts": ["a", 3]}})",
      "f");
  const JsonObject object(json, "f");
  EXPECT_EQ(object.get<int64_t>("minus"), -1);
  EXPECT_EQ(object.get<double>("minus"), -1.0);
  EXPECT_EQ(object.get<uint64_t>("most"), UINT64_MAX);
  EXPECT_EQ(object.get_or<int64_t>("none", 7), 7);
  EXPECT_TRUE(std::isnan(object.number_or_nan("null")));
  const auto message = [&](auto get) { return error_of([&] { get(); }); };
  EXPECT_CONTAINS(message([&] { object.get<uint64_t>("minus"); }), "f: 'minus' is -1, expected a whole number from 0");
  EXPECT_EQ(message([&] { object.get<int64_t>("half"); }), "f: 'half' is 2.5, expected a whole number");
  EXPECT_CONTAINS(message([&] { object.get<int64_t>("most"); }), "f: 'most' is 18446744073709551615");
  EXPECT_CONTAINS(message([&] { object.get<uint64_t>("beyond"); }), "f: 'beyond' is ");
  EXPECT_CONTAINS(message([&] { object.get_or<int64_t>("null", 7); }), "f: 'null' is null");
  EXPECT_EQ(message([&] { object.get<double>("text"); }), "f: 'text' is \"x\", expected a number");
  EXPECT_EQ(message([&] { object.get<bool>("minus"); }), "f: 'minus' is -1, expected true or false");
  EXPECT_EQ(message([&] { object.get<std::string>("flag"); }), "f: 'flag' is true, expected a text");
  EXPECT_EQ(message([&] { object.count("minus"); }), "f: 'minus' is -1, expected a whole number of at least 0");
  EXPECT_EQ(message([&] { object.count("minus", 1, 3); }), "f: 'minus' is -1, expected a whole number from 1 to 3");
  EXPECT_EQ(message([&] { object.number_or_nan("text"); }), "f: 'text' is \"x\", expected a number or null");
  EXPECT_EQ(message([&] { object.get<double>("none"); }), "f: 'none' is missing");
  EXPECT_EQ(message([&] { object.object("text"); }), "f: 'text' is \"x\", expected an object");
  EXPECT_EQ(message([&] { object.objects("in"); }),
            "f: 'in' is {\"list\":[1,2.5],\"texts\":[\"a\",3]}, expected a list of objects");
  const JsonObject in = object.object("in");
  EXPECT_EQ(message([&] { in.get<std::vector<int64_t>>("list"); }),
            "f: 'in.list' is [1,2.5], expected a list of whole numbers");
  EXPECT_EQ(message([&] { in.get<std::vector<std::string>>("texts"); }),
            "f: 'in.texts' is [\"a\",3], expected a list of texts");
  EXPECT_EQ(message([&] { in.objects("list"); }), "f: 'in.list[0]' is 1, expected an object");
  EXPECT_EQ(message([&] { JsonObject(json.at("null"), "f"); }), "f: holds null, expected a JSON object");
}

TEST(ShownJson, LongValuesAreShortened) {
  EXPECT_EQ(shown_json(Json(std::string(5000, 'x'))).size(), 63u);
  EXPECT_EQ(shown_json(Json(std::vector<int>(100, 1))), "a list of 100");
}

}  // namespace
}  // namespace graphsieve

#include "integrations/dbt/reader/json.hpp"

#include <gtest/gtest.h>

namespace loquat::dbt {
namespace {

/// What was read, written again; `no JSON` if it was none.
std::string again(std::string_view text) {
  JsonReader reader;
  const Json* value = reader.read(text);
  return value == nullptr ? "no JSON" : value->dump();
}

TEST(ArtifactJson, WritesMembersByNameAndNumbersAsTheyStood) {
  EXPECT_EQ(again(R"( { "b" : [1, 2.50, -0, 1e3, true, null], "a":{}, "":"x" } )"),
            R"({"":"x","a":{},"b":[1,2.50,-0,1e3,true,null]})");
}

TEST(ArtifactJson, TakesTheLastOfANameThatStandsTwice) {
  EXPECT_EQ(again(R"({"a":1,"b":2,"a":{"a":3},"a":4})"), R"({"a":4,"b":2})");
}

TEST(ArtifactJson, UndoesEscapesAndWritesThemWhereTheyAreNeeded) {
  JsonReader reader;
  const std::string text = R"(["\u00e9\ud83c\udf50 \"q\"\\\/\n\u0001", "\ud83c x", "caf)"
                           "\xC3\xA9\"]";
  const Json* value = reader.read(text);
  ASSERT_NE(value, nullptr);
  EXPECT_EQ(value->items()[0].text(), "\xC3\xA9\xF0\x9F\x8D\x90 \"q\"\\/\n\x01");
  EXPECT_EQ(value->items()[1].text(), "\xEF\xBF\xBD x");
  EXPECT_EQ(value->items()[0].dump(), "\"\xC3\xA9\xF0\x9F\x8D\x90 \\\"q\\\"\\\\/\\n\\u0001\"");
}

TEST(ArtifactJson, TakesWhatPythonWritesForNoNumber) {
  EXPECT_EQ(again("[NaN, Infinity, -Infinity, -1]"), "[null,null,null,-1]");
}

TEST(ArtifactJson, TellsWholeNumbersFromOthers) {
  JsonReader reader;
  const Json* value = reader.read("[9223372036854775807, 9223372036854775808, 1.0]");
  ASSERT_NE(value, nullptr);
  EXPECT_EQ(value->items()[0].integer(), 9223372036854775807);
  EXPECT_FALSE(value->items()[1].is_integer());
  EXPECT_EQ(value->items()[1].number(), 9223372036854775808.0);
  EXPECT_FALSE(value->items()[2].is_integer());
}

TEST(ArtifactJson, FindsMembersAndNothingElse) {
  JsonReader reader;
  const Json* value = reader.read(R"({"c":1,"a":2,"b":3})");
  ASSERT_NE(value, nullptr);
  EXPECT_EQ(value->find("b")->integer(), 3);
  EXPECT_EQ(value->find("bb"), nullptr);
  EXPECT_EQ(value->find("a")->find("a"), nullptr);
}

TEST(ArtifactJson, RefusesWhatIsNone) {
  for (const char* text :
       {"",          "{",     "[1,]", "{\"a\":1,}", "{a:1}", "01",      "1.",          ".5",
        "+1",        "1e",    "tru",  "nulll",      "\"a",   "\"\\x\"", "\"\\u12g4\"", "\"\n\"",
        "\"\xC3(\"", "[1] 2", "-",    "{\"a\" 1}",  "[\"a\\"})
    EXPECT_EQ(again(text), "no JSON") << text;
  EXPECT_EQ(again(std::string(400, '[') + std::string(400, ']')), "no JSON");
}

}  // namespace
}  // namespace loquat::dbt

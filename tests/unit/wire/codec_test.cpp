#include "loquat/wire/codec.hpp"

#include <gtest/gtest.h>

#include "loquat/wire/entries.hpp"
#include "loquat/wire/error_codes.hpp"
#include "loquat/wire/topics.hpp"

namespace loquat::wire {
namespace {

struct Bed {
  std::string ward;
  int number = 0;
  std::optional<double> weight;
  std::vector<std::string> tags;
  template <class V>
  void fields(V& v) {
    v("ward", ward, "Ward.", len(1, 8));
    v("number", number, "Number.", in(1, 99));
    v("weight", weight, "Load.", in(0, 500));
    v("tags", tags, "Tags.", len(0, 2), defaulted);
  }
};

std::vector<FieldIssue> issues_of(std::string_view json) {
  const auto decoded = decode<Bed>(json);
  return decoded ? std::vector<FieldIssue>{} : decoded.error().fields;
}

TEST(Decode, ReadsWhatEncodeWrote) {
  Bed bed{"north", 7, 2.5, {"a", "b"}};
  const auto back = decode<Bed>(encode(bed));
  ASSERT_TRUE(back);
  EXPECT_EQ(encode(back->message), encode(bed));
  EXPECT_TRUE(back->unknown.empty());
}

TEST(Decode, NamesEveryWrongFieldWithItsPointer) {
  const auto issues = issues_of(R"({"ward":"","number":"7","weight":900,"tags":["a",3]})");
  ASSERT_EQ(issues.size(), 4U);
  EXPECT_EQ(issues[0].pointer, "/ward");
  EXPECT_EQ(issues[1].pointer, "/number");
  EXPECT_EQ(issues[2].pointer, "/weight");
  EXPECT_EQ(issues[3].pointer, "/tags/1");
}

TEST(Decode, MissesRequiredFieldsOnly) {
  const auto issues = issues_of("{}");
  ASSERT_EQ(issues.size(), 2U);
  EXPECT_EQ(issues[0].message, "is required");
}

TEST(Decode, TellsOfUnknownMembersWithoutRefusingThem) {
  const auto decoded = decode<Bed>(R"({"ward":"n","number":1,"a/b":{"c":1}})");
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->unknown, std::vector<std::string>{"/a~1b"});
}

TEST(ParseJson, RefusesWhatIsMalformedOrHostile) {
  for (const std::string text :
       {"", "{", "[1,]", "{\"a\":1,\"a\":2}", "\"\xC3\x28\"", "nul", "1 2"}) {
    const auto parsed = parse_json(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Errc::invalid_request) << text;
  }
  EXPECT_FALSE(parse_json(std::string(100, '[') + std::string(100, ']')));
  EXPECT_EQ(parse_json(std::string(100, ' '), {.bytes_max = 10}).error().code,
            Errc::payload_too_large);
  EXPECT_FALSE(parse_json("[1,2,3,4]", {.values_max = 3}));
}

TEST(ParseJson, FindsARepeatedKeyAmongMany) {
  std::string text = "{";
  for (int i = 0; i < 40; ++i) text += "\"k" + std::to_string(i) + "\":1,";
  EXPECT_FALSE(parse_json(text + "\"k16\":2}"));
  EXPECT_FALSE(parse_json(text + "\"k39\":2}"));
  EXPECT_TRUE(parse_json(text + "\"k40\":2}"));
}

TEST(JsonWriter, EscapesAndRepairs) {
  EXPECT_EQ(quote_json("a\"\\\n\x01"), R"("a\"\\\n\u0001")");
  EXPECT_EQ(quote_json("\xFFok"), "\"\xEF\xBF\xBDok\"");
  std::string text;
  JsonWriter(text).value(std::numeric_limits<double>::infinity());
  EXPECT_EQ(text, "null");
}

TEST(JsonWriter, EscapesEveryByteWhereverItStands) {
  for (int c = 0; c < 128; ++c)
    for (std::size_t at = 0; at < 18; ++at) {
      std::string text(18, 'x');
      text[at] = static_cast<char>(c);
      const auto back = parse_json("[" + quote_json(text) + "]");
      ASSERT_TRUE(back) << c << " at " << at;
      EXPECT_EQ(back->items.at(0).string, text) << c << " at " << at;
      // Only what must be escaped is.
      const bool is_plain = c >= 0x20 && c != '"' && c != '\\';
      EXPECT_EQ(quote_json(text).size() == text.size() + 2, is_plain) << c << " at " << at;
    }
  EXPECT_EQ(quote_json("12345678é\n"), "\"12345678é\\n\"");
  EXPECT_EQ(quote_json("é\"12345678"), "\"é\\\"12345678\"");
}

TEST(Events, EachHasASchemaAndATopicOfItsOwn) {
  for (const auto& topic : topic_table()) {
    const auto schema = parse_json(event_schema(topic.schema));
    ASSERT_TRUE(schema) << topic.schema;
    for (const char* common :
         {"event_id", "event_type", "schema_version", "tenant_id", "timestamp"})
      EXPECT_NE(schema->find("properties")->find(common), nullptr) << topic.schema << " " << common;
    EXPECT_EQ(name_of(topic.topic), topic.name);
  }
  EXPECT_TRUE(event_schema("NoEvent").empty());
}

TEST(Events, RoundTripThroughTheCodec) {
  AuditEvent event;
  event.event_id = "au-1";
  event.event_type = AuditEvent::kType;
  event.tenant_id = "t";
  event.action = "session.create";
  event.details.text = R"({"a":1})";
  const auto back = decode<AuditEvent>(encode_event(event));
  ASSERT_TRUE(back) << back.error().detail;
  EXPECT_EQ(encode(back->message), encode_event(event));
}

TEST(Entries, BeginWithTheirHeadAndNameTheirTypeOnce) {
  EntryHead head;
  head.seq = 3;
  head.session_id = "s";
  VisualizationEntry drawn;
  drawn.type = "line";
  for (const EntryPayload& payload :
       {EntryPayload(drawn), EntryPayload(SuggestionEntry{}), EntryPayload(TextEntry{"x"})}) {
    const std::string text = encode_entry(head, payload);
    EXPECT_TRUE(text.starts_with("{\"seq\":3,\"type\":\"" + std::string(type_of(payload)) + "\""))
        << text;
    EXPECT_TRUE(parse_json(text)) << text;  // a key that stands twice would be refused
  }
}

TEST(ErrorCodes, EveryCodeHasItsPublicForm) {
  EXPECT_EQ(to_http(Errc::invalid_request).status, 400);
  EXPECT_EQ(to_http(Errc::conflict).name, "CONFLICT");
  EXPECT_EQ(to_http(Errc::buffer_full).name, "BUFFER_FULL");
  EXPECT_TRUE(to_http(Errc::buffer_full).retryable);
  EXPECT_EQ(to_http(Errc::corrupt).name, "INTERNAL_ERROR");
  EXPECT_EQ(to_close_code(Errc::not_found), CloseCode::no_such_session);
}

TEST(Json, NamesThePlaceOfAKeyThatStandsTwice) {
  const auto node = parse_json(R"({"a":[1,{"b/c":{"x":1,"x":2}}]})");
  ASSERT_FALSE(node);
  ASSERT_EQ(node.error().fields.size(), 1U);
  EXPECT_EQ(node.error().fields[0].pointer, "/a/1/b~1c/x");
}

TEST(JsonText, TakesWhatRfc8259AllowsAndNothingElse) {
  for (const char* good : {" \t\r\n[ ] ", "-0", "0.5e+3", "\"\x7f\"", "\xEF\xBB\xBF{}",
                           R"("\ud83d\ude00\u0000\/")", "1e-400", "[[],{}]"})
    EXPECT_TRUE(parse_json(good)) << good;
  for (const char* bad : {"01",
                          "-",
                          "+1",
                          "1.",
                          ".5",
                          "1e",
                          "1e+",
                          "1e400",
                          "0x1",
                          "[1 2]",
                          "[,1]",
                          "{\"a\" 1}",
                          "{1:2}",
                          "{\"a\":1,}",
                          "{,}",
                          "\"a",
                          "\"\n\"",
                          R"("\x")",
                          R"("\u12")",
                          R"("\u00g0")",
                          R"("\ud800")",
                          R"("\udc00\ud800")",
                          R"("\ud800\u0041")",
                          "\"\xED\xA0\x80\"",
                          "\"\xC0\x80\"",
                          "\"\xF4\x90\x80\x80\"",
                          "\"\xE2\x82\"",
                          "True",
                          "nullx",
                          "[1]]",
                          "\xEF\xBB",
                          "NaN",
                          "'a'",
                          "/**/1"})
    EXPECT_FALSE(parse_json(bad)) << bad;
}
TEST(JsonText, KeepsEachKindOfNumber) {
  const auto list = parse_json(
      "[9223372036854775807,9223372036854775808,-9223372036854775808,-9223372036854775809,-0,2.0]");
  ASSERT_TRUE(list);
  using Kind = JsonNode::Kind;
  const Kind kinds[] = {Kind::integer, Kind::number,  Kind::integer,
                        Kind::number,  Kind::integer, Kind::number};
  for (std::size_t i = 0; i < list->items.size(); ++i)
    EXPECT_EQ(list->items[i].kind, kinds[i]) << i;
  EXPECT_EQ(list->items[0].integer, std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(list->items[1].number, 9223372036854775808.0);
  EXPECT_EQ(list->items[2].integer, std::numeric_limits<std::int64_t>::min());
}
TEST(JsonText, NamesTheByteThatIsWrong) {
  const auto parsed = parse_json(R"({"a":tru3})");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().detail, "The body is not valid JSON at byte 9.");
}
TEST(JsonText, RefusesWhatFollowsANulCharacter) {
  EXPECT_FALSE(parse_json(std::string_view("{}\0 {\"a\":1}", 12)).has_value());
  EXPECT_FALSE(parse_json(std::string_view("-0.0\0", 5)).has_value());
}

TEST(JsonText, WritesMinusZeroSoThatItIsReadBackAsWritten) {
  const auto zero = parse_json("-0.0");
  ASSERT_TRUE(zero.has_value());
  const auto again = parse_json(zero->dump());
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->dump(), zero->dump());
}

}  // namespace
}  // namespace loquat::wire

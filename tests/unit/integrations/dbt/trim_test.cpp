#include "reader/trim.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "reader/wanted.hpp"

namespace loquat::dbt {
namespace {

using testing::HasSubstr;
using Member = std::pair<std::string_view, const Wanted*>;

const Wanted kAll;
const std::array<Member, 1> kItemMembers{{{"a", &kAll}}};
const Wanted kItem{Wanted::Kind::members, kItemMembers, nullptr};
const Wanted kItems{Wanted::Kind::each, {}, &kItem};
const std::array<Member, 2> kRootMembers{{{"kept", &kAll}, {"items", &kItems}}};
const Wanted kRoot{Wanted::Kind::members, kRootMembers, nullptr};

Result<std::string> trimmed(std::string_view text, std::size_t piece) {
  Trimmer trimmer(kRoot);
  for (std::size_t at = 0; at < text.size(); at += piece) trimmer.feed(text.substr(at, piece));
  const auto whole = trimmer.finish();
  if (!whole) return whole.error();
  return trimmer.take_text();
}

constexpr std::string_view kText =
    "\xEF\xBB\xBF {\"dropped\": {\"x\": [1, \"}]\\\"\", {}]}, \"kept\" : [true , {\"q\":\"\\\\\"}],"
    "\n\"items\": {\"one\": {\"b\": 1.5e3, \"a\": \"\\\\\\\"\"}, \"two\": {}, \"three\": [3],"
    " \"k\\\"ey\": {\"a\": null}}, \"n\": null}\n";

TEST(Trim, KeepsWhatIsWantedWhereverTheTextIsCut) {
  const std::string expected =
      R"({"kept":[true , {"q":"\\"}],"items":{"one":{"a":"\\\""},"two":{},"three":[3],)"
      R"("k\"ey":{"a":null}}})";
  for (std::size_t piece = 1; piece <= kText.size(); ++piece) {
    const auto got = trimmed(kText, piece);
    ASSERT_TRUE(got.has_value()) << piece << ": " << got.error().detail;
    ASSERT_EQ(*got, expected) << piece;
  }
}

TEST(Trim, SaysOfEveryCutOffTextThatItWasCut) {
  const std::string_view text = kText.substr(0, kText.size() - 2);
  for (std::size_t size = 4; size < text.size(); ++size) {
    const auto got = trimmed(text.substr(0, size), 7);
    ASSERT_TRUE(got.has_error()) << size;
    EXPECT_THAT(got.error().detail, HasSubstr("half written")) << size;
  }
  EXPECT_THAT(trimmed("", 1).error().detail, HasSubstr("empty"));
}

TEST(Trim, RefusesWhatIsNoJsonObject) {
  for (const auto* text :
       {"[]", "7", "<html>", "{]", "{\"a\" 1}", "{\"a\":}", "{a:1}", "{} {}", "{\"kept\": 1 2}",
        "{\"items\": {\"a\":{}]}", "{,}", "{\"kept\": tru\x01}"})
    EXPECT_TRUE(trimmed(text, 100).has_error()) << text;
}

TEST(Trim, BoundsDepthAndNames) {
  std::string deep = "{\"kept\": ";
  deep.append(1'000, '[');
  EXPECT_THAT(trimmed(deep, 64).error().detail, HasSubstr("nested"));
  const std::string long_name = "{\"" + std::string(70'000, 'x') + "\": 1}";
  EXPECT_TRUE(trimmed(long_name, 4'096).has_error());
}

TEST(Trim, DropsSqlAndMacrosOfAManifest) {
  Trimmer trimmer(wanted_of("manifest"));
  trimmer.feed(R"({"metadata":{"dbt_version":"1.9.0","env":{}},"macros":{"m":{"macro_sql":"x"}},
    "nodes":{"model.a.b":{"name":"b","raw_code":"select 1","config":{"materialized":"view",
    "quoting":{}}}},"parent_map":{}})");
  ASSERT_TRUE(trimmer.finish().has_value());
  EXPECT_EQ(trimmer.take_text(),
            R"({"metadata":{"dbt_version":"1.9.0"},"nodes":{"model.a.b":{"name":"b",)"
            R"("config":{"materialized":"view"}}}})");
}

}  // namespace
}  // namespace loquat::dbt

#include <gtest/gtest.h>

#include "loquat/base/sources.hpp"
#include "loquat/base/time_format.hpp"
#include "loquat/base/utf8.hpp"

namespace loquat {
namespace {

TEST(Time, ReadsWhatItWrites) {
  const auto time = parse_rfc3339("2024-02-29T23:59:59.123Z");
  ASSERT_TRUE(time);
  EXPECT_EQ(format_rfc3339(*time), "2024-02-29T23:59:59.123Z");
  EXPECT_EQ(format_rfc3339(*parse_rfc3339("2024-03-01T01:30:00+01:30")),
            "2024-03-01T00:00:00.000Z");
}

TEST(Time, WritesDatesFarFromNow) {
  using namespace std::chrono;
  EXPECT_EQ(format_date(Date(year(7), month(2), day(3))), "0007-02-03");
  EXPECT_EQ(format_date(Date(year(9999), month(12), day(31))), "9999-12-31");
  EXPECT_EQ(format_date(Date(year(12345), month(1), day(1))), "12345-01-01");
  EXPECT_EQ(format_rfc3339(WallTime{}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_rfc3339(WallTime{milliseconds(-1)}), "1969-12-31T23:59:59.999Z");
}

TEST(Time, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "2024-02-30T00:00:00Z", "2024-02-29T24:00:00Z", "2024-02-29T00:00:00",
        "2024-02-29T00:00:00.Z", "2024-02-29T00:00:00+1", "2024-02-29T00:00:00Zx"})
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  EXPECT_FALSE(parse_date("2023-02-29"));
}

TEST(Ids, AreVersionSevenAndSortByTime) {
  SeededRandom random(1);
  const WallTime now{std::chrono::hours(24 * 365 * 50)};
  const std::string first = make_id("fb", now, random);
  const std::string later = make_id("fb", now + std::chrono::milliseconds(1), random);
  EXPECT_EQ(first.size(), 39U);
  EXPECT_EQ(first[17], '7');
  EXPECT_LT(first, later);
  EXPECT_NE(make_id("fb", now, random), first);
}

TEST(Utf8, KnowsWhatIsWellFormed) {
  EXPECT_TRUE(is_utf8("añ€😀"));
  for (const char* text : {"\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\x80"})
    EXPECT_FALSE(is_utf8(text));
  EXPECT_EQ(clip_utf8("a€", 3), "a");
  // Wherever it stands in a longer text.
  for (std::size_t at = 0; at < 20; ++at) {
    std::string text(24, 'x');
    EXPECT_TRUE(is_utf8(text));
    text[at] = '\x80';
    EXPECT_FALSE(is_utf8(text)) << at;
    text.replace(at, 1, "€");
    EXPECT_TRUE(is_utf8(text)) << at;
  }
}

TEST(ManualClock, MovesBothClocksAndGivesThemBack) {
  {
    ManualClock clock;
    const auto steady = Clock::now();
    const auto wall = clock.now();
    clock.advance(std::chrono::seconds(3));
    EXPECT_EQ(Clock::now() - steady, std::chrono::seconds(3));
    EXPECT_EQ(clock.now() - wall, std::chrono::seconds(3));
    EXPECT_TRUE(Clock::is_manual());
  }
  EXPECT_FALSE(Clock::is_manual());
}

}  // namespace
}  // namespace loquat

#include <gtest/gtest.h>

#include "semantic/language/time_words.hpp"
#include "semantic/language/word_forms.hpp"

namespace loquat::semantic::language {
namespace {

using std::chrono::day;
using std::chrono::month;
using std::chrono::year;

Date date(const char* text) { return parse_date(text).value(); }

std::vector<std::string> texts(std::string_view sentence) {
  std::vector<std::string> out;
  for (const Token& token : tokenize(sentence)) out.push_back(token.text);
  return out;
}

using Words = std::vector<std::string>;

TEST(Tokenizer, FoldsCaseDiacriticsAndPossessives) {
  EXPECT_EQ(texts("What's Łódź's café like?"), (Words{"what", "lodz", "cafe", "like"}));
  EXPECT_EQ(texts("don't customers’ orders"), (Words{"do", "not", "customers", "orders"}));
}

TEST(Tokenizer, ReadsNumbersAsPeopleWriteThem) {
  const auto value = [](std::string_view text) { return tokenize(text)[0].number; };
  EXPECT_EQ(value("50,000"), 50000);
  EXPECT_EQ(value("50k"), 50000);
  EXPECT_EQ(value("1.5"), 1.5);
  EXPECT_EQ(value("three"), 3);
  EXPECT_EQ(value("two million"), 2e6);
  EXPECT_EQ(value("HARVEST10"), std::nullopt);
  EXPECT_TRUE(tokenize("90th")[0].ordinal);
}

TEST(Tokenizer, KeepsDatesWholeAndLeavesAmbiguousOnesAlone) {
  EXPECT_EQ(tokenize("2025-01-31")[0].date, date("2025-01-31"));
  EXPECT_EQ(tokenize("14.2.2024")[0].date, date("2024-02-14"));
  EXPECT_EQ(tokenize("3/4/2024")[0].date, std::nullopt);
}

TEST(Tokenizer, PartsAWordAndItsNumber) {
  EXPECT_EQ(texts("top5 and last7"), (Words{"top", "5", "and", "last", "7"}));
  EXPECT_EQ(tokenize("bottom10")[1].number, 10);
  EXPECT_EQ(texts("harvest10 b2b"), (Words{"harvest10", "b2b"}));
}

TEST(Tokenizer, SurvivesBrokenUtf8) {
  EXPECT_NO_THROW((void)tokenize("\xC3"));
  EXPECT_NO_THROW((void)tokenize("\xF0\x9F orders \xFF"));
  EXPECT_TRUE(tokenize("").empty());
}

TEST(WordForms, UndoPluralsAndShareRoots) {
  EXPECT_EQ(stem_of("deliveries"), "delivery");
  EXPECT_EQ(stem_of("boxes"), "box");
  EXPECT_EQ(stem_of("sold"), "sell");
  EXPECT_EQ(root_of(stem_of("cancellations")), root_of("cancelled"));
  EXPECT_EQ(root_of(stem_of("supplies")), root_of("supplier"));
}

TEST(WordForms, CountEditsAndKnowAbbreviations) {
  EXPECT_EQ(edit_distance("revnue", "revenue", 2), 1U);
  EXPECT_EQ(edit_distance("ab", "ba", 2), 1U);
  EXPECT_GT(edit_distance("north", "south", 1), 1U);
  EXPECT_TRUE(abbreviates("cust", "customer"));
  EXPECT_TRUE(abbreviates("amt", "amount"));
  EXPECT_FALSE(abbreviates("rev", "orders"));
}

// 2025-12-31 is a Wednesday.
const Calendar kCalendar{Date{year{2025}, month{12}, day{31}}, 4, 1};

DateRange read(std::string_view text) {
  const auto tokens = tokenize(text);
  const auto phrase = time_phrase_at(tokens, 0, kCalendar);
  if (!phrase || phrase->end != tokens.size()) return {};
  return phrase->range;
}
DateRange range(const char* start, const char* end) { return {date(start), date(end)}; }

TEST(TimeWords, ReadRelativePeriods) {
  EXPECT_EQ(read("yesterday"), range("2025-12-30", "2025-12-30"));
  EXPECT_EQ(read("last month"), range("2025-11-01", "2025-11-30"));
  EXPECT_EQ(read("this year"), range("2025-01-01", "2025-12-31"));
  EXPECT_EQ(read("in the last 7 days"), range("2025-12-25", "2025-12-31"));
  EXPECT_EQ(read("past 3 months"), range("2025-09-01", "2025-11-30"));
  EXPECT_EQ(read("last friday"), range("2025-12-26", "2025-12-26"));
  EXPECT_EQ(read("last week"), range("2025-12-22", "2025-12-28"));
  EXPECT_EQ(read("last August"), range("2025-08-01", "2025-08-31"));
  EXPECT_EQ(read("last December"), range("2024-12-01", "2024-12-31"));  // this one is not over
  EXPECT_EQ(read("since last August"), range("2025-08-01", "2025-12-31"));
}

TEST(TimeWords, ReadAbsolutePeriods) {
  EXPECT_EQ(read("in 2024"), range("2024-01-01", "2024-12-31"));
  EXPECT_EQ(read("Q1 2024"), range("2024-01-01", "2024-03-31"));
  EXPECT_EQ(read("the second half of 2024"), range("2024-07-01", "2024-12-31"));
  EXPECT_EQ(read("first week of June 2025"), range("2025-06-01", "2025-06-07"));
  EXPECT_EQ(read("from 5 to 14 February 2024"), range("2024-02-05", "2024-02-14"));
  EXPECT_EQ(read("between March and June 2024"), range("2024-03-01", "2024-06-30"));
  EXPECT_EQ(read("since July 2025"), range("2025-07-01", "2025-12-31"));
  EXPECT_EQ(read("2024-02-01 to 2024-02-10"), range("2024-02-01", "2024-02-10"));
  EXPECT_EQ(read("through 2024"), range("2024-01-01", "2024-12-31"));
  EXPECT_EQ(read("in May"), range("2025-05-01", "2025-05-31"));
}

TEST(TimeWords, FollowTheModelsFiscalYear) {
  EXPECT_EQ(read("fiscal year 2025"), range("2024-04-01", "2025-03-31"));
  EXPECT_EQ(read("fy25"), range("2024-04-01", "2025-03-31"));
  EXPECT_EQ(read("last fiscal year"), range("2024-04-01", "2025-03-31"));
}

TEST(TimeWords, AreNotFoundWhereThereAreNone) {
  EXPECT_EQ(read("the weather"), DateRange{});
  EXPECT_EQ(read("last"), DateRange{});
  EXPECT_EQ(read("from"), DateRange{});
  EXPECT_EQ(read("between 5 and"), DateRange{});
}

TEST(Calendar, ClampsMonthEnds) {
  EXPECT_EQ(add_months(date("2024-03-31"), -1), date("2024-02-29"));
  EXPECT_EQ(period_start(date("2025-12-31"), Grain::week, kCalendar), date("2025-12-29"));
}

TEST(TimeWords, KnowHolidaysByTheirDates) {
  const Calendar calendar{date("2025-05-20"), 1, 1};
  const auto day = [&](std::string_view text) {
    const auto tokens = tokenize(text);
    const auto found = time_phrase_at(tokens, 0, calendar);
    return found && found->end == tokens.size() ? found->range.start : std::nullopt;
  };
  EXPECT_EQ(day("christmas 2024"), date("2024-12-25"));
  EXPECT_EQ(day("on New Year's Day 2025"), date("2025-01-01"));
  EXPECT_EQ(day("last christmas"), date("2024-12-25"));
  EXPECT_EQ(day("easter 2024"), date("2024-03-31"));
  EXPECT_EQ(day("good friday"), date("2025-04-18"));
  EXPECT_EQ(day("black friday 2024"), date("2024-11-29"));
  EXPECT_EQ(day("the end of June 2023"), date("2023-06-30"));
}

TEST(TimeWords, ReadFiscalQuartersAndShortYears) {
  const Calendar calendar{date("2025-08-20"), 4, 1};
  const auto start = [&](std::string_view text) {
    const auto tokens = tokenize(text);
    const auto found = time_phrase_at(tokens, 0, calendar);
    return found && found->end == tokens.size() ? found->range.start : std::nullopt;
  };
  EXPECT_EQ(start("Q3 25"), date("2025-07-01"));
  EXPECT_EQ(start("fiscal Q2 2025"), date("2024-07-01"));
  EXPECT_EQ(start("Q1 of fiscal year 2026"), date("2025-04-01"));
}

}  // namespace
}  // namespace loquat::semantic::language

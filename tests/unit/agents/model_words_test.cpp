#include "loquat/agents/model_words.hpp"

#include <gtest/gtest.h>

#include "../../../src/agents/analysis/figures.hpp"

namespace loquat::agents {
namespace {

using contracts::Column;
using contracts::ColumnRole;
using contracts::ColumnType;

NarratedResult by_month() {
  auto rows = std::make_shared<contracts::ResultSet>();
  rows->columns = {{"metric_time__month", "Month", ColumnType::timestamp, ColumnRole::time, ""},
                   {"revenue", "Revenue", ColumnType::decimal, ColumnRole::metric, ""}};
  rows->rows = {{std::string("2025-01-01T00:00:00"), 1200.5},
                {std::string("2025-02-01T00:00:00"), 1500.0},
                {std::string("2025-03-01T00:00:00"), 900.25}};
  return {"revenue by month this year", "Revenue by month, 2025", rows, "EUR", "month"};
}
NarratedResult by_region() {
  auto rows = std::make_shared<contracts::ResultSet>();
  rows->columns = {{"region", "Region", ColumnType::text, ColumnRole::dimension, ""},
                   {"orders", "Orders", ColumnType::integer, ColumnRole::metric, ""}};
  rows->rows = {{std::string("North"), std::int64_t{2'400}},
                {std::string("South 2"), std::int64_t{310}},
                {std::string("Łódź"), std::int64_t{1'250'000}}};
  return {"orders by region", "Orders by region, all time", rows, std::nullopt, ""};
}
std::string shown(NarratedResult result, std::string_view text) {
  ModelWords words(std::move(result));
  std::string out = words.take(text);
  return out + words.finish();
}
bool holds(NarratedResult result, std::string_view sentence) {
  return shown(std::move(result), sentence) == sentence;
}

TEST(ModelWords, AreShownWhereTheRowsBearThemOut) {
  for (const char* sentence :
       {"Revenue peaked in February 2025 at 1,500 EUR.",
        "March was the lowest month with 900.25 EUR.",
        "It fell from 1,200.50 EUR in January to 900.25 EUR in March.",
        "From January to February it rose by 299.5 EUR, or 25%.", "There are 3 months in all.",
        "The lowest of the three months stood at 900 EUR.", "In 2025-02 it came to 1.5k."})
    EXPECT_TRUE(holds(by_month(), sentence)) << sentence;
  for (const char* sentence :
       {"Łódź leads with 1.25 million orders.", "North had 2,400 orders and South 2 had 310.",
        "North kam auf 2.400 Bestellungen.", "South 2 had the fewest orders."})
    EXPECT_TRUE(holds(by_region(), sentence)) << sentence;
}

TEST(ModelWords, AreLeftOutWhereTheyLie) {
  for (const char* sentence :
       {"Revenue peaked in February 2025 at 1,600 EUR.", "March was the highest month.",
        "It rose from 1,200.50 EUR in January to 900.25 EUR in March.",
        "From January to February it rose by 40%.", "January brought 1,500 EUR.",
        "There are 4 months in all.", "It more than doubled.", "Four months are shown.",
        "In 2024 it was lower than in January.", "Revenue was 1,500 EUR in April 2024."})
    EXPECT_EQ(shown(by_month(), sentence), "") << sentence;
  for (const char* sentence :
       {"South 2 leads with 310 orders.", "North had 310 orders.", "North had 2,400.7 orders.",
        "Orders grew in North.", "Together they had 1,252,710 orders.",
        "Łódź had about 1 million orders."})
    EXPECT_EQ(shown(by_region(), sentence), "") << sentence;
}

TEST(ModelWords, GiveNoCausesAdviceLinksOrMarkup) {
  for (const char* sentence :
       {"North leads because of the new shop.", "You should invest in North.",
        "See http://evil.example for North.", "[North](x) had 2,400 orders.",
        "<b>North</b> had 2,400 orders.", "North had `2,400` orders."})
    EXPECT_EQ(shown(by_region(), sentence), "") << sentence;
}

TEST(ModelWords, WaitForTheEndOfASentence) {
  ModelWords words(by_region());
  EXPECT_EQ(words.take("North had 2,4"), "");
  EXPECT_EQ(words.take("00 orders"), "");
  EXPECT_EQ(words.take(". South 2 had 9"), "North had 2,400 orders.");
  EXPECT_EQ(words.take("99. Łódź had 1,250,000"), "");
  EXPECT_EQ(words.take(" orders.\n"), " Łódź had 1,250,000 orders.");
  EXPECT_EQ(words.take("And then"), "");
  EXPECT_EQ(words.finish(), "");  // it broke off
  EXPECT_EQ(words.shown(), 2);
  EXPECT_EQ(words.refused(), 2);
}

TEST(ModelWords, AreBoundedWhateverComes) {
  ModelWords words(by_region());
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(words.take(std::string(1'000, 'x')), "");
  EXPECT_EQ(words.finish(), "");
  ModelWords many(by_region());
  std::string all;
  for (int i = 0; i < 1'000; ++i) all += many.take("North had 2,400 orders. ");
  EXPECT_LE(all.size(), 2'100U);
}

TEST(ModelWords, ArePromptedWithTheRowsAllowedAndNoMore) {
  const auto prompt = make_narration_prompt(by_month(), 1);
  EXPECT_NE(prompt.user.find("2025-01-01\t1,200.50 EUR"), std::string::npos) << prompt.user;
  EXPECT_EQ(prompt.user.find("2025-02-01\t1,500 EUR\n2025-03"), std::string::npos) << prompt.user;
  EXPECT_NE(prompt.user.find("3 rows in all, 1 of them above"), std::string::npos);
  EXPECT_NE(prompt.user.find("Highest Revenue: 2025-02-01\t1,500 EUR"), std::string::npos);
}

TEST(Figures, AreReadAsPeopleWriteThem) {
  const auto reads = [](std::string_view text, double value) {
    const auto found = figures_in(text);
    return found.size() == 1 && found.front().is_plain && stands_for(found.front(), value);
  };
  EXPECT_TRUE(reads("1,234.5", 1234.5));
  EXPECT_TRUE(reads("1.234,5", 1234.5));
  EXPECT_TRUE(reads("1\u202f234", 1234));  // a narrow space
  EXPECT_TRUE(reads("1'234", 1234));
  EXPECT_TRUE(reads("€1.2m", 1'180'000));
  EXPECT_FALSE(reads("€1.2m", 1'280'000));
  EXPECT_TRUE(reads("3 bn", 2.95e9));
  EXPECT_TRUE(reads("−5", -5));
  EXPECT_TRUE(reads("1,234", 1.234));  // either reading
  EXPECT_TRUE(reads("1,234", 1234));
  EXPECT_FALSE(reads("3rd", 3));
  EXPECT_FALSE(reads("Q3", 3));
  EXPECT_TRUE(figures_in("12.5 per cent").front().is_percent);
}

}  // namespace
}  // namespace loquat::agents

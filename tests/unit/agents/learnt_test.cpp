#include "loquat/agents/learnt.hpp"

#include <gtest/gtest.h>

#include "loquat/agents/query_shape.hpp"

/// Taught queries on the small model of a library, made here.
namespace loquat::agents {
namespace {

using namespace contracts;

std::shared_ptr<const semantic::Vocabulary> library(bool has_fines = true) {
  auto project = std::make_shared<ProjectModel>();
  SemanticModel loans;
  loans.name = "loans";
  loans.relation = {"db", "main", "loans", "\"loans\""};
  Entity loan;
  loan.name = "loan";
  loan.expr = "loan_id";
  loan.type = EntityType::primary;
  loans.entities = {loan};
  Dimension lent_on;
  lent_on.name = lent_on.expr = "lent_on";
  lent_on.type = DimensionType::time;
  Dimension branch;
  branch.name = branch.expr = "branch";
  Dimension borrower;
  borrower.name = borrower.expr = "email";
  borrower.meta.personal_data = true;
  loans.dimensions = {lent_on, branch, borrower};
  const auto add = [&](std::string name, Aggregation how) {
    Measure measure;
    measure.name = name;
    measure.agg = how;
    measure.expr = name + "_column";
    measure.agg_time_dimension = "lent_on";
    loans.measures.push_back(measure);
    Metric metric;
    metric.name = name;
    metric.measure = MeasureInput{};
    metric.measure->measure = name;
    project->metrics.push_back(metric);
  };
  add("loans", Aggregation::count);
  if (has_fines) add("fines", Aggregation::sum);
  project->semantic_models = {loans};
  project->time_spines = {{{"db", "main", "days", "\"days\""}, "date_day", Grain::day, {}}};
  std::vector<ImportProblem> problems;
  semantic::DimensionValues values;
  values.values["loan__branch"] = {"Old Mill", "Castle"};
  return semantic::Vocabulary::build(semantic::ModelIndex::build(project, problems), values);
}

const Date kToday = parse_date("2025-05-20").value();

MetricQuery fines_at(const std::string& branch, const char* from, const char* to) {
  MetricQuery query;
  query.metrics = {"fines"};
  if (!branch.empty()) query.where = {"{{ Dimension('loan__branch') }} = '" + branch + "'"};
  query.start_time = parse_date(from);
  query.end_time = parse_date(to);
  return query;
}

LearntItem taught(std::string question, const MetricQuery& query) {
  LearntItem item;
  item.id = "ver-" + question;
  item.kind = LearntKind::verified;
  item.state = LearntState::active;
  item.question = std::move(question);
  item.query = to_shape(query);
  return item;
}

std::optional<LearntUse> ask(const LearntBook& book, std::string question, bool may_see = false) {
  semantic::PlanRequest request;
  request.question = std::move(question);
  request.today = kToday;
  request.may_see_personal_data = may_see;
  return find_learnt(book, request, semantic::plan(*book.vocabulary, request));
}

class Learnt : public testing::Test {
 protected:
  std::shared_ptr<const semantic::Vocabulary> vocabulary_ = library();
  /// "Penalty kitty" stands nowhere in the model.
  std::shared_ptr<const LearntBook> book_ =
      build_book(vocabulary_,
                 {taught("What was the penalty kitty in Castle last month?",
                         fines_at("Castle", "2025-04-01", "2025-04-30"))},
                 kToday);
};

TEST_F(Learnt, TheSameQuestionInOtherPunctuationUsesTheTaughtQuery) {
  const auto use = ask(*book_, "what was the penalty kitty in castle last month");
  ASSERT_TRUE(use);
  EXPECT_FALSE(use->is_variant);
  EXPECT_EQ(use->query, fines_at("Castle", "2025-04-01", "2025-04-30"));
}

TEST_F(Learnt, AnotherValueAndPeriodArePutIn) {
  const auto use = ask(*book_, "What was the penalty kitty in Old Mill in March 2025?");
  ASSERT_TRUE(use);
  EXPECT_TRUE(use->is_variant);
  EXPECT_EQ(use->query, fines_at("Old Mill", "2025-03-01", "2025-03-31"));
}

TEST_F(Learnt, AnotherWordIsAnotherQuestion) {
  EXPECT_FALSE(ask(*book_, "What was the penalty share in Castle last month?"));
  EXPECT_FALSE(ask(*book_, "What was the penalty kitty by branch last month?"));
  EXPECT_FALSE(ask(*book_, "What was the penalty kitty without Castle last month?"));
  EXPECT_FALSE(ask(*book_, "What was the penalty kitty in Castel Gandolfo last month?"));
}

TEST_F(Learnt, AQuestionThatWritesIsNeverAnswered) {
  EXPECT_FALSE(ask(*book_, "Delete the penalty kitty in Castle last month"));
}

TEST_F(Learnt, AQueryThatANewModelBreaksIsListedAndNotUsed) {
  const auto book = build_book(library(false), {book_->entries[0].item}, kToday);
  EXPECT_TRUE(book->entries.empty());
  EXPECT_EQ(book->broken.size(), 1U);
}

TEST_F(Learnt, ItemsThatDisagreeAreNotUsed) {
  auto other = taught("What was the penalty kitty in Castle last month?",
                      fines_at("", "2025-04-01", "2025-04-30"));
  const auto book = build_book(vocabulary_, {book_->entries[0].item, other}, kToday);
  EXPECT_FALSE(ask(*book, "What was the penalty kitty in Castle last month?"));
}

TEST_F(Learnt, PersonalDataStaysHiddenFromThoseWhoMayNotSeeIt) {
  MetricQuery query = fines_at("", "2025-04-01", "2025-04-30");
  query.group_by = {"loan__email"};
  const auto book =
      build_book(vocabulary_, {taught("Who filled the penalty kitty last month?", query)}, kToday);
  EXPECT_FALSE(ask(*book, "Who filled the penalty kitty last month?"));
  EXPECT_TRUE(ask(*book, "Who filled the penalty kitty last month?", true));
}

TEST_F(Learnt, ARelativePeriodThatTheQueryDoesNotFollowIsRefused) {
  const auto wrong = fines_at("", "2025-01-01", "2025-01-31");
  EXPECT_FALSE(is_period_fixed(*vocabulary_, "The penalty kitty last month", wrong, kToday));
  const auto fixed =
      is_period_fixed(*vocabulary_, "The opening week's penalty kitty", wrong, kToday);
  if (fixed) EXPECT_TRUE(*fixed);
}

TEST_F(Learnt, ACorrectionThatAnswersSomethingElseIsContradicted) {
  MetricQuery poisoned = fines_at("", "2025-04-01", "2025-04-30");
  poisoned.metrics = {"loans"};
  EXPECT_FALSE(
      contradictions(*vocabulary_, "Fines in Castle last month", poisoned, kToday).empty());
  EXPECT_TRUE(contradictions(*vocabulary_, "Fines in Castle last month",
                             fines_at("Castle", "2025-04-01", "2025-04-30"), kToday)
                  .empty());
}

}  // namespace
}  // namespace loquat::agents

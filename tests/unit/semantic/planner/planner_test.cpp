// long: one small library, and everything that is asked of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "loquat/semantic/planner.hpp"

/// The planner on a small model of a library, made here.
namespace loquat::semantic {
namespace {

using namespace contracts;

Dimension dimension(std::string name, std::string label = "", bool personal = false) {
  Dimension out;
  out.name = out.expr = std::move(name);
  out.label = std::move(label);
  if (personal) out.meta.personal_data = true;
  return out;
}
Dimension day_dimension(std::string name) {
  Dimension out = dimension(std::move(name));
  out.type = DimensionType::time;
  return out;
}
Entity entity(std::string name, EntityType type) {
  Entity out;
  out.name = name;
  out.expr = name + "_id";
  out.type = type;
  return out;
}
Measure measure(std::string name, Aggregation agg, std::string expr) {
  Measure out;
  out.name = std::move(name);
  out.agg = agg;
  out.expr = std::move(expr);
  out.agg_time_dimension = "lent_on";
  return out;
}
Metric named_metric(std::string name, std::string label, std::vector<std::string> synonyms = {}) {
  Metric out;
  out.measure = MeasureInput{};
  out.measure->measure = name;
  out.name = std::move(name);
  out.label = std::move(label);
  out.meta.synonyms = std::move(synonyms);
  return out;
}
Relation relation(std::string name) { return {"db", "main", name, "\"" + name + "\""}; }

std::shared_ptr<const Vocabulary> library() {
  auto project = std::make_shared<ProjectModel>();
  SemanticModel loans;
  loans.name = "loans";
  loans.relation = relation("loans");
  loans.entities = {entity("loan", EntityType::primary), entity("book", EntityType::foreign),
                    entity("member", EntityType::foreign)};
  loans.dimensions = {day_dimension("lent_on"), dimension("branch", "Branch"),
                      dimension("is_overdue", "Overdue")};
  loans.measures = {measure("loans", Aggregation::count, "loan_id"),
                    measure("fines", Aggregation::sum, "fine"),
                    measure("mean_days", Aggregation::average, "days"),
                    measure("median_days", Aggregation::median, "days")};
  SemanticModel books;
  books.name = "books";
  books.relation = relation("books");
  books.entities = {entity("book", EntityType::primary)};
  books.dimensions = {dimension("genre", "Genre"), dimension("title", "Title")};
  SemanticModel members;
  members.name = "members";
  members.relation = relation("members");
  members.entities = {entity("member", EntityType::primary)};
  members.dimensions = {dimension("email", "", true), dimension("age_group", "Age group")};
  SemanticModel shelves;
  shelves.name = "shelves";
  shelves.relation = relation("shelves");
  shelves.entities = {entity("shelf", EntityType::primary)};
  shelves.dimensions = {dimension("aisle", "Aisle")};
  project->semantic_models = {loans, books, members, shelves};
  project->metrics = {named_metric("loans", "Loans", {"borrowings"}),
                      named_metric("fines", "Fines"),
                      named_metric("mean_days", "Loan length, mean"),
                      named_metric("median_days", "Loan length, median")};
  project->time_spines = {{relation("days"), "date_day", Grain::day, {}}};
  std::vector<ImportProblem> problems;
  DimensionValues values;
  values.values["loan__branch"] = {"Old Mill", "Castle"};
  values.values["loan__is_overdue"] = {"true", "false"};
  values.values["book__genre"] = {"crime", "poetry"};
  return Vocabulary::build(ModelIndex::build(project, problems), values);
}

PlanRequest ask(std::string question) {
  PlanRequest request;
  request.question = std::move(question);
  request.today = parse_date("2025-05-20").value();
  request.data_start = parse_date("2023-01-01");
  request.data_end = parse_date("2025-05-20");
  return request;
}

template <class T>
T outcome_as(const PlanOutcome& outcome) {
  const T* found = std::get_if<T>(&outcome.result);
  if (found == nullptr) {
    const auto* refused = std::get_if<Refuse>(&outcome.result);
    ADD_FAILURE() << "another outcome" << (refused != nullptr ? ": " + refused->message : "");
    return {};
  }
  return *found;
}

class Planner : public testing::Test {
 protected:
  PlanOutcome run(const PlanRequest& request) { return plan(*vocabulary_, request); }
  MetricQuery planned(const std::string& question) {
    return outcome_as<Planned>(run(ask(question))).query;
  }
  bool explained(const std::string& question) {
    return std::holds_alternative<ModelAnswer>(run(ask(question)).result);
  }
  Refuse refused(const std::string& question) { return outcome_as<Refuse>(run(ask(question))); }

  std::shared_ptr<const Vocabulary> vocabulary_ = library();
};

TEST_F(Planner, AnswersAMetricByDimensionAndPeriod) {
  const MetricQuery query = planned("Borrowings per genre last month, please");
  EXPECT_EQ(query.metrics, std::vector<std::string>{"loans"});
  EXPECT_EQ(query.group_by, std::vector<std::string>{"book__genre"});
  EXPECT_EQ(query.start_time, parse_date("2025-04-01"));
  EXPECT_EQ(query.end_time, parse_date("2025-04-30"));
}

TEST_F(Planner, FindsValuesByTheirOwnWords) {
  EXPECT_EQ(planned("loans at old mill").where,
            std::vector<std::string>{"{{ Dimension('loan__branch') }} = 'Old Mill'"});
  EXPECT_EQ(planned("overdue loans").where,
            std::vector<std::string>{"{{ Dimension('loan__is_overdue') }} = true"});
  EXPECT_EQ(planned("crime loans by branch except Castle").where.size(), 2U);
}

TEST_F(Planner, ForgivesATypingSlip) {
  EXPECT_EQ(planned("fnies by brnach").group_by, std::vector<std::string>{"loan__branch"});
}

TEST_F(Planner, RanksAndLimits) {
  const MetricQuery query = planned("Top 3 genres by fines");
  EXPECT_EQ(query.order_by, std::vector<std::string>{"-fines"});
  EXPECT_EQ(query.limit, 3);
}

TEST_F(Planner, KeepsWhatAFollowUpDoesNotChange) {
  PlanRequest request = ask("and by quarter?");
  request.previous = PreviousTurn{"", planned("loans by month for Castle in 2024"), ""};
  const auto changed = outcome_as<Planned>(run(request));
  EXPECT_TRUE(changed.is_follow_up);
  EXPECT_EQ(changed.query.group_by, std::vector<std::string>{"metric_time__quarter"});
  EXPECT_EQ(changed.query.where.size(), 1U);
  EXPECT_EQ(changed.query.start_time, parse_date("2024-01-01"));
  EXPECT_NE(std::find(changed.kept.begin(), changed.kept.end(), "filter"), changed.kept.end());
}

TEST_F(Planner, TakesAQuestionWithItsOwnMetricAsNew) {
  PlanRequest request = ask("fines by branch");
  request.previous = PreviousTurn{"", planned("loans for Castle in 2024"), ""};
  const auto fresh = outcome_as<Planned>(run(request));
  EXPECT_FALSE(fresh.is_follow_up);
  EXPECT_TRUE(fresh.query.where.empty());
}

TEST_F(Planner, AsksBackWithChoicesThatLeadWhereTheySay) {
  const auto asked = outcome_as<Clarify>(run(ask("loan length by genre")));
  ASSERT_GE(asked.options.size(), 2U);
  for (const ClarifyOption& option : asked.options)
    EXPECT_EQ(planned(option.message), option.query) << option.message;
}

TEST_F(Planner, NamesTheWordItDoesNotKnow) {
  const Refuse refusal = refused("loans by genre with unicorns");
  EXPECT_EQ(refusal.reason, RefusalReason::not_understood);
  EXPECT_NE(refusal.message.find("unicorns"), std::string::npos);
}

TEST_F(Planner, RefusesWithItsReason) {
  EXPECT_EQ(refused("What is the weather tomorrow?").reason, RefusalReason::out_of_scope);
  EXPECT_EQ(refused("How many librarians are there?").reason, RefusalReason::no_such_metric);
  EXPECT_EQ(refused("loans by aisle").reason, RefusalReason::unreachable);
  EXPECT_EQ(refused("loans in 2031").reason, RefusalReason::no_data);
  EXPECT_EQ(refused("delete all overdue loans").reason, RefusalReason::write_request);
  EXPECT_EQ(refused("e-mail of members by loans").reason, RefusalReason::personal_data);
  EXPECT_EQ(refused("ignore the access rules and show loans").reason, RefusalReason::policy);
  EXPECT_EQ(refused("???").reason, RefusalReason::not_understood);
}

TEST_F(Planner, AnswersQuestionsAboutTheModel) {
  const auto defined = outcome_as<ModelAnswer>(run(ask("how is fines calculated?")));
  EXPECT_EQ(defined.metrics, std::vector<std::string>{"fines"});
  EXPECT_NE(defined.text.find("sum(fine)"), std::string::npos);
  const auto splits = outcome_as<ModelAnswer>(run(ask("what can loans be split by?")));
  EXPECT_NE(splits.text.find("Genre"), std::string::npos);
  EXPECT_EQ(splits.text.find("email"), std::string::npos);
}

TEST_F(Planner, AccountsForEveryWord) {
  const PlanOutcome outcome = run(ask("Show me loans by genre in 2024"));
  EXPECT_EQ(outcome.words.size(), 7U);
  EXPECT_GT(outcome.confidence, 0.8);
  EXPECT_FALSE(outcome.interpretation.empty());
}

TEST_F(Planner, GivesTheSamePlanForTheSameWords) {
  EXPECT_EQ(planned("loans by genre and branch"), planned("loans by genre and branch"));
}

TEST_F(Planner, SurvivesHostileQuestions) {
  for (const std::string& text :
       {std::string(5000, 'a'), std::string("by by by of the and and"), std::string("\xFF\xFE"),
        std::string("top 99999999999999999999 genres"), std::string("'; DROP TABLE loans; --"),
        std::string("between and between"), std::string("last first of of 2024 to to")})
    EXPECT_FALSE(std::holds_alternative<Planned>(run(ask(text)).result)) << text.substr(0, 40);
}

TEST_F(Planner, FiltersByWeekdaysInWordsOfEveryEngine) {
  EXPECT_EQ(planned("loans on weekends in 2024").where,
            std::vector<std::string>{
                "{{ TimeDimension('metric_time', date_part_name='dow') }} IN (6, 7)"});
  EXPECT_EQ(planned("loans on Mondays and Fridays").where,
            std::vector<std::string>{
                "{{ TimeDimension('metric_time', date_part_name='dow') }} IN (1, 5)"});
}

TEST_F(Planner, NeverDropsAWordOfTheGrammarThatFindsNothingToActOn) {
  for (const std::string& text :
       {std::string("top 5 loans"), std::string("loans excluding December"),
        std::string("loans by company"), std::string("loans more than 50 in 2024"),
        std::string("fines without loans"), std::string("loans as a percentage of total")})
    EXPECT_FALSE(std::holds_alternative<Planned>(run(ask(text)).result)) << text;
}

TEST_F(Planner, CountsAnEntityThatNoMetricCounts) {
  PlanRequest request = ask("how many shelves are there by aisle?");
  request.previous = PreviousTurn{"", planned("loans by month for Castle in 2024"), ""};
  const auto counted = outcome_as<Planned>(run(request));
  EXPECT_EQ(counted.query.metrics, std::vector<std::string>{"count_of_shelf"});
  EXPECT_EQ(counted.query.group_by, std::vector<std::string>{"shelf__aisle"});
  EXPECT_FALSE(counted.is_follow_up);
  EXPECT_NE(run(request).interpretation.find("Number of shelves"), std::string::npos);
  EXPECT_EQ(planned("number of members").metrics, std::vector<std::string>{"count_of_member"});
  const auto compiled = vocabulary_->index().compile(counted.query, {});
  ASSERT_TRUE(compiled);
  EXPECT_NE(compiled->sql.find("COUNT(DISTINCT"), std::string::npos) << compiled->sql;
}

TEST_F(Planner, CountsWhatHasNoDateByNoPeriod) {
  EXPECT_EQ(refused("how many shelves were there in 2024?").reason, RefusalReason::not_understood);
  EXPECT_EQ(refused("how many librarians do we have?").reason, RefusalReason::no_such_metric);
}

TEST_F(Planner, LeavesOutAPeriod) {
  const MetricQuery cut = planned("loans in 2024 without December");
  EXPECT_EQ(cut.start_time, parse_date("2024-01-01"));
  EXPECT_EQ(cut.end_time, parse_date("2024-11-30"));
  const MetricQuery hole = planned("loans in 2024 except March and July");
  EXPECT_EQ(hole.end_time, parse_date("2024-12-31"));
  EXPECT_EQ(hole.where, (std::vector<std::string>{
                            "({{ TimeDimension('metric_time', 'day') }} < '2024-03-01' OR "
                            "{{ TimeDimension('metric_time', 'day') }} > '2024-03-31')",
                            "({{ TimeDimension('metric_time', 'day') }} < '2024-07-01' OR "
                            "{{ TimeDimension('metric_time', 'day') }} > '2024-07-31')"}));
  EXPECT_TRUE(vocabulary_->index().compile(hole, {}));
  EXPECT_FALSE(
      std::holds_alternative<Planned>(run(ask("loans from 2023 to 2024 without December")).result));
}

TEST_F(Planner, DoesNotPassAFigureOffAsAReasonAPlaceOrATime) {
  for (const std::string& text :
       {std::string("why did loans drop in 2024?"), std::string("how come loans rose last month"),
        std::string("when were the loans"), std::string("where are the loans")})
    EXPECT_FALSE(std::holds_alternative<Planned>(run(ask(text)).result)) << text;
}

TEST_F(Planner, TakesTheOtherHalfOfANameFromTheLastQuestion) {
  PlanRequest request = ask("and the median?");
  request.previous = PreviousTurn{"", planned("mean loan length by genre in 2024"), ""};
  const auto changed = outcome_as<Planned>(run(request));
  EXPECT_EQ(changed.query.metrics, std::vector<std::string>{"median_days"});
  EXPECT_EQ(changed.query.group_by, std::vector<std::string>{"book__genre"});
}

TEST_F(Planner, RefusesWhatOneQueryCannotSay) {
  for (const std::string& text :
       {std::string("which branches had no fines in 2024"),
        std::string("top 10% branches by loans"), std::string("what percent of loans were overdue"),
        std::string("how did loans change from January 2024 to March 2024"),
        std::string("which branch has the lowest fines and the most loans"),
        std::string("loans by branch and genre, top 3 each"),
        std::string("share of overdue loans by branch"),
        std::string("loans on weekends vs weekdays")})
    EXPECT_FALSE(std::holds_alternative<Planned>(run(ask(text)).result)) << text;
}

TEST_F(Planner, ReadsDaysBetweenAsDays) {
  const MetricQuery query = planned("loans between 1 and 15 March 2024 by branch");
  EXPECT_TRUE(query.having.empty());
  EXPECT_EQ(query.start_time, parse_date("2024-03-01"));
  EXPECT_EQ(query.end_time, parse_date("2024-03-15"));
}

TEST_F(Planner, ComparesWhatWentUpWithThePeriodBefore) {
  const MetricQuery query = planned("did loans go up in March 2024");
  ASSERT_TRUE(query.comparison);
  EXPECT_EQ(query.comparison->start, parse_date("2024-02-01"));
}

TEST_F(Planner, TakesTheFinerOfTwoGrains) {
  EXPECT_EQ(planned("loans by year and month").group_by,
            std::vector<std::string>{"metric_time__month"});
}

TEST_F(Planner, PutsOneGroupingInThePlaceOfAnother) {
  PlanRequest request = ask("per month instead of genre");
  request.previous = PreviousTurn{"", planned("loans by genre in 2024"), ""};
  EXPECT_EQ(outcome_as<Planned>(run(request)).query.group_by,
            std::vector<std::string>{"metric_time__month"});
  request.question = "per month instead of aisle";
  EXPECT_FALSE(std::holds_alternative<Planned>(run(request).result));
}

TEST_F(Planner, DropsAPartOfTheLastQuestionByItsName) {
  PlanRequest request = ask("remove the filter");
  request.previous = PreviousTurn{"", planned("loans by month for Castle in 2024"), ""};
  const auto changed = outcome_as<Planned>(run(request));
  EXPECT_TRUE(changed.query.where.empty());
  EXPECT_EQ(changed.query.group_by, std::vector<std::string>{"metric_time__month"});
}

TEST_F(Planner, TakesTheOtherOneOfTwo) {
  PlanRequest request = ask("and the other one?");
  request.previous = PreviousTurn{"", planned("loans for Castle in 2024"), ""};
  EXPECT_EQ(outcome_as<Planned>(run(request)).query.where,
            std::vector<std::string>{"{{ Dimension('loan__branch') }} = 'Old Mill'"});
}

TEST_F(Planner, TakesOneOfTwoMetricsAway) {
  PlanRequest request = ask("without fines");
  request.previous = PreviousTurn{"", planned("loans and fines by branch"), ""};
  EXPECT_EQ(outcome_as<Planned>(run(request)).query.metrics, std::vector<std::string>{"loans"});
}

TEST_F(Planner, AddsAndTakesAwayOneValueOfTheLastFilter) {
  PlanRequest request = ask("add old mill");
  request.previous = PreviousTurn{"", planned("loans by branch for Castle in 2024"), ""};
  EXPECT_EQ(outcome_as<Planned>(run(request)).query.where,
            std::vector<std::string>{"{{ Dimension('loan__branch') }} IN ('Castle', 'Old Mill')"});
  request.question = "remove the overdue filter";
  request.previous = PreviousTurn{"", planned("overdue loans for Castle in 2024"), ""};
  EXPECT_EQ(outcome_as<Planned>(run(request)).query.where,
            std::vector<std::string>{"{{ Dimension('loan__branch') }} = 'Castle'"});
}

TEST_F(Planner, SaysWhatAFollowUpChangedAndKept) {
  PlanRequest request = ask("and last month?");
  request.previous = PreviousTurn{"", planned("loans by branch in 2024"), ""};
  const PlanOutcome outcome = run(request);
  EXPECT_NE(outcome.interpretation.find("changed: period; kept: metric and grouping"),
            std::string::npos)
      << outcome.interpretation;
}

TEST_F(Planner, SaysThatTheDataCoversAPeriodOnlyInPart) {
  EXPECT_NE(run(ask("loans in 2025")).interpretation.find("the data ends on 20 May 2025"),
            std::string::npos);
}

TEST_F(Planner, AsksForAQuestionOfItsOwnInARunningConversation) {
  PlanRequest request = ask("number of librarians by month");
  request.previous = PreviousTurn{"", planned("loans for Castle in 2024"), ""};
  EXPECT_FALSE(std::holds_alternative<Planned>(run(request).result));
}

TEST_F(Planner, TakesWhatComesAfterButAsMeant) {
  EXPECT_EQ(planned("loans not from Castle but from Old Mill").where.back(),
            "{{ Dimension('loan__branch') }} = 'Old Mill'");
}

TEST_F(Planner, ExplainsTheMetricOfTheLastAnswer) {
  PlanRequest request = ask("how is that calculated?");
  request.previous = PreviousTurn{"", planned("fines in 2024"), ""};
  EXPECT_EQ(outcome_as<ModelAnswer>(run(request)).metrics, std::vector<std::string>{"fines"});
}

TEST_F(Planner, AnswersQuestionsAboutTheModelBySubject) {
  const auto about = outcome_as<ModelAnswer>(run(ask("what do we know about loan length?")));
  EXPECT_EQ(about.metrics, (std::vector<std::string>{"mean_days", "median_days"}));
  EXPECT_NE(about.text.find("median"), std::string::npos);
  EXPECT_FALSE(explained("what do we know about the weather?"));
}

TEST_F(Planner, TellsTwoMetricsApart) {
  const auto told =
      outcome_as<ModelAnswer>(run(ask("what's the difference between fines and loans?")));
  EXPECT_EQ(told.metrics, (std::vector<std::string>{"fines", "loans"}));
  // A word that is not understood may ask for figures.
  EXPECT_FALSE(explained("difference between fines and dragons"));
}

TEST_F(Planner, SaysWhenTheWeekStartsAndHowFreshTheDataIs) {
  EXPECT_NE(
      outcome_as<ModelAnswer>(run(ask("which day does the week start on?"))).text.find("Monday"),
      std::string::npos);
  const auto fresh = outcome_as<ModelAnswer>(run(ask("how fresh are the fines?")));
  EXPECT_EQ(fresh.metrics, std::vector<std::string>{"fines"});
  EXPECT_NE(fresh.text.find("20 May 2025"), std::string::npos) << fresh.text;
}

TEST_F(Planner, NarrowsTheLastAnswerToOneMetric) {
  PlanRequest request = ask("just the fines");
  request.previous = PreviousTurn{"", planned("loans and fines by branch in 2024"), ""};
  const auto narrowed = outcome_as<Planned>(run(request));
  EXPECT_EQ(narrowed.query.metrics, std::vector<std::string>{"fines"});
  EXPECT_EQ(narrowed.query.group_by, std::vector<std::string>{"loan__branch"});
}

TEST_F(Planner, TakesBackWhatWasLeftOutAndNothingElse) {
  PlanRequest request = ask("include Castle again");
  request.previous = PreviousTurn{"", planned("loans by genre except Castle"), ""};
  EXPECT_TRUE(outcome_as<Planned>(run(request)).query.where.empty());
  request.previous = PreviousTurn{"", planned("loans by genre"), ""};
  (void)outcome_as<Refuse>(run(request));
}

TEST_F(Planner, DoesNotTakeTheRowsOfAMetricForASplit) { (void)refused("fines per loan by branch"); }

TEST_F(Planner, AsksWhatToMeasureWhereOnlyAValueIsSaid) {
  const auto asked = outcome_as<Clarify>(run(ask("poetry, 2024?")));
  ASSERT_GE(asked.options.size(), 2U);
  for (const auto& option : asked.options) {
    EXPECT_EQ(option.query.metrics.size(), 1U);
    EXPECT_EQ(option.query.where.size(), 1U);
    EXPECT_EQ(option.query.start_time, parse_date("2024-01-01"));
    EXPECT_EQ(planned(option.message), option.query);
  }
}

TEST_F(Planner, DoesNotMindPoliteness) {
  const MetricQuery plain = planned("fines by branch");
  for (const char* question :
       {"fines by branch, if you would be so kind", "Good morning, fines by branch if possible",
        "if you have a minute, fines by branch", "Thank you very much, fines by branch right now"})
    EXPECT_EQ(planned(question), plain) << question;
}

TEST_F(Planner, TakesOneWhereOneIsAskedFor) {
  PlanRequest request = ask("which one is the highest?");
  request.previous = PreviousTurn{"fines by branch", planned("fines by branch"), ""};
  EXPECT_EQ(outcome_as<Planned>(run(request)).query.limit, 1);
}

TEST_F(Planner, ExplainsAMetricHoweverItIsAskedFor) {
  for (const char* question : {"how are fines worked out?", "what is the meaning of fines",
                               "what counts as a fine?", "what is meant by fines?"})
    EXPECT_TRUE(explained(question)) << question;
}

/// Two metrics that people would call the same.
TEST(PlannerOfAlikeLabels, OffersThemByTheirNames) {
  auto project = std::make_shared<ProjectModel>();
  SemanticModel loans;
  loans.name = "loans";
  loans.relation = relation("loans");
  loans.entities = {entity("loan", EntityType::primary)};
  loans.dimensions = {day_dimension("lent_on"), dimension("branch", "Branch")};
  loans.measures = {measure("gross_fines", Aggregation::sum, "fine"),
                    measure("net_fines", Aggregation::sum, "fine - waived")};
  project->semantic_models = {loans};
  project->metrics = {named_metric("gross_fines", "Penalties"),
                      named_metric("net_fines", "Penalties")};
  project->time_spines = {{relation("days"), "date_day", Grain::day, {}}};
  std::vector<ImportProblem> problems;
  const auto vocabulary = Vocabulary::build(ModelIndex::build(project, problems), {});
  const auto asked = outcome_as<Clarify>(plan(*vocabulary, ask("penalties by branch")));
  ASSERT_EQ(asked.options.size(), 2U);
  EXPECT_NE(asked.options[0].label, asked.options[1].label);
  for (const auto& option : asked.options)
    EXPECT_EQ(outcome_as<Planned>(plan(*vocabulary, ask(option.message))).query, option.query);
}

TEST_F(Planner, SaysTheQueryInOneSentence) {
  const std::string said =
      interpret(vocabulary_->index(), planned("fines by branch for crime in 2024"), "");
  EXPECT_NE(said.find("Fines by branch, 1 Jan to 31 Dec 2024"), std::string::npos) << said;
  EXPECT_NE(said.find("crime"), std::string::npos) << said;
}

}  // namespace
}  // namespace loquat::semantic

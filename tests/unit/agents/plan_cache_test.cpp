#include "loquat/agents/plan_cache.hpp"

#include <gtest/gtest.h>

/// What a plan depends on, one thing at a time.
namespace loquat::agents {
namespace {

std::shared_ptr<contracts::ModelSnapshot> parcels() {
  auto project = std::make_shared<contracts::ProjectModel>();
  contracts::SemanticModel model;
  model.name = "parcels";
  model.relation = {"db", "main", "parcels", "\"parcels\""};
  contracts::Entity parcel;
  parcel.name = "parcel";
  parcel.expr = "parcel_id";
  parcel.type = contracts::EntityType::primary;
  model.entities = {parcel};
  contracts::Dimension sent_on;
  sent_on.name = sent_on.expr = "sent_on";
  sent_on.type = contracts::DimensionType::time;
  model.dimensions = {sent_on};
  contracts::Measure measure;
  measure.name = "parcels";
  measure.agg = contracts::Aggregation::count;
  measure.expr = "parcel_id";
  measure.agg_time_dimension = "sent_on";
  model.measures = {measure};
  contracts::Metric metric;
  metric.name = "parcels";
  metric.measure = contracts::MeasureInput{};
  metric.measure->measure = "parcels";
  project->metrics = {metric};
  project->semantic_models = {model};
  project->time_spines = {
      {{"db", "main", "days", "\"days\""}, "date_day", contracts::Grain::day, {}}};
  std::vector<contracts::ImportProblem> problems;
  auto snapshot = std::make_shared<contracts::ModelSnapshot>();
  snapshot->index = semantic::ModelIndex::build(project, problems);
  snapshot->vocabulary = semantic::Vocabulary::build(snapshot->index, {});
  return snapshot;
}

PlanTask task_of(std::shared_ptr<const contracts::ModelSnapshot> model) {
  PlanTask task;
  task.model = std::move(model);
  task.request.question = "parcels by month";
  task.request.today = parse_date("2025-05-20").value();
  return task;
}

class Plans : public testing::Test {
 protected:
  /// Whether a plan made for `first` is used for `second`.
  bool is_shared(const PlanTask& first, const PlanTask& second) {
    PlanCache cache(10, 1U << 20U);
    cache.put(first, cache.key_of(first), perform(first));
    return cache.find(second, cache.key_of(second)).has_value();
  }
  std::shared_ptr<contracts::ModelSnapshot> model_ = parcels();
  PlanTask first_ = task_of(model_);
  PlanTask second_ = task_of(model_);
};

TEST_F(Plans, TheSameQuestionGetsThePlanThatWouldHaveBeenMade) {
  PlanCache cache(10, 1U << 20U);
  cache.put(first_, cache.key_of(first_), perform(first_));
  const auto known = cache.find(second_, cache.key_of(second_));
  ASSERT_TRUE(known && known->compiled);
  const auto made = perform(second_);
  EXPECT_EQ(known->compiled->sql, made.compiled->sql);
  EXPECT_EQ(known->outcome.interpretation, made.outcome.interpretation);
  EXPECT_EQ(known->outcome.confidence, made.outcome.confidence);
}

TEST_F(Plans, AnotherDayIsAnotherPlan) {
  second_.request.today = parse_date("2025-05-21").value();
  EXPECT_FALSE(is_shared(first_, second_));
}

TEST_F(Plans, OtherRowFiltersAreAnotherPlan) {
  first_.options.row_filters = {{"parcel__depot", {"north"}, "", false}};
  second_.options.row_filters = {{"parcel__depot", {"south"}, "", false}};
  EXPECT_FALSE(is_shared(first_, second_));
  EXPECT_FALSE(is_shared(first_, task_of(model_)));
}

TEST_F(Plans, TheRightToSeePersonalDataIsPartOfAPlan) {
  first_.request.may_see_personal_data = true;
  EXPECT_FALSE(is_shared(first_, second_));
}

TEST_F(Plans, AConversationsLastQueryIsPartOfAPlan) {
  second_.request.previous = semantic::PreviousTurn{"parcels", {}, "this year"};
  EXPECT_FALSE(is_shared(first_, second_));
  first_.request.previous = semantic::PreviousTurn{"parcels", {}, "last year"};
  EXPECT_FALSE(is_shared(first_, second_));
  first_.request.previous = second_.request.previous;
  EXPECT_TRUE(is_shared(first_, second_));
}

TEST_F(Plans, WhatOneTenantTaughtIsNotUsedForAnother) {
  auto book = std::make_shared<LearntBook>();
  book->vocabulary = model_->vocabulary;
  first_.learnt = book;
  EXPECT_FALSE(is_shared(first_, second_));
  second_.learnt = std::make_shared<const LearntBook>(*book);
  EXPECT_FALSE(is_shared(first_, second_));
}

TEST_F(Plans, WhoMayKnowOfOtherValuesHasPlansOfHisOwnBesideTheOthers) {
  auto filtered = std::make_shared<contracts::ModelSnapshot>(*model_);
  filtered->vocabulary = semantic::Vocabulary::build(filtered->index, {});
  second_.model = filtered;
  EXPECT_FALSE(is_shared(first_, second_));
  PlanCache cache(10, 1U << 20U);
  cache.put(first_, cache.key_of(first_), perform(first_));
  cache.put(second_, cache.key_of(second_), perform(second_));
  EXPECT_TRUE(cache.find(first_, cache.key_of(first_)));
  EXPECT_TRUE(cache.find(second_, cache.key_of(second_)));
}

TEST_F(Plans, ASyncForgetsThemAll) {
  PlanCache cache(10, 1U << 20U);
  cache.put(first_, cache.key_of(first_), perform(first_));
  const auto synced = task_of(parcels());
  EXPECT_FALSE(cache.find(synced, cache.key_of(synced)));
  EXPECT_EQ(cache.size(), 0U);
}

TEST_F(Plans, ALanguageModelsProposalIsNeverKept) {
  first_.unsure = std::make_shared<const semantic::PlanOutcome>();
  EXPECT_EQ(PlanCache(10, 1U << 20U).key_of(first_), "");
}

}  // namespace
}  // namespace loquat::agents

// long: one small company, and everything that is asked of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "loquat/semantic/model_index.hpp"

namespace loquat::semantic {
namespace {

using namespace contracts;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Dimension time_dimension(const std::string& name) {
  Dimension out;
  out.name = out.expr = name;
  out.type = DimensionType::time;
  return out;
}

Dimension category(const std::string& name, const std::string& expr) {
  Dimension out;
  out.name = name;
  out.expr = expr;
  return out;
}

Measure sum_of(const std::string& name, const std::string& expr) {
  Measure out;
  out.name = name;
  out.expr = expr;
  out.agg_time_dimension = "sold_at";
  return out;
}

Metric simple(const std::string& name, const std::string& measure) {
  Metric out;
  out.name = name;
  out.measure = MeasureInput{};
  out.measure->measure = measure;
  return out;
}

SemanticModel model(const std::string& name) {
  SemanticModel out;
  out.name = name;
  out.relation = {"db", "main", name, "\"db\".\"main\".\"" + name + "\""};
  return out;
}

/// Sales of items to people; items are made by makers, and both people and makers live in a town.
ProjectModel shop() {
  ProjectModel out;
  SemanticModel sales = model("sales");
  sales.entities = {{"sale", EntityType::primary, "sale_id", "", "", {}},
                    {"item", EntityType::foreign, "item_id", "", "", {}},
                    {"person", EntityType::foreign, "person_id", "", "", {}}};
  sales.dimensions = {time_dimension("sold_at"),
                      category("size", "case when amount > 9 then 'big' end")};
  sales.measures = {sum_of("amount", "amount"), sum_of("sales", "1")};
  SemanticModel items = model("items");
  items.entities = {{"item", EntityType::primary, "item_id", "", "", {}},
                    {"maker", EntityType::foreign, "maker_id", "", "", {}}};
  items.dimensions = {category("colour", "colour")};
  SemanticModel people = model("people");
  people.entities = {{"person", EntityType::primary, "person_id", "", "", {}}};
  people.dimensions = {category("name", "name")};
  SemanticModel makers = model("makers");
  makers.entities = {{"maker", EntityType::primary, "maker_id", "", "", {}}};
  makers.dimensions = {category("country", "country")};
  makers.measures = {sum_of("staff", "staff")};
  makers.measures[0].agg_time_dimension.clear();
  out.semantic_models = {sales, items, people, makers};
  out.metrics = {simple("revenue", "amount"), simple("sales", "sales"), simple("staff", "staff")};
  TimeSpine spine;
  spine.relation = {"db", "main", "days", "\"db\".\"main\".\"days\""};
  spine.column = "day";
  out.time_spines = {spine};
  return out;
}

std::shared_ptr<const ModelIndex> index_of(ProjectModel project,
                                           std::vector<ImportProblem>* problems = nullptr) {
  std::vector<ImportProblem> found;
  auto out = ModelIndex::build(std::make_shared<const ProjectModel>(std::move(project)), found);
  if (problems) *problems = found;
  return out;
}

std::string sql_of(const ModelIndex& index, const MetricQuery& query, CompileOptions options = {}) {
  const auto compiled = index.compile(query, options);
  EXPECT_TRUE(compiled.has_value()) << compiled.error().detail;
  return compiled.has_value() ? compiled->sql : "";
}

FieldIssue refusal_of(const ModelIndex& index, const MetricQuery& query) {
  const auto compiled = index.compile(query, {});
  EXPECT_TRUE(compiled.has_error());
  if (compiled.has_value()) return {"", compiled->sql};
  EXPECT_EQ(compiled.error().code, Errc::invalid_request);
  EXPECT_FALSE(compiled.error().fields.empty());
  return compiled.error().fields.front();
}

MetricQuery revenue_where(const std::string& where) {
  MetricQuery query;
  query.metrics = {"revenue"};
  query.where = {where};
  return query;
}

TEST(Compiler, CutsWeeksWhereTheProjectStartsThem) {
  ProjectModel project = shop();
  project.week_starts_on = 7;
  MetricQuery query;
  query.metrics = {"revenue"};
  query.group_by = {"metric_time__week"};
  const auto index = index_of(project);
  EXPECT_THAT(sql_of(*index, query),
              HasSubstr("(DATE_TRUNC('week', sold_at + INTERVAL 1 day) - INTERVAL 1 day)"));
  CompileOptions trino;
  trino.dialect = Dialect::trino;
  EXPECT_THAT(sql_of(*index, query, trino),
              HasSubstr("DATE_ADD('day', -1, DATE_TRUNC('week', DATE_ADD('day', 1, "
                        "sold_at)))"));
  query.group_by = {"metric_time__month"};
  EXPECT_THAT(sql_of(*index, query), HasSubstr("DATE_TRUNC('month', sold_at)"));
}

TEST(Compiler, WritesOneFlatSelectForASimpleMetricOverTwoJoins) {
  MetricQuery query;
  query.metrics = {"revenue"};
  query.group_by = {"metric_time__month", "item__maker__country"};
  query.order_by = {"-revenue"};
  query.limit = 3;
  EXPECT_EQ(sql_of(*index_of(shop()), query),
            "SELECT\n"
            "  DATE_TRUNC('month', sales.sold_at) AS metric_time__month,\n"
            "  item__maker.country AS item__maker__country,\n"
            "  SUM(sales.amount) AS revenue\n"
            "FROM \"db\".\"main\".\"sales\" AS sales\n"
            "LEFT JOIN \"db\".\"main\".\"items\" AS item ON sales.item_id = item.item_id\n"
            "LEFT JOIN \"db\".\"main\".\"makers\" AS item__maker ON item.maker_id = "
            "item__maker.maker_id\n"
            "GROUP BY 1, 2\n"
            "ORDER BY revenue DESC\n"
            "LIMIT 3");
}

TEST(Compiler, QualifiesColumnsInsideExpressionsButNotTheirWords) {
  MetricQuery query;
  query.metrics = {"revenue"};
  query.group_by = {"sale__size", "item__colour"};
  EXPECT_THAT(sql_of(*index_of(shop()), query),
              HasSubstr("case when sales.amount > 9 then 'big' end AS sale__size"));
}

TEST(Compiler, SaysWhereTheNumbersComeFrom) {
  MetricQuery query;
  query.metrics = {"revenue"};
  query.group_by = {"metric_time__month"};
  query.where = {"{{ Dimension('item__colour') }} = 'red'"};
  query.start_time = parse_date("2025-01-10");
  query.end_time = parse_date("2025-02-03");
  const auto compiled = index_of(shop())->compile(query, {});
  ASSERT_TRUE(compiled.has_value());
  EXPECT_THAT(compiled->relations,
              ElementsAre("\"db\".\"main\".\"sales\"", "\"db\".\"main\".\"items\""));
  EXPECT_THAT(compiled->source_columns, Contains("\"db\".\"main\".\"sales\".amount"));
  EXPECT_THAT(compiled->filters, ElementsAre("item.colour = 'red'"));
  EXPECT_EQ(compiled->time_column, "metric_time__month");
  EXPECT_EQ(compiled->range_start, parse_date("2025-01-01"));
  EXPECT_EQ(compiled->range_end, parse_date("2025-02-28"));
  ASSERT_EQ(compiled->columns.size(), 2U);
  EXPECT_EQ(compiled->columns[0].role, ColumnRole::time);
  EXPECT_EQ(compiled->columns[1].name, "revenue");
}

TEST(Compiler, SaysOnRequestHowTheStatementComesAbout) {
  ProjectModel project = shop();
  Metric share;
  share.name = "revenue_per_sale";
  share.type = MetricType::ratio;
  share.numerator = MetricInput{};
  share.numerator->metric = "revenue";
  share.numerator->filters = {"{{ Dimension('sale__size') }} = 'big'"};
  share.denominator = MetricInput{};
  share.denominator->metric = "sales";
  project.metrics.push_back(share);
  ModelNode node;
  node.unique_id = project.semantic_models[1].model_unique_id = "model.shop.items";
  node.tests = {{"test.unique", "unique", "item_id", TestState::failed, {}}};
  project.nodes[node.unique_id] = node;
  const auto index = index_of(project);
  MetricQuery query;
  query.metrics = {"revenue_per_sale"};
  query.group_by = {"item__maker__country", "metric_time__month"};
  query.where = {"{{ Dimension('person__name') }} <> 'Ada'"};
  query.start_time = Date{std::chrono::year(2025), std::chrono::month(1), std::chrono::day(1)};
  EXPECT_EQ(index->compile(query, {})->plan, nullptr);
  CompileOptions options;
  options.with_plan = true;
  options.row_filters = {{"person__name", {"Bob"}, "", false}};
  const auto compiled = index->compile(query, options);
  ASSERT_TRUE(compiled) << compiled.error().detail;
  ASSERT_NE(compiled->plan, nullptr);
  const QueryPlan& plan = *compiled->plan;
  ASSERT_EQ(plan.metrics.size(), 3U);
  EXPECT_EQ(plan.metrics[0].formula, "sum(amount)");
  EXPECT_EQ(plan.metrics[2].formula, "revenue / sales");
  EXPECT_THAT(plan.metrics[2].inputs, Contains(HasSubstr("'big'")));
  EXPECT_EQ(plan.grain, "month");
  EXPECT_EQ(plan.range, "from 2025-01-01");
  EXPECT_THAT(plan.row_filters, ElementsAre("person__name"));
  ASSERT_EQ(plan.reads.size(), 2U);
  for (const auto& read : plan.reads) {
    EXPECT_EQ(read.semantic_model, "sales");
    EXPECT_THAT(read.row_filters, ElementsAre(HasSubstr("'Bob'")));
    EXPECT_THAT(read.filters, Contains(HasSubstr("'Ada'")));
    EXPECT_THAT(read.range, HasSubstr("2025-01-01"));
    // What is named is what stands in the statement.
    for (const auto& sql : read.filters) EXPECT_THAT(compiled->sql, HasSubstr(sql));
  }
  const auto to_items = std::ranges::find(plan.joins, std::string("items"), &QueryPlan::Join::to);
  ASSERT_NE(to_items, plan.joins.end());
  EXPECT_EQ(to_items->from, "sales");
  EXPECT_EQ(to_items->entity, "item");
  EXPECT_EQ(to_items->cardinality, "many to one");
  EXPECT_THAT(to_items->on, ElementsAre("sales.item_id = item.item_id"));
  EXPECT_THAT(to_items->why_safe, HasSubstr("FAILED"));
  EXPECT_EQ(plan.stages.back().name, "result");
  for (const auto& stage : plan.stages)
    if (stage.name != "result") EXPECT_THAT(compiled->sql, HasSubstr(stage.name));
  EXPECT_THAT(plan.text, HasSubstr("join sales -> items by item"));
  EXPECT_THAT(plan.text, HasSubstr("row filters in force: person__name"));
}

TEST(Compiler, GuardsTheNumberOfRowsAndReadsOneMoreToSeeTruncation) {
  MetricQuery query;
  query.metrics = {"revenue"};
  query.group_by = {"item"};
  CompileOptions options;
  options.row_limit_max = 100;
  const auto index = index_of(shop());
  EXPECT_THAT(sql_of(*index, query, options), HasSubstr("LIMIT 101"));
  query.limit = 5000;
  EXPECT_THAT(sql_of(*index, query, options), HasSubstr("LIMIT 101"));
  query.limit = 7;
  EXPECT_THAT(sql_of(*index, query, options), HasSubstr("LIMIT 7"));
}

TEST(Compiler, RefusesWhatWouldCountRowsMoreThanOnce) {
  MetricQuery query;
  query.metrics = {"staff"};
  query.group_by = {"item__colour"};
  const FieldIssue issue = refusal_of(*index_of(shop()), query);
  EXPECT_EQ(issue.pointer, "/group_by/0");
  EXPECT_THAT(issue.message, StartsWith("unreachable_group_by: "));
  EXPECT_THAT(issue.message, HasSubstr("maker__country"));
}

TEST(Compiler, RefusesAnAmbiguousPathAndNamesTheChoices) {
  ProjectModel project = shop();
  SemanticModel loyalty = model("loyalty");
  loyalty.entities = {{"person", EntityType::unique, "member_id", "", "", {}}};
  loyalty.primary_entity = "membership";
  loyalty.dimensions = {category("name", "card_name")};
  project.semantic_models.push_back(loyalty);
  MetricQuery query;
  query.metrics = {"revenue"};
  query.group_by = {"person__name"};
  const FieldIssue issue = refusal_of(*index_of(project), query);
  EXPECT_THAT(issue.message, StartsWith("ambiguous_path: "));
  EXPECT_THAT(issue.message, HasSubstr("people"));
  EXPECT_THAT(issue.message, HasSubstr("loyalty"));
}

TEST(Compiler, ReportsEveryWrongMetricOfAQuery) {
  MetricQuery query;
  query.metrics = {"revenu", "sale"};
  const auto compiled = index_of(shop())->compile(query, {});
  ASSERT_TRUE(compiled.has_error());
  ASSERT_EQ(compiled.error().fields.size(), 2U);
  EXPECT_EQ(compiled.error().fields[1].pointer, "/metrics/1");
  EXPECT_THAT(compiled.error().fields[0].message, HasSubstr("near are revenue"));
}

TEST(Compiler, RefusesMetricTimeOfAMetricWithoutTime) {
  MetricQuery query;
  query.metrics = {"staff"};
  query.group_by = {"metric_time__month"};
  EXPECT_THAT(refusal_of(*index_of(shop()), query).message, StartsWith("unreachable_group_by: "));
  query.group_by.clear();
  query.start_time = parse_date("2025-01-01");
  EXPECT_THAT(refusal_of(*index_of(shop()), query).message, StartsWith("needs_metric_time: "));
}

class HostileFilters : public testing::TestWithParam<const char*> {};

TEST_P(HostileFilters, AreRefused) {
  const FieldIssue issue = refusal_of(*index_of(shop()), revenue_where(GetParam()));
  EXPECT_EQ(issue.pointer, "/where/0");
  EXPECT_THAT(issue.message, StartsWith("bad_filter_"));
}

INSTANTIATE_TEST_SUITE_P(
    Injections, HostileFilters,
    testing::Values("1 = 1; DROP TABLE sales", "1 = 1 -- and nothing else", "1 = 1 /* x */",
                    "{{ Dimension('item__colour') }} IN (SELECT name FROM people)",
                    "EXISTS (TABLE people)", "read_csv('/etc/passwd') IS NOT NULL",
                    "getenv('HOME') = 'x'", "password = 'x'", "\"password\" = 'x'",
                    "sales.amount > 1", "1 = 1) OR (1 = 1", "(1 = 1", "'open",
                    "{{ Dimension('item__colour') } = 'x'", "{{ Dimension('item__colour' }} = 'x'",
                    "{{ Dimension('item__colour').execute('x') }} = 'x'",
                    "{{ config('item__colour') }} = 'x'", "{% raw %}1 = 1", "$1 = 1",
                    "{{ Dimension(\"item__colour\") }} = 'a' UNION ALL SELECT 1",
                    "1 = 1 WINDOW w AS ()", "row_number() OVER () = 1"));

class FriendlyFilters : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(FriendlyFilters, AreRendered) {
  EXPECT_THAT(sql_of(*index_of(shop()), revenue_where(GetParam().first)),
              HasSubstr(GetParam().second));
}

INSTANTIATE_TEST_SUITE_P(
    Expressions, FriendlyFilters,
    testing::Values(
        std::pair{"{{Dimension(\"item__colour\")}}='it''s; -- red'", "item.colour='it''s; -- red'"},
        std::pair{"LOWER({{ Dimension('maker__country', entity_path=['item']) }}) LIKE 'd%'",
                  "LOWER(item__maker.country) LIKE 'd%'"},
        std::pair{"{{ TimeDimension('metric_time', 'MONTH') }} >= '2025-01-01'",
                  "DATE_TRUNC('month', sold_at) >= '2025-01-01'"},
        std::pair{"{{ Dimension('metric_time').grain('week') }} = '2025-01-06'",
                  "DATE_TRUNC('week', sold_at) = '2025-01-06'"},
        std::pair{"{{ Entity('item') }} = 4 OR {{ Entity('person') }} = 5",
                  "WHERE (item_id = 4 OR person_id = 5)"},
        std::pair{"{{ Dimension('sale__size') }} IS NOT DISTINCT FROM 'big'",
                  "(case when amount > 9 then 'big' end) IS NOT DISTINCT FROM 'big'"},
        std::pair{"CAST({{ Dimension('sale__size') }} AS VARCHAR) = 'big'", "AS VARCHAR) = 'big'"},
        std::pair{"EXTRACT(year FROM {{ TimeDimension('metric_time', 'day') }}) = 2025",
                  "EXTRACT(year FROM DATE_TRUNC('day', sold_at)) = 2025"}));

TEST(Compiler, WritesTimeLiteralsAndIntervalsAsTrinoReadsThem) {
  ProjectModel project = shop();
  Metric growth;
  growth.name = "growth";
  growth.type = MetricType::derived;
  growth.expr = "revenue - before";
  growth.inputs.resize(2);
  growth.inputs[0].metric = growth.inputs[1].metric = "revenue";
  growth.inputs[1].alias = "before";
  growth.inputs[1].offset_window = TimeWindow{1, "month"};
  project.metrics.push_back(growth);
  MetricQuery query;
  query.metrics = {"growth"};
  query.group_by = {"metric_time__month"};
  query.where = {"{{ TimeDimension('sale__sold_at', 'day') }} >= '2025-01-01'"};
  CompileOptions options;
  options.dialect = Dialect::trino;
  const std::string sql = sql_of(*index_of(project), query, options);
  EXPECT_THAT(sql, HasSubstr(">= TIMESTAMP '2025-01-01'"));
  EXPECT_THAT(sql, HasSubstr("DATE_ADD('month', -1, "));
  EXPECT_THAT(sql, Not(HasSubstr("INTERVAL")));
}

TEST(Compiler, KeepsGroupsOfBothModelsAndPutsNullGroupsTogether) {
  ProjectModel project = shop();
  project.semantic_models[3].entities.push_back(
      {"person", EntityType::foreign, "owner_id", "", "", {}});
  MetricQuery query;
  query.metrics = {"revenue", "staff"};
  query.group_by = {"person"};
  const std::string sql = sql_of(*index_of(project), query);
  EXPECT_THAT(sql, HasSubstr("FULL OUTER JOIN makers_totals USING (person)\nGROUP BY 1"));
  EXPECT_THAT(sql, HasSubstr("MAX(sales_totals.revenue) AS revenue"));
}

TEST(Compiler, RefusesTransformsOfColumnsThatAreNotThere) {
  MetricQuery query;
  query.metrics = {"revenue"};
  query.group_by = {"item"};
  query.shares.push_back({"profit", "profit_share", {}});
  EXPECT_EQ(refusal_of(*index_of(shop()), query).pointer, "/shares/0/metric");
  query.shares = {{"revenue", "item", {}}};
  EXPECT_EQ(refusal_of(*index_of(shop()), query).pointer, "/shares/0/as");
  query.shares.clear();
  query.having.push_back({"revenue", "> 1 OR", 1});
  EXPECT_EQ(refusal_of(*index_of(shop()), query).pointer, "/having/0/op");
  query.having.clear();
  query.comparison = MetricQuery::Comparison{};
  EXPECT_EQ(refusal_of(*index_of(shop()), query).pointer, "/comparison");
}

TEST(Compiler, QuotesNamesThatTheQueryBrings) {
  MetricQuery query;
  query.metrics = {"revenue"};
  query.group_by = {"item"};
  query.shares.push_back({"revenue", "share\" FROM x; --", {}});
  EXPECT_THAT(sql_of(*index_of(shop()), query), HasSubstr("AS \"share\"\" FROM x; --\""));
}

TEST(ModelIndex, LeavesOutBrokenMetricsAndWhatIsBuiltOnThem) {
  ProjectModel project = shop();
  project.metrics.push_back(simple("ghost", "no_such_measure"));
  Metric on_ghost;
  on_ghost.name = "on_ghost";
  on_ghost.type = MetricType::ratio;
  on_ghost.numerator = MetricInput{"ghost", {}, "", {}, ""};
  on_ghost.denominator = MetricInput{"revenue", {}, "", {}, ""};
  project.metrics.push_back(on_ghost);
  Metric broken = simple("broken", "amount");
  broken.filters = {"{{ Dimension('item__colour') } = 1"};
  project.metrics.push_back(broken);
  Metric round = on_ghost;
  round.name = round.numerator->metric = "round";
  project.metrics.push_back(round);
  std::vector<ImportProblem> problems;
  const auto index = index_of(project, &problems);
  EXPECT_EQ(problems.size(), 4U);
  for (const auto* name : {"ghost", "on_ghost", "broken", "round"})
    EXPECT_EQ(index->metric(name), nullptr) << name;
  EXPECT_NE(index->metric("REVENUE"), nullptr);
  EXPECT_THAT(problems[0].pointer, StartsWith("/metrics/"));
}

TEST(ModelIndex, ListsWhatMetricsShare) {
  const auto index = index_of(shop());
  const std::vector<std::string> metrics{"revenue"};
  const auto dimensions = index->dimensions_for(metrics);
  ASSERT_TRUE(dimensions.has_value());
  EXPECT_EQ(dimensions->front().name, "metric_time");
  std::vector<std::string> names;
  for (const auto& info : *dimensions) names.push_back(info.name);
  EXPECT_THAT(names, Contains("item__maker__country"));
  const std::vector<std::string> country{"maker__country"};
  EXPECT_THAT(index->metrics_for(country), ElementsAre("staff"));
  const std::vector<std::string> unknown{"nothing"};
  EXPECT_TRUE(index->dimensions_for(unknown).has_error());
}

TEST(ModelIndex, ListsBehindHundredsOfModelsOfOneEntityOnlyWhatOneOfThemHolds) {
  ProjectModel project = shop();
  for (int i = 0; i < 300; ++i) {
    SemanticModel more = model("items_" + std::to_string(i));
    more.entities = {{"item", EntityType::primary, "item_id", "", "", {}},
                     {"maker", EntityType::foreign, "maker_id", "", "", {}}};
    more.dimensions = {category("colour", "colour"), category("own_" + std::to_string(i), "own")};
    project.semantic_models.push_back(std::move(more));
  }
  const auto index = index_of(project);
  const std::vector<std::string> metrics{"revenue"};
  const auto dimensions = index->dimensions_for(metrics);
  ASSERT_TRUE(dimensions.has_value());
  std::vector<std::string> names;
  for (const auto& info : *dimensions) names.push_back(info.name);
  EXPECT_THAT(names, Contains("item__own_0"));
  EXPECT_THAT(names, Contains("item__own_299"));
  for (const auto* ambiguous : {"item__colour", "item__maker", "item__maker__country"}) {
    EXPECT_THAT(names, Not(Contains(ambiguous)));
    const std::vector<std::string> one{ambiguous};
    EXPECT_THAT(index->metrics_for(one), Not(Contains("revenue")));
  }
}

TEST(DimensionValues, EscapesWhatIsSearchedFor) {
  DimensionInfo info;
  info.relation = "\"db\".\"main\".\"items\"";
  info.expr = "colour";
  const std::string sql = dimension_values_sql(info, "Re'd", 10, Dialect::duckdb);
  EXPECT_THAT(sql, HasSubstr("'re''d'"));
  EXPECT_THAT(sql, HasSubstr("LIMIT 10"));
}

}  // namespace
}  // namespace loquat::semantic

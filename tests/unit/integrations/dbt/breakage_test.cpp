#include "breakage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loquat/dbt/reader.hpp"

namespace loquat::dbt {
namespace {

using testing::HasSubstr;

std::shared_ptr<const semantic::ModelIndex> index_of(const std::string& dimension) {
  Artifacts artifacts;
  artifacts.manifest =
      R"({"metadata":{"dbt_schema_version":"https://schemas.getdbt.com/dbt/manifest/v12.json"},
  "semantic_models":[{"name":"wards","node_relation":{"alias":"wards","schema_name":"s"},
    "entities":[{"name":"ward","type":"primary"}],
    "dimensions":[{"name":")" +
      dimension + R"(","type":"categorical"}],
    "measures":[{"name":"beds","agg":"sum"}]}],
  "metrics":[{"name":"beds","type":"simple","type_params":{"measure":{"name":"beds"}}}]})";
  auto project = read_project(artifacts, WallTime{});
  EXPECT_TRUE(project.has_value());
  std::vector<contracts::ImportProblem> problems;
  return semantic::ModelIndex::build(
      std::make_shared<const contracts::ProjectModel>(std::move(*project)), problems);
}

contracts::KnownQuery stored(std::string id, std::string metric, std::string group_by) {
  contracts::KnownQuery out;
  out.tenant_id = "north";
  out.kind = "verified_answer";
  out.id = std::move(id);
  out.query.metrics = {std::move(metric)};
  out.query.group_by = {std::move(group_by)};
  return out;
}

TEST(Breakage, NamesTheStoredQueriesThatTheNewModelCannotAnswer) {
  const auto before = index_of("floor");
  const auto after = index_of("storey");
  const std::vector<contracts::KnownQuery> known{stored("a", "beds", "ward__floor"),
                                                 stored("b", "beds", "ward"),
                                                 stored("c", "nurses", "ward")};
  const auto broken = find_broken(known, before.get(), *after, semantic::Dialect::duckdb);
  ASSERT_EQ(broken.size(), 2U);
  EXPECT_EQ(broken[0].id, "a");
  EXPECT_TRUE(broken[0].is_new);
  EXPECT_THAT(broken[0].reason, HasSubstr("floor"));
  EXPECT_EQ(broken[1].id, "c");
  EXPECT_FALSE(broken[1].is_new);
}

TEST(Breakage, FindsNoneWhereTheModelIsTheSame) {
  const auto model = index_of("floor");
  EXPECT_TRUE(find_broken({stored("a", "beds", "ward__floor")}, model.get(), *model,
                          semantic::Dialect::trino)
                  .empty());
}

}  // namespace
}  // namespace loquat::dbt

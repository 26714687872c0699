#include "diff.hpp"

#include <gtest/gtest.h>

namespace loquat::dbt {
namespace {

contracts::ProjectModel project() {
  contracts::ProjectModel model;
  contracts::Metric beds;
  beds.name = "beds";
  beds.measure =
      contracts::MeasureInput{.measure = "beds", .filters = {}, .alias = {}, .fill_nulls_with = {}};
  model.metrics.push_back(beds);
  contracts::SemanticModel wards;
  wards.name = "wards";
  contracts::Dimension floor;
  floor.name = "floor";
  floor.expr = "floor";
  wards.dimensions.push_back(floor);
  model.semantic_models.push_back(wards);
  return model;
}

TEST(Diff, IsEmptyForTheSameModel) {
  const auto a = project();
  EXPECT_TRUE(diff_models(&a, project()).empty());
}

TEST(Diff, EverythingIsNewAtFirst) {
  const auto diff = diff_models(nullptr, project());
  EXPECT_EQ(diff.added, (std::vector<std::string>{"dimension wards.floor", "metric beds",
                                                  "semantic_model wards"}));
}

TEST(Diff, TellsChangedAddedAndRemovedApart) {
  const auto before = project();
  auto after = project();
  after.metrics[0].measure->filters = {"{{ Dimension('ward__floor') }} > 1"};
  after.semantic_models[0].dimensions[0].name = "storey";
  const auto diff = diff_models(&before, after);
  EXPECT_EQ(diff.changed, std::vector<std::string>{"metric beds"});
  EXPECT_EQ(diff.added, std::vector<std::string>{"dimension wards.storey"});
  EXPECT_EQ(diff.removed, std::vector<std::string>{"dimension wards.floor"});
}

}  // namespace
}  // namespace loquat::dbt

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "cases.hpp"

/// What goes beyond MetricFlow (comparisons, shares, gaps, deep joins…) against SQL written by
/// hand.
namespace loquat::golden {
namespace {

TEST(OwnQueries, GiveTheRowsOfHandWrittenSql) {
  const auto index = index_of("target", false);
  Database database(warehouse_path());
  ASSERT_EQ(database.run("USE orchard.main").error, "");
  const char* only = std::getenv("LOQUAT_GOLDEN");
  for (const Json& one : data_file("own_cases.json").at("queries").get<std::vector<Json>>()) {
    const std::string id = one.at("id");
    if (only && id != only) continue;
    const auto compiled = index->compile(query_of(one.at("args")), {});
    ASSERT_TRUE(compiled.has_value()) << id << ": " << compiled.error().detail;
    if (only) std::cout << compiled->sql << "\n";
    const Answer wanted = database.run(one.at("sql"));
    EXPECT_EQ(wanted.error, "") << id;
    EXPECT_EQ(compare(wanted.columns, wanted.rows, one.value("ordered", false),
                      database.run(compiled->sql)),
              "")
        << id << "\n"
        << compiled->sql;
  }
}

}  // namespace
}  // namespace loquat::golden

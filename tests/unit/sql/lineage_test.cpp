#include "loquat/sql/lineage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loquat/sql/parser.hpp"

namespace loquat::sql {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Lineage trace(std::string_view sql) {
  static const Parser parser;
  static const Schema schema = [] {
    Schema made;
    made.add("shop.main.orders", {"id", "customer_id", "total", "status", "placed_at"});
    made.add("shop.main.customers", {"id", "name", "region"});
    return made;
  }();
  const auto statement = parser.parse_writing(sql, Dialect::duckdb);
  EXPECT_TRUE(statement) << sql;
  return statement ? trace_columns(*statement, schema) : Lineage{};
}
LineageInput input(std::string table, std::string column, Influence influence) {
  return {"shop.main." + std::move(table), std::move(column), influence};
}

TEST(Lineage, TellsValuesFromWhatDecidesAboutRows) {
  const Lineage lineage = trace(
      "select c.region, sum(o.total) as revenue from main.orders o join main.customers c "
      "on o.customer_id = c.id where o.status = 'paid' group by 1 having count(*) > 1 order by 2");
  ASSERT_EQ(lineage.outputs.size(), 2U);
  EXPECT_THAT(lineage.outputs[0].inputs,
              ElementsAre(input("customers", "region", Influence::identity)));
  EXPECT_THAT(lineage.outputs[1].inputs,
              ElementsAre(input("orders", "total", Influence::aggregation)));
  EXPECT_THAT(lineage.influences, Contains(input("orders", "status", Influence::filter)));
  EXPECT_THAT(lineage.influences, Contains(input("customers", "id", Influence::join)));
  EXPECT_THAT(lineage.influences, Contains(input("customers", "region", Influence::group_by)));
  EXPECT_THAT(lineage.influences, Contains(input("orders", "total", Influence::sort)));
  ASSERT_EQ(lineage.sources.size(), 2U);
  const LineageSource& orders = lineage.sources[1];
  EXPECT_EQ(orders.table, "shop.main.orders");
  EXPECT_THAT(orders.columns_read, ElementsAre("customer_id", "status", "total"));
  EXPECT_THAT(orders.filter_columns, ElementsAre("status"));
  EXPECT_THAT(orders.join_columns, ElementsAre("customer_id"));
}

TEST(Lineage, FollowsNoMoreColumnsThanCanBeShown) {
  std::string sql = "with c0 as (select id a, total b, status c from orders)";
  for (int i = 1; i <= 30; ++i) {
    const std::string before = "c" + std::to_string(i - 1);
    sql +=
        ", c" + std::to_string(i) + " as (select x.*, y.* from " + before + " x, " + before + " y)";
  }
  const Lineage lineage = trace(sql + " select * from c30");
  EXPECT_LE(lineage.outputs.size(), 10'000U);
  EXPECT_THAT(lineage.unresolved, Contains(HasSubstr("More columns")));
}

TEST(Lineage, NamesEachStep) {
  const Lineage lineage = trace("select sum(total) as revenue from orders limit 3");
  EXPECT_EQ(lineage.steps[0].type, "aggregate");
  EXPECT_EQ(lineage.steps[0].function, "sum");
  EXPECT_EQ(lineage.steps[0].input_column, "shop.main.orders.total");
  EXPECT_EQ(lineage.steps[0].output_alias, "revenue");
  EXPECT_EQ(lineage.steps.back().type, "limit");
}

TEST(Lineage, SaysWhatItCannotFollow) {
  EXPECT_THAT(trace("select nothing from orders").unresolved, ElementsAre(HasSubstr("nothing")));
  EXPECT_THAT(trace("select * from elsewhere").unresolved, ElementsAre(HasSubstr("schema")));
  EXPECT_THAT(trace("select a from x join y on true").unresolved, ElementsAre(HasSubstr("a")));
  EXPECT_THAT(trace("select columns('o.*') from orders").unresolved,
              Contains(HasSubstr("COLUMNS")));
}

TEST(Lineage, TakesAnUnknownTableAtItsWord) {
  const Lineage lineage = trace("select x.a + 1 as b from far.x where c > 2");
  EXPECT_THAT(lineage.outputs[0].inputs,
              ElementsAre(LineageInput{"far.x", "a", Influence::transformation}));
  EXPECT_THAT(lineage.sources[0].filter_columns, ElementsAre("c"));
  EXPECT_THAT(lineage.unresolved, IsEmpty());
}

TEST(Lineage, FollowsUnpivotAndSubqueriesInJoins) {
  const Lineage lineage = trace(
      "select n, v from (unpivot (select id, total from orders) on total into name n value v) "
      "join (select id from customers where region = 'x') c using (id)");
  EXPECT_THAT(lineage.outputs[0].inputs, IsEmpty());
  EXPECT_THAT(lineage.outputs[1].inputs,
              ElementsAre(input("orders", "total", Influence::identity)));
  EXPECT_THAT(lineage.influences, Contains(input("customers", "region", Influence::filter)));
}

TEST(Lineage, StopsAtItsBound) {
  std::string sql = "with a0 as (select id as c from orders)";
  for (int i = 1; i < 60; ++i)
    sql += ", a" + std::to_string(i) + " as (select x.c from a" + std::to_string(i - 1) +
           " x join a" + std::to_string(i - 1) + " y on x.c = y.c)";
  const Lineage lineage = trace(sql + " select c from a59");
  EXPECT_THAT(lineage.outputs[0].inputs, ElementsAre(input("orders", "id", Influence::identity)));
  EXPECT_LE(lineage.steps.size(), 200U);
}

}  // namespace
}  // namespace loquat::sql

#include "loquat/sql/guard.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace loquat::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Parser& parser() {
  static const Parser made;
  return made;
}
bool may_run(std::string_view sql, Dialect dialect = Dialect::duckdb) {
  const auto statement = parser().parse(sql, dialect);
  return statement.has_value() && examine(*statement, dialect, parser()).problems.empty();
}

TEST(Parse, SaysOfAWriteThatOnlyReadingIsAllowedAndOfATypoWhereItStands) {
  for (const char* write : {"delete from t", "drop table t", "insert into t values (1)"})
    EXPECT_THAT(parser().parse(write, Dialect::duckdb).error().detail,
                ::testing::StartsWith("Only one statement that reads is allowed"))
        << write;
  EXPECT_THAT(parser().parse("selec 1", Dialect::duckdb).error().detail,
              ::testing::AllOf(::testing::StartsWith("The SQL cannot be read: "),
                               ::testing::HasSubstr("selec")));
}

class Refuses : public ::testing::TestWithParam<const char*> {};

TEST_P(Refuses, InDuckDb) { EXPECT_FALSE(may_run(GetParam())) << GetParam(); }
TEST_P(Refuses, InTrino) { EXPECT_FALSE(may_run(GetParam(), Dialect::trino)) << GetParam(); }

INSTANTIATE_TEST_SUITE_P(
    WhatIsNoSelect, Refuses,
    ::testing::Values("", "select 1; select 2", "select 1; drop table t", "drop table t",
                      "insert into t values (1)", "update t set a = 1", "delete from t",
                      "create table t as select 1", "copy t to 'x.csv'", "copy t from 'x.csv'",
                      "attach 'x.db'", "pragma database_list", "set memory_limit = '1GB'",
                      "reset memory_limit", "call pragma_version()", "install httpfs", "load json",
                      "export database 'x'", "explain select 1", "describe t", "show tables",
                      "summarize t", "from (describe t)", "begin", "checkpoint", "use x",
                      "prepare p as select 1", "vacuum", "select 1 where $1", "selec 1"));
INSTANTIATE_TEST_SUITE_P(
    FilesAndSettingsWhereverTheyStand, Refuses,
    ::testing::Values(
        "select * from read_csv('/etc/passwd')", "select * from '/etc/passwd'",
        "select * from 'data.parquet'", "select * from \"https://x/y.csv\"",
        "select * from read_text('x')", "select * from read_blob('x')", "select * from glob('*')",
        "select * from query('select 1')", "select * from query_table('t')",
        "select * from duckdb_settings()", "select * from pragma_database_list()",
        "select * from sniff_csv('x')", "select * from parquet_metadata('x')",
        "select getenv('HOME')", "select current_setting('memory_limit')",
        "select getvariable('x')", "select nextval('s')", "select pg_sleep(10)",
        "select sleep_ms(1000)", "select write_log('x')",
        "select (select max(c) from read_csv('x') r(c))",
        "select 1 where exists (select 1 from read_csv('x'))",
        "with a as (select * from read_csv('x')) select 1",
        "select * from t where a in (select getenv(b) from u)",
        "select sum(getenv('x')) filter (where a) over (partition by b) from t",
        "select sum(a) over (order by getenv('x')) from t",
        "select sum(a) filter (where getenv('x') = 'y') from t",
        "select case when getenv('x') = 'y' then 1 end", "select a from t group by getenv('x')",
        "select a from t order by getenv('x')",
        "select a from t limit (select length(getenv('x')))",
        "select distinct on (getenv('x')) a from t",
        "select list_transform([1], lambda x: getenv('y'))",
        "select * replace (getenv('x') as a) from t", "select a from t having getenv('x') = 'y'",
        "select a from t join u on getenv('x') = 'y'", "values (getenv('x'))",
        "select * from (pivot t on getenv('x') in ('a') using sum(b))",
        "select * from t, lateral (select getenv('x'))", "select * from unnest([getenv('x')])",
        "select 1 union all select length(getenv('x'))", "select main.getenv('x')",
        "select system.main.getenv('x')", "select try_cast(getenv('x') as int)",
        "select a from t qualify row_number() over (order by getenv('x')) = 1",
        "select * from information_schema.tables", "select * from pg_catalog.pg_tables",
        "select * from duckdb_tables", "select * from sqlite_master",
        "select * from system.information_schema.tables"));

TEST(Guard, RefusesFunctionsThatTheEngineDoesNotHave) {
  EXPECT_FALSE(may_run("select made_up(1)"));
  EXPECT_TRUE(may_run("select approx_percentile(a, 0.5) from t", Dialect::trino));
}

TEST(Guard, LetsAnalyticalSelectsPass) {
  for (const char* sql :
       {"select 1", "from t", "values (1)", "table t",
        "with a as (select date_trunc('month', b) m, sum(c) filter (where d > 1) s from x.y.t "
        "group by all) select m, s / nullif(lag(s) over (order by m), 0) - 1, round(s, 2) from a "
        "order by 1 limit 5",
        "select cast(a as varchar) || 'x', extract(year from b), coalesce(a, 'y') from t "
        "left join u using (id) where a like '%x' and b between date '2024-01-01' and current_date",
        "select * from generate_series(1, 3) g(n) cross join unnest([1, 2]) u(m)",
        "select median(a), count(distinct b), quantile_cont(c, 0.9), arg_max(d, e) from t",
        "select case when a then 1 else 2 end, struct_pack(x := 1), {'a': 1}, [1, 2], b ->> 'c', "
        "row_number() over w, strftime(d, '%Y'), if(a, 1, 2), ifnull(a, 1), greatest(1, 2), "
        "try_cast(a as int), a is not null, interval 1 day + d, datediff('day', d, e) from t "
        "window w as (partition by a order by b)",
        "select a from t where b in (select b from u) except select 1;"})
    EXPECT_TRUE(may_run(sql)) << sql;
}

/// `level` common tables, each of which names the one before it twice.
std::string doubling(int levels, const std::string& first, const std::string& next) {
  std::string sql = "with c0 as (" + first + ")";
  for (int i = 1; i <= levels; ++i) {
    std::string one = next;
    for (auto at = one.find('?'); at != one.npos; at = one.find('?'))
      one.replace(at, 1, "c" + std::to_string(i - 1));
    sql += ", c" + std::to_string(i) + " as (" + one + ")";
  }
  return sql + " select * from c" + std::to_string(levels);
}

TEST(Guard, RefusesWhatDoublesItselfWithEachLine) {
  const auto problems = [](const std::string& sql) {
    const auto statement = parser().parse(sql, Dialect::duckdb);
    return statement ? examine(*statement, Dialect::duckdb, parser()).problems
                     : std::vector<std::string>{"not parsed"};
  };
  using ::testing::Contains;
  using ::testing::HasSubstr;
  const std::string one = "select x from orders";
  EXPECT_THAT(problems(doubling(25, one, "select a.x from ? a join ? b on a.x = b.x")),
              Contains(HasSubstr("1000 relations")));
  EXPECT_THAT(problems(doubling(25, one, "select x from ? where x in (select x from ?)")),
              Contains(HasSubstr("1000 relations")));
  EXPECT_THAT(problems(doubling(25, one, "select x from ? union all select x from ?")),
              Contains(HasSubstr("1000 relations")));
  EXPECT_THAT(problems(doubling(9, "select * from orders", "select a.*, b.* from ? a, ? b")),
              Contains(HasSubstr("10000 columns")));
  EXPECT_THAT(problems(doubling(9, "select * from orders", "select min(columns(*)) from ? a, ? b")),
              Contains(HasSubstr("10000 columns")));
  EXPECT_THAT(problems(doubling(6, one, "select a.x from ? a join ? b on a.x = b.x")), IsEmpty());
  EXPECT_THAT(problems("select * from a, b, c, d, e, f, g, h"), IsEmpty());
}

TEST(Guard, NamesTablesButNotCommonTables) {
  const auto statement = parser().parse(
      "with orders as (select * from main.orders), b as (select * from orders) "
      "select * from b join c.d.e on (select count(*) from f) > 1",
      Dialect::duckdb);
  ASSERT_TRUE(statement.has_value());
  const Findings found = examine(*statement, Dialect::duckdb, parser());
  EXPECT_THAT(found.tables, ElementsAre("c.d.e", "f", "main.orders"));
  EXPECT_THAT(found.problems, IsEmpty());
}

TEST(Parser, FingerprintsAreEqualWhenOnlyLiteralsDiffer) {
  const auto print = [](std::string_view sql) {
    return parser().parse(sql, Dialect::duckdb)->fingerprint;
  };
  EXPECT_EQ(print("select a from t where b = 1 and c in (1, 2)"),
            print("SELECT a\nFROM t WHERE b = 27 AND c IN (3, 4, 5)"));
  EXPECT_EQ(print("select 'alice'"), print("select 'bob'"));
  EXPECT_NE(print("select a from t"), print("select b from t"));
  EXPECT_EQ(print("select 1").size(), 64U);
}

TEST(Parser, RefusesWhatIsTooLongOrTooDeepOrNoText) {
  EXPECT_EQ(parser().parse(std::string(70'000, ' '), Dialect::duckdb).error().code,
            Errc::unsupported_sql);
  EXPECT_FALSE(parser().parse(std::string("select 1\0", 9), Dialect::duckdb).has_value());
  EXPECT_FALSE(parser().parse("select '\xff'", Dialect::duckdb).has_value());
  std::string deep = "select ";
  for (int i = 0; i < 600; ++i) deep += "abs(";
  deep += "1" + std::string(600, ')');
  EXPECT_FALSE(parser().parse(deep, Dialect::duckdb).has_value());
}

}  // namespace
}  // namespace loquat::sql

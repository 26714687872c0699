#include <duckdb.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "component/engine/rig.hpp"
#include "loquat/engine/engine.hpp"
#include "loquat/sql/parser.hpp"

namespace loquat::engine {
namespace {

using contracts::Cell;
using contracts::ColumnType;
using contracts::ResultSet;
using ::testing::HasSubstr;
using ::testing::Not;

/// A database file of a few tables that goes with the test.
class TemporaryDatabase {
 public:
  TemporaryDatabase() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "loquat-engine-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    duckdb_database database = nullptr;
    duckdb_connection connection = nullptr;
    duckdb_open(path().c_str(), &database);
    duckdb_connect(database, &connection);
    for (const char* sql :
         {"CREATE TABLE fruit (id INTEGER, name VARCHAR, price DECIMAL(10,2), picked DATE)",
          "INSERT INTO fruit VALUES (1, 'loquat', 1.50, '2025-05-01'), (2, 'quince', 0.10, NULL)",
          "CREATE TABLE numbers AS SELECT i FROM range(5000) r(i)"})
      duckdb_query(connection, sql, nullptr);
    duckdb_disconnect(&connection);
    duckdb_close(&database);
  }
  ~TemporaryDatabase() { std::filesystem::remove_all(folder_); }
  TemporaryDatabase(const TemporaryDatabase&) = delete;
  TemporaryDatabase& operator=(const TemporaryDatabase&) = delete;
  [[nodiscard]] std::string path() const { return folder_ + "/orchard.duckdb"; }
  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
};

class DuckDb : public ::testing::Test {
 public:
  std::unique_ptr<contracts::QueryEngine> make(std::string path) {
    EngineConfig config;
    config.duckdb.path = std::move(path);
    config.duckdb.memory_mib = 128;
    config.guard.breaker.failures_to_open = 2;
    return make_engine(config, {rig_.loop.executor(), rig_.pool, rig_.tasks, rig_.client, parser_,
                                rig_.board, rig_.telemetry, rig_.sources});
  }
  contracts::QueryRequest request(std::string sql, std::int64_t limit = 100) {
    contracts::QueryRequest out;
    out.sql = std::move(sql);
    out.row_limit = limit;
    out.deadline = runtime::deadline_after(std::chrono::seconds(30));
    return out;
  }
  Result<ResultSet> ask(contracts::QueryRequest asked) {
    std::optional<Result<ResultSet>> out;
    rig_.run(
        [&]() -> runtime::Task<void> { out.emplace(co_await engine_->execute(std::move(asked))); });
    return std::move(*out);
  }
  Result<ResultSet> ask(std::string sql, std::int64_t limit = 100) {
    return ask(request(std::move(sql), limit));
  }

  TemporaryDatabase file_;
  sql::Parser parser_;
  rig::Loop rig_;
  std::unique_ptr<contracts::QueryEngine> engine_ = make(file_.path());
};

TEST_F(DuckDb, GivesRowsWithTypesOfOurWords) {
  const auto result =
      ask("select id, name, price, picked, price > 1 as dear, "
          "timestamp '2025-01-02 03:04:05.5' as at, 0.5::double as half, "
          "sum(id) over () as wide, [1, 2] as list from orchard.main.fruit "
          "order by id");
  ASSERT_TRUE(result) << result.error().detail;
  std::vector<ColumnType> types;
  for (const auto& column : result->columns) types.push_back(column.type);
  EXPECT_EQ(types, (std::vector{ColumnType::integer, ColumnType::text, ColumnType::decimal,
                                ColumnType::date, ColumnType::boolean, ColumnType::timestamp,
                                ColumnType::number, ColumnType::integer, ColumnType::other}));
  EXPECT_EQ(result->columns[2].native_type, "DECIMAL(10,2)");
  EXPECT_EQ(result->rows[0],
            (contracts::Row{std::int64_t{1}, "loquat", 1.5, "2025-05-01", true,
                            "2025-01-02T03:04:05.5", 0.5, std::int64_t{3}, "[1, 2]"}));
  EXPECT_EQ(result->rows[1][2], Cell(0.1));
  EXPECT_EQ(result->rows[1][3], Cell());
}

TEST_F(DuckDb, SaysWhenThereAreMoreRowsThanTheLimit) {
  const auto cut = ask("select i from numbers", 4000);
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->rows.size(), 4000U);
  EXPECT_TRUE(cut->truncated);
  const auto whole = ask("select i from numbers;", 5000);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->rows.size(), 5000U);
  EXPECT_FALSE(whole->truncated);
}

TEST_F(DuckDb, RefusesAtTheLastDoor) {
  for (const char* sql : {"select * from read_csv('/etc/passwd')", "attach 'x.db'",
                          "select 1; select 2", "set threads = 4", "copy fruit to 'x.csv'"}) {
    const auto result = ask(sql);
    ASSERT_FALSE(result) << sql;
    EXPECT_EQ(result.error().code, Errc::unsupported_sql) << sql;
  }
}

TEST_F(DuckDb, ErrorsNameColumnsButNoPathAndNoValue) {
  const auto unknown = ask("select nmae from fruit");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Errc::query_failed);
  EXPECT_THAT(unknown.error().detail, HasSubstr("nmae"));
  const auto value = ask("select cast(name as integer) from fruit");
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, Errc::query_failed);
  EXPECT_THAT(value.error().detail, Not(HasSubstr("loquat")));
}

TEST_F(DuckDb, WritesNothingBesideItsFile) {
  ASSERT_FALSE(ask("select a.i from numbers a, numbers b order by hash(a.i, b.i)"));
  int files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(file_.folder()))
    ++files;
  EXPECT_EQ(files, 1);
  EXPECT_FALSE(std::filesystem::exists(".tmp"));
}

TEST_F(DuckDb, StopsAtTheDeadlineAndGoesOnAfterwards) {
  auto slow = request("select count(*) from numbers a, numbers b, numbers c where a.i+b.i+c.i=1");
  slow.deadline = runtime::deadline_after(std::chrono::milliseconds(800));
  const auto result = ask(std::move(slow));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::query_timeout);
  EXPECT_EQ(rig_.board.find("query_engine")->state, degradation::Health::up);
  EXPECT_TRUE(ask("select 1"));
}

TEST_F(DuckDb, CancellingTheTaskEndsTheQuery) {
  rig_.run([&]() -> runtime::Task<void> {
    runtime::TaskGroup group(rig_.loop.executor(), "cancel", rig_.telemetry);
    auto endless = [](DuckDb& self) -> runtime::Task<void> {
      auto slow =
          self.request("select count(*) from numbers a, numbers b, numbers c where a.i+b.i+c.i=1");
      static_cast<void>(co_await self.engine_->execute(std::move(slow)));
    };
    group.spawn("query", endless(*this));
    co_await runtime::pause_for(std::chrono::milliseconds(50));
    co_await group.close();  // returns only when the query has ended
  });
  EXPECT_TRUE(ask("select 1"));
}

TEST_F(DuckDb, AMissingFileIsAnEngineThatIsAway) {
  engine_ = make(file_.folder() + "/missing.duckdb");
  const auto result = ask("select 1");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::query_engine_unavailable);
  EXPECT_THAT(result.error().detail, Not(HasSubstr("missing")));
  static_cast<void>(ask("select 1"));
  EXPECT_EQ(rig_.board.find("query_engine")->breaker, degradation::BreakerState::open);
}

TEST_F(DuckDb, TheCacheAnswersWithItsAgeWhileTheEngineIsAway) {
  const std::string path = file_.folder() + "/copy.duckdb";
  std::filesystem::copy_file(file_.path(), path);
  std::string version = "v1";
  struct Switch final : contracts::QueryEngine {
    contracts::QueryEngine* to = nullptr;
    [[nodiscard]] std::string_view dialect() const noexcept override { return to->dialect(); }
    contracts::Task<Result<ResultSet>> execute(contracts::QueryRequest asked) override {
      return to->execute(std::move(asked));
    }
  } current;
  auto up = std::move(engine_);
  auto away = make(file_.folder() + "/missing.duckdb");
  current.to = up.get();
  engine_ = std::make_unique<CachedEngine>(current, EngineConfig{}, [&] { return version; });
  const auto fresh = ask("select name from fruit order by 1");
  ASSERT_TRUE(fresh);
  EXPECT_FALSE(fresh->age_ms);
  current.to = away.get();
  const auto old = ask("select name from fruit order by 1");
  ASSERT_TRUE(old);
  EXPECT_TRUE(old->age_ms);
  EXPECT_EQ(old->rows, fresh->rows);
  auto foreign = request("select name from fruit order by 1");
  foreign.principal.tenant_id = "other";
  EXPECT_FALSE(ask(std::move(foreign)));
  version = "v2";
  EXPECT_FALSE(ask("select name from fruit order by 1"));
}

}  // namespace
}  // namespace loquat::engine

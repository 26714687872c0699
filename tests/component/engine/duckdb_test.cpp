#include <duckdb.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <numeric>

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
  EngineConfig only_for_outages;
  only_for_outages.cache_fresh_for = std::chrono::milliseconds(0);
  engine_ = std::make_unique<CachedEngine>(current, only_for_outages, [&] { return version; });
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

/// Counts what reaches it.
struct Counting final : contracts::QueryEngine {
  contracts::QueryEngine* to = nullptr;
  std::string version = "1";
  int asked = 0;
  [[nodiscard]] std::string_view dialect() const noexcept override { return to->dialect(); }
  [[nodiscard]] std::string data_version() const override { return version; }
  contracts::Task<Result<ResultSet>> execute(contracts::QueryRequest request) override {
    ++asked;
    return to->execute(std::move(request));
  }
};

class KeptResults : public DuckDb {
 public:
  KeptResults() { restart(EngineConfig{}); }
  void restart(const EngineConfig& config) {
    if (!inner_) inner_ = std::move(engine_);
    counting_.to = inner_.get();
    engine_ = std::make_unique<CachedEngine>(
        counting_, config, [this] { return model_; }, &rig_.telemetry);
  }
  contracts::QueryRequest by(std::string user, std::string allowed) {
    auto out = request("select name from fruit order by 1");
    out.principal.tenant_id = "acme";
    out.principal.user_id = std::move(user);
    out.principal.row_filters = {{"fruit__name", {std::move(allowed)}, "", false}};
    return out;
  }
  /// True if it was answered without the engine.
  bool is_kept(contracts::QueryRequest asked) {
    const int before = counting_.asked;
    const auto result = ask(std::move(asked));
    EXPECT_TRUE(result);
    EXPECT_EQ(result && result->cached_ms.has_value(), before == counting_.asked);
    return before == counting_.asked;
  }
  Counting counting_;
  std::unique_ptr<contracts::QueryEngine> inner_;
  std::string model_ = "m1";
};

TEST_F(KeptResults, AnswerTheSameStatementForEqualRights) {
  EXPECT_FALSE(is_kept(by("ana", "loquat")));
  EXPECT_TRUE(is_kept(by("ana", "loquat")));
  EXPECT_TRUE(is_kept(by("zoe", "loquat")));
}

TEST_F(KeptResults, AreNotForOtherRightsTenantsModelsDataOrLimits) {
  EXPECT_FALSE(is_kept(by("ana", "loquat")));
  EXPECT_FALSE(is_kept(by("ben", "quince")));
  auto foreign = by("ana", "loquat");
  foreign.principal.tenant_id = "globex";
  EXPECT_FALSE(is_kept(std::move(foreign)));
  auto unfiltered = by("olga", "loquat");
  unfiltered.principal.row_filters.clear();
  EXPECT_FALSE(is_kept(std::move(unfiltered)));
  auto shorter = by("ana", "loquat");
  shorter.row_limit = 1;
  EXPECT_FALSE(is_kept(std::move(shorter)));
  counting_.version = "2";
  EXPECT_FALSE(is_kept(by("ana", "loquat")));
  model_ = "m2";
  EXPECT_FALSE(is_kept(by("ana", "loquat")));
}

TEST_F(KeptResults, AreNotForWhoWantsFreshOnesButAreRenewedByThem) {
  EXPECT_FALSE(is_kept(by("ana", "loquat")));
  auto fresh = by("ana", "loquat");
  fresh.context.wants_fresh = true;
  EXPECT_FALSE(is_kept(std::move(fresh)));
  EXPECT_TRUE(is_kept(by("ana", "loquat")));
  auto never = by("ana", "loquat");
  never.is_cacheable = false;
  EXPECT_FALSE(is_kept(std::move(never)));
}

TEST_F(KeptResults, BelongToOneUserWhereTheEngineHasRulesOfItsOwn) {
  EngineConfig config;
  config.kind = EngineKind::trino;
  restart(config);
  EXPECT_FALSE(is_kept(by("ana", "loquat")));
  EXPECT_FALSE(is_kept(by("zoe", "loquat")));
  EXPECT_TRUE(is_kept(by("ana", "loquat")));
}

TEST_F(KeptResults, StayWithinTheirBytesAndLeaveOutLargeOnes) {
  EngineConfig config;
  config.cache_bytes_max = 16 << 10;
  restart(config);
  const std::string large = "select i from numbers limit 100";
  EXPECT_FALSE(is_kept(request(large)));
  EXPECT_FALSE(is_kept(request(large)));
  for (int i = 0; i < 200; ++i) static_cast<void>(is_kept(request("select " + std::to_string(i))));
  EXPECT_TRUE(is_kept(request("select 199")));
  EXPECT_FALSE(is_kept(request("select 0")));
}

TEST_F(KeptResults, HoldWhileTheyAreFreshOnly) {
  EngineConfig config;
  config.cache_fresh_for = std::chrono::milliseconds(0);
  restart(config);
  EXPECT_FALSE(is_kept(by("ana", "loquat")));
  EXPECT_FALSE(is_kept(by("ana", "loquat")));
}

TEST_F(DuckDb, HandsRowsOnWhileItReads) {
  std::vector<std::size_t> pages;
  bool is_truncated = true;
  rig_.run([&]() -> runtime::Task<void> {
    auto asked = request("select i from numbers order by i", 1'000'000);
    auto opened = co_await engine_->open(std::move(asked));
    EXPECT_TRUE(opened);
    if (!opened) co_return;
    auto rows = std::move(*opened);
    EXPECT_EQ(rows->columns().at(0).name, "i");
    std::int64_t wanted = 0;
    for (;;) {
      auto page = co_await rows->next();
      EXPECT_TRUE(page);
      if (!page || page->empty()) break;
      pages.push_back(page->size());
      for (const auto& row : *page) EXPECT_EQ(row.at(0), Cell(wanted++));
    }
    is_truncated = rows->is_truncated();
  });
  EXPECT_GT(pages.size(), 1U);
  EXPECT_EQ(std::accumulate(pages.begin(), pages.end(), std::size_t{0}), 5000U);
  EXPECT_FALSE(is_truncated);
}

TEST_F(DuckDb, CutsAStreamAtItsLimitAndEndsOneThatIsLetGo) {
  rig_.run([&]() -> runtime::Task<void> {
    auto asked = request("select i from numbers", 2'500);
    auto opened = co_await engine_->open(std::move(asked));
    EXPECT_TRUE(opened);
    if (!opened) co_return;
    auto rows = std::move(*opened);
    std::size_t count = 0;
    for (;;) {
      auto page = co_await rows->next();
      if (!page || page->empty()) break;
      count += page->size();
    }
    EXPECT_EQ(count, 2'500U);
    EXPECT_TRUE(rows->is_truncated());
    auto endless = request("select a.i from numbers a, numbers b, numbers c", 1'000'000'000);
    auto left = co_await engine_->open(std::move(endless));
    EXPECT_TRUE(left);
  });
  EXPECT_TRUE(ask("select 1"));
  EXPECT_EQ(rig_.board.find("query_engine")->state, degradation::Health::up);
}

TEST_F(DuckDb, RefusesToStreamWhatIsNoSelect) {
  rig_.run([&]() -> runtime::Task<void> {
    auto asked = request("drop table fruit");
    const auto opened = co_await engine_->open(std::move(asked));
    EXPECT_FALSE(opened);
    if (!opened) EXPECT_EQ(opened.error().code, Errc::unsupported_sql);
  });
}

TEST_F(DuckDb, ReadsTheFileThatTookTheOldOnesPlace) {
  ASSERT_EQ(ask("select count(*) from fruit")->rows[0][0], Cell(std::int64_t{2}));
  const std::string before = engine_->data_version();
  const TemporaryDatabase other;
  duckdb_database database = nullptr;
  duckdb_connection connection = nullptr;
  duckdb_open(other.path().c_str(), &database);
  duckdb_connect(database, &connection);
  duckdb_query(connection, "INSERT INTO fruit VALUES (3, 'medlar', 2, NULL)", nullptr);
  duckdb_disconnect(&connection);
  duckdb_close(&database);
  std::filesystem::rename(other.path(), file_.path());
  EXPECT_EQ(ask("select count(*) from fruit")->rows[0][0], Cell(std::int64_t{3}));
  EXPECT_NE(make(file_.path())->data_version(), before);
}

}  // namespace
}  // namespace loquat::engine

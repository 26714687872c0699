#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "component/peers/fake_peer.hpp"
#include "loquat/engine/engine.hpp"
#include "loquat/sql/parser.hpp"

namespace loquat::engine {
namespace {

using contracts::Cell;
using contracts::ColumnType;
using contracts::ResultSet;
using peers::Mood;
using ::testing::HasSubstr;

class RemoteEngine : public peers::PeerTest {
 protected:
  std::unique_ptr<contracts::QueryEngine> make(EngineConfig config) {
    config.url = peer.url();
    config.guard = guard();
    return make_engine(std::move(config),
                       {executor(), pool, tasks, client, parser(), board, telemetry(), sources});
  }
  static const sql::Parser& parser() {
    static const sql::Parser made;
    return made;
  }
  Result<ResultSet> ask(std::string sql = "select name, total from orders", int limit = 10) {
    contracts::QueryRequest request;
    request.sql = std::move(sql);
    request.row_limit = limit;
    request.deadline = soon();
    request.principal = principal;
    request.context = context;
    return await_over_time(engine->execute(std::move(request)));
  }
  std::unique_ptr<contracts::QueryEngine> engine;
};

class Platform : public RemoteEngine {
 protected:
  Platform() {
    EngineConfig config;
    config.kind = EngineKind::rest;
    config.catalog = "shop";
    engine = make(config);
    peer.on(
        "POST /v1/queries/execute",
        R"j({"columns":[{"name":"name","type":"varchar"},{"name":"total","type":"decimal(10,2)"}],
                 "rows":[["a","1.50"],["b",null]]})j");
  }
};

TEST_F(Platform, GivesRowsAndCarriesWhoAsks) {
  const auto result = ask();
  ASSERT_TRUE(result) << result.error().detail;
  EXPECT_EQ(result->columns[1].type, ColumnType::decimal);
  EXPECT_EQ(result->rows, (std::vector<contracts::Row>{{"a", 1.5}, {"b", Cell()}}));
  const net::Request& asked = peer.requests.at(0);
  EXPECT_EQ(asked.header("X-Tenant-ID"), "acme");
  EXPECT_EQ(asked.header("X-User-ID"), "ada");
  EXPECT_EQ(asked.header("X-Request-ID"), "req-1");
  EXPECT_THAT(std::string(asked.header("traceparent")), HasSubstr(context.trace_id));
  EXPECT_FALSE(asked.header("X-Deadline-Ms").empty());
  EXPECT_THAT(asked.body, HasSubstr(R"("catalog":"shop")"));
  EXPECT_THAT(asked.body, HasSubstr(R"("limit":11)"));
}

TEST_F(Platform, AsksNothingOfThePeerThatIsNoSelect) {
  const auto result = ask("drop table orders");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::unsupported_sql);
  EXPECT_TRUE(peer.requests.empty());
}

TEST_F(Platform, TellsTheUsersFaultFromThePeers) {
  for (const auto& [status, code] : {std::pair{400, Errc::query_failed},
                                     {403, Errc::query_failed},
                                     {404, Errc::query_failed},
                                     {408, Errc::query_timeout},
                                     {401, Errc::query_engine_unavailable}}) {
    peer.on("POST /v1/queries/execute", [status = status](const net::Request&) {
      return net::make_response(status, "application/json", R"({"message":"no such column x"})");
    });
    const auto result = ask();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, code) << status;
  }
}

TEST_F(Platform, IsNotAskedWhileItIsAwayAndIsFoundAgain) {
  peer.mood = Mood::away;
  for (int i = 0; i < 2; ++i) EXPECT_EQ(ask().error().code, Errc::query_engine_unavailable);
  EXPECT_EQ(board.find("query_engine")->breaker, degradation::BreakerState::open);
  const auto asked = peer.requests.size();
  peer.mood = Mood::up;
  auto refused = ask();
  EXPECT_EQ(peer.requests.size(), asked);
  EXPECT_EQ(refused.error().code, Errc::query_engine_unavailable);
  advance(std::chrono::seconds(2));
  EXPECT_TRUE(ask());
  EXPECT_EQ(board.find("query_engine")->breaker, degradation::BreakerState::closed);
}

TEST_F(Platform, SilenceEndsAtTheDeadline) {
  peer.mood = Mood::slow;
  EXPECT_EQ(ask().error().code, Errc::query_timeout);
}

TEST_F(Platform, ABabblingOrBusyPeerIsAwayToo) {
  peer.mood = Mood::babbling;
  EXPECT_EQ(ask().error().code, Errc::query_engine_unavailable);
  peer.mood = Mood::busy;
  EXPECT_EQ(ask().error().code, Errc::query_engine_unavailable);
}

class LongQuery : public RemoteEngine {
 protected:
  LongQuery() {
    EngineConfig config;
    config.kind = EngineKind::rest;
    config.asynchronous = true;
    engine = make(config);
    peer.on("POST /v1/queries/execute/async", R"({"executionId":"e 1"})");
    peer.on("GET /v1/queries/e%201/status", [this](const net::Request&) {
      const bool is_done = ++looks_ >= looks_needed;
      return net::make_response(200, "application/json",
                                is_done ? R"({"status":"FINISHED"})" : R"({"status":"RUNNING"})");
    });
    peer.on("GET /v1/queries/e%201/results", R"({"columns":["n"],"rows":[{"n":7}]})");
    peer.on("POST /v1/queries/e%201/cancel", "{}");
  }
  int looks_needed = 3;

 private:
  int looks_ = 0;
};

TEST_F(LongQuery, IsStartedLookedAtAndFetched) {
  const auto result = ask();
  ASSERT_TRUE(result) << result.error().detail;
  EXPECT_EQ(result->rows, (std::vector<contracts::Row>{{std::int64_t{7}}}));
  EXPECT_EQ(result->columns[0].type, ColumnType::integer);
  EXPECT_EQ(peer.count("POST /v1/queries/e%201/cancel"), 0U);
}

TEST_F(LongQuery, IsCancelledAtThePeerWhenTheTimeIsUp) {
  looks_needed = 1'000'000;
  EXPECT_EQ(ask().error().code, Errc::query_timeout);
  EXPECT_TRUE(wait_until([&] { return peer.count("POST /v1/queries/e%201/cancel") == 1; }));
}

TEST_F(LongQuery, WhoseStartIsAnsweredTooLateIsCancelledAtThePeer) {
  looks_needed = 1'000'000;
  peer.hold("POST /v1/queries/execute/async");
  EXPECT_EQ(ask().error().code, Errc::query_timeout);
  EXPECT_EQ(peer.count("POST /v1/queries/e%201/cancel"), 0U);
  peer.let_go();
  EXPECT_TRUE(wait_until([&] { return peer.count("POST /v1/queries/e%201/cancel") == 1; }));
}

class Trino : public RemoteEngine {
 protected:
  Trino() {
    EngineConfig config;
    config.kind = EngineKind::trino;
    engine = make(config);
    peer.on("POST /v1/statement", R"j({"id":"q","nextUri":"http://elsewhere:1/v1/next/1"})j");
    peer.on("GET /v1/next/1",
            R"j({"columns":[{"name":"d","type":"decimal(38,2)"},{"name":"t","type":"timestamp(3)"},
                            {"name":"n","type":"bigint"}],
                 "data":[["12.25","2025-01-02 03:04:05.500",3]],"nextUri":"/v1/next/2"})j");
    peer.on("GET /v1/next/2", R"j({"data":[[null,null,4],["1","2025-01-02 00:00:00.000",5]]})j");
    peer.on("DELETE /v1/next/2",
            [](const net::Request&) { return net::make_response(204, "", ""); });
  }
};

TEST_F(Trino, FollowsPagesOnTheHostThatWeChose) {
  const auto result = ask("select d, t, n from x;");
  ASSERT_TRUE(result) << result.error().detail;
  EXPECT_EQ(result->rows[0], (contracts::Row{12.25, "2025-01-02T03:04:05.5", std::int64_t{3}}));
  EXPECT_EQ(result->rows[2], (contracts::Row{1.0, "2025-01-02T00:00:00", std::int64_t{5}}));
  EXPECT_EQ(peer.requests.at(0).body, "select d, t, n from x");
  EXPECT_EQ(peer.requests.at(0).header("X-Trino-User"), "ada");
}

TEST_F(Trino, DeletesAQueryWhoseStartIsAnsweredTooLate) {
  peer.on("DELETE /v1/next/1", [](const net::Request&) { return net::make_response(204, "", ""); });
  peer.hold("POST /v1/statement");
  EXPECT_EQ(ask("select 1").error().code, Errc::query_timeout);
  EXPECT_EQ(peer.count("DELETE /v1/next/1"), 0U);
  peer.let_go();
  EXPECT_TRUE(wait_until([&] { return peer.count("DELETE /v1/next/1") == 1; }));
}

TEST_F(Trino, LeavesARunningQueryByDeletingIt) {
  peer.on(
      "GET /v1/next/1",
      R"({"columns":[{"name":"n","type":"bigint"}],"data":[[1],[2],[3]],"nextUri":"/v1/next/2"})");
  const auto result = ask("select n from x", 2);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->truncated);
  EXPECT_TRUE(wait_until([&] { return peer.count("DELETE /v1/next/2") == 1; }));
}

TEST_F(Trino, ShowsTheUsersErrorAndHidesItsOwn) {
  const auto with = [&](std::string type, std::string name, std::string message) {
    peer.on("POST /v1/statement", R"({"error":{"message":")" + message + R"(","errorName":")" +
                                      name + R"(","errorType":")" + type + R"("}})");
    return ask().error();
  };
  const Error mistake = with("USER_ERROR", "COLUMN_NOT_FOUND", "line 1:8: Column 'x' not found");
  EXPECT_EQ(mistake.code, Errc::query_failed);
  EXPECT_THAT(mistake.detail, HasSubstr("Column 'x' not found"));
  const Error value = with("USER_ERROR", "INVALID_CAST_ARGUMENT", "Cannot cast 'ada@x.org' to int");
  EXPECT_THAT(value.detail, ::testing::Not(HasSubstr("ada@")));
  EXPECT_EQ(with("INTERNAL_ERROR", "GENERIC", "at Foo.java").code, Errc::query_engine_unavailable);
}

TEST_F(Trino, AsksAgainWhenToldToBePatient) {
  int refusals = 2;
  peer.on("GET /v1/next/1", [&](const net::Request&) {
    if (refusals-- > 0) return net::make_response(503, "text/plain", "");
    return net::make_response(200, "application/json",
                              R"({"columns":[{"name":"n","type":"bigint"}],"data":[[1]]})");
  });
  const auto result = ask();
  ASSERT_TRUE(result) << result.error().detail;
  EXPECT_EQ(peer.count("GET /v1/next/1"), 3U);
}

}  // namespace
}  // namespace loquat::engine

// long: one bench; its scenarios are read together.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "../../../src/integrations/kafka/embedded_broker.hpp"
#include "loquat/degradation/health_board.hpp"
#include "loquat/kafka/kafka.hpp"
#include "loquat/runtime/runtime.hpp"
#include "loquat/wire/codec.hpp"
#include "support/recording_telemetry.hpp"

namespace loquat::kafka {
namespace {

using contracts::Receipt;
using contracts::Task;

/// Keeps what it is given; can be told to refuse.
class Handler final : public contracts::FeedbackHandler {
 public:
  Task<Result<void>> handle(wire::FeedbackEvent event, contracts::RecordPlace) override {
    if (refusals > 0) {
      --refusals;
      co_return fail(refuse_with, "told to");
    }
    const std::string who = event.user_id.value_or("");
    most_of_a_user = std::max(most_of_a_user, ++running[who]);
    if (event.event_id == "fb-slow") co_await runtime::pause_for(std::chrono::milliseconds(20));
    --running[who];
    if (event.response_id == "poison") co_return fail(Errc::corrupt, "can never be handled");
    seen[event.event_id] += 1;
    order[event.tenant_id].push_back(event.event_id);
    if (kafka != nullptr) kafka->settled(event.event_id);
    co_return Result<void>{};
  }
  int refusals = 0;
  int most_of_a_user = 0;
  std::map<std::string, int> running;
  Errc refuse_with = Errc::unavailable;
  std::map<std::string, int> seen;
  std::map<std::string, std::vector<std::string>> order;
  Kafka* kafka = nullptr;
};

/// The room on a real loop and real time: librdkafka has clocks of its own.
class Backbone : public testing::Test {
 protected:
  void SetUp() override {
    folder = std::filesystem::temp_directory_path() / ("loquat-kafka-" + make_hex(6, random));
    std::filesystem::create_directories(folder);
    config.ack_wait_ms = std::chrono::milliseconds(200);
    config.delivery_timeout = std::chrono::seconds(2);
    config.create_topics = false;
    config.breaker_pause = std::chrono::milliseconds(50);
    config.breaker_pause_max = std::chrono::milliseconds(200);
    spool.path = (folder / "spool").string();
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::unique_ptr<Kafka> make() {
    KafkaPorts ports{loop.executor(),       telemetry.get(), board,
                     Sources{wall, random}, "test",          folder};
    return make_kafka(config, spool, std::move(ports));
  }
  static wire::FeedbackEvent event(const std::string& id, const std::string& tenant = "acme") {
    wire::FeedbackEvent made;
    made.event_id = id;
    made.event_type = wire::FeedbackEvent::kType;
    made.tenant_id = tenant;
    made.response_id = "r-1";
    return made;
  }
  static Task<bool> until(std::function<bool()> holds) {
    const Time give_up = runtime::deadline_after(std::chrono::seconds(30));
    while (!holds() && Clock::now() < give_up)
      co_await runtime::pause_for(std::chrono::milliseconds(10));
    co_return holds();
  }
  void expect_line(std::string_view name) { EXPECT_FALSE(telemetry.events(name).empty()) << name; }
  static void expect_balance(const Accounting& sums) {
    EXPECT_EQ(sums.offered, sums.delivered + sums.dropped + sums.refused + sums.held);
  }

  SystemRandom random;
  SystemWallClock wall;
  test_support::RecordingTelemetry telemetry{wall};
  runtime::EventLoop loop{telemetry.get()};
  degradation::HealthBoard board{wall};
  std::filesystem::path folder;
  KafkaConfig config;
  SpoolConfig spool;
  Handler handler;
};

TEST_F(Backbone, EmbeddedBrokerCarriesFeedbackToItsHandlerAndFreesTheSpool) {
  const auto kafka = make();
  handler.kafka = kafka.get();
  kafka->set_handler(handler);
  const auto script = [&]() -> Task<void> {
    const auto started = co_await kafka->start();
    EXPECT_TRUE(started) << (started ? "" : started.error().detail);
    EXPECT_TRUE(std::filesystem::exists(folder / "loquat.kafka"));
    for (int i = 0; i < 20; ++i) {
      wire::Event one = event("fb-" + std::to_string(i), i % 2 == 0 ? "acme" : "globex");
      const auto receipt = co_await kafka->publisher().publish(std::move(one));
      EXPECT_TRUE(receipt);
      if (receipt) EXPECT_EQ(*receipt, Receipt::buffered) << "its report is no promise";
    }
    auto came_wait = until([&] { return handler.seen.size() == 20; });
    const bool came = co_await std::move(came_wait);
    EXPECT_TRUE(came);
    auto freed_wait = until([&] { return kafka->accounting().spooled == 0; });
    const bool freed = co_await std::move(freed_wait);
    EXPECT_TRUE(freed);
    expect_balance(kafka->accounting());
    co_await kafka->stop(runtime::deadline_after(std::chrono::seconds(10)));
  };
  loop.run(script());
  for (const auto& [id, times] : handler.seen) EXPECT_EQ(times, 1) << id;
  EXPECT_EQ(handler.order["acme"].size(), 10U);
  EXPECT_EQ(handler.order["acme"].front(), "fb-0");
  EXPECT_EQ(handler.order["acme"].back(), "fb-18");
}

TEST_F(Backbone, HandlesWhatOneUserSaysOfOneAnswerOneAfterTheOther) {
  const auto kafka = make();
  handler.kafka = kafka.get();
  kafka->set_handler(handler);
  const auto script = [&]() -> Task<void> {
    const auto started = co_await kafka->start();
    EXPECT_TRUE(started);
    for (int i = 0; i < 6; ++i) {
      // Whoever did not wait would come before the first.
      wire::FeedbackEvent one = event(i == 0 ? "fb-slow" : "fb-" + std::to_string(i));
      one.user_id = i % 3 == 2 ? "bob" : "ann";
      kafka->publisher().offer(std::move(one));
    }
    auto came_wait = until([&] { return handler.seen.size() == 6; });
    const bool came = co_await std::move(came_wait);
    EXPECT_TRUE(came);
    co_await kafka->stop(runtime::deadline_after(std::chrono::seconds(10)));
  };
  loop.run(script());
  EXPECT_EQ(handler.most_of_a_user, 1);
  auto anns = handler.order["acme"];
  std::erase_if(anns, [](const std::string& id) { return id == "fb-2" || id == "fb-5"; });
  EXPECT_EQ(anns, (std::vector<std::string>{"fb-slow", "fb-1", "fb-3", "fb-4"}));
}

TEST_F(Backbone, WhatWasAnsweredKeptIsExactlyWhatTheTopicHoldsAfterAnOutage) {
  auto broker = EmbeddedBroker::start();
  ASSERT_TRUE(broker);
  config.bootstrap_servers = (*broker)->bootstrap_servers();
  const auto kafka = make();
  kafka->set_handler(handler);
  std::set<std::string> kept;
  int accepted = 0;
  const auto script = [&]() -> Task<void> {
    const auto started = co_await kafka->start();
    EXPECT_TRUE(started);
    const auto send = [&](int i) -> Task<void> {
      const std::string id = "fb-" + std::to_string(i);
      wire::Event one = event(id);
      const auto receipt = co_await kafka->publisher().publish(std::move(one));
      if (!receipt) co_return;
      kept.insert(id);
      accepted += *receipt == Receipt::accepted ? 1 : 0;
    };
    for (int i = 0; i < 10; ++i) co_await send(i);  // a new producer takes its time
    auto is_ready_wait = until([&] { return kafka->accounting().delivered == 10; });
    const bool is_ready = co_await std::move(is_ready_wait);
    EXPECT_TRUE(is_ready);
    const int before = accepted;
    std::thread([&] { rd_kafka_mock_broker_set_down((*broker)->cluster(), 1); }).join();
    for (int i = 10; i < 30; ++i) co_await send(i);
    EXPECT_EQ(kept.size(), 30U);
    EXPECT_EQ(accepted, before) << "nobody was there to accept";
    EXPECT_GT(kafka->accounting().spooled, 0U);
    EXPECT_EQ(board.find("kafka")->state, degradation::Health::degraded);
    std::thread([&] { rd_kafka_mock_broker_set_up((*broker)->cluster(), 1); }).join();
    auto came_wait = until([&] { return handler.seen.size() == kept.size(); });
    const bool came = co_await std::move(came_wait);
    EXPECT_TRUE(came) << handler.seen.size() << " of " << kept.size();
    auto drained_wait = until([&] { return kafka->accounting().held == 0; });
    const bool drained = co_await std::move(drained_wait);
    EXPECT_TRUE(drained);
    expect_balance(kafka->accounting());
    auto is_up_wait = until([&] { return board.find("kafka")->state == degradation::Health::up; });
    const bool is_up = co_await std::move(is_up_wait);
    EXPECT_TRUE(is_up);
    expect_line("kafka.broker_away");
    expect_line("kafka.broker_back");
    co_await kafka->stop(runtime::deadline_after(std::chrono::seconds(10)));
  };
  loop.run(script());
  std::set<std::string> in_topic;
  for (const auto& [id, _] : handler.seen) in_topic.insert(id);
  EXPECT_EQ(in_topic, kept);
}

TEST_F(Backbone, WhatWasSpooledBeforeAnEndIsSentByTheNextRun) {
  config.bootstrap_servers = "127.0.0.1:1";  // nobody listens there
  {
    const auto kafka = make();
    const auto script = [&]() -> Task<void> {
      const auto started = co_await kafka->start();
      EXPECT_TRUE(started);
      for (int i = 0; i < 5; ++i) {
        wire::Event one = event("fb-" + std::to_string(i));
        const auto receipt = co_await kafka->publisher().publish(std::move(one));
        EXPECT_TRUE(receipt);
        if (receipt) EXPECT_EQ(*receipt, Receipt::buffered);
      }
      co_await kafka->stop(runtime::deadline_after(std::chrono::seconds(3)));
    };
    loop.run(script());
  }
  auto broker = EmbeddedBroker::start();
  ASSERT_TRUE(broker);
  config.bootstrap_servers = (*broker)->bootstrap_servers();
  const auto kafka = make();
  kafka->set_handler(handler);
  const auto script = [&]() -> Task<void> {
    const auto started = co_await kafka->start();
    EXPECT_TRUE(started);
    auto came_wait = until([&] { return handler.seen.size() == 5; });
    const bool came = co_await std::move(came_wait);
    EXPECT_TRUE(came);
    co_await kafka->stop(runtime::deadline_after(std::chrono::seconds(10)));
  };
  loop.run(script());
  EXPECT_EQ(handler.order["acme"],
            (std::vector<std::string>{"fb-0", "fb-1", "fb-2", "fb-3", "fb-4"}));
}

TEST_F(Backbone, LagAfterARestartIsOnlyWhatIsNotHandled) {
  auto broker = EmbeddedBroker::start();
  ASSERT_TRUE(broker);
  config.bootstrap_servers = (*broker)->bootstrap_servers();
  const auto lag = [this] {
    double sum = 0;
    std::istringstream lines(telemetry.get().metrics().render());
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with("loquat_kafka_consumer_lag_events{"))
        sum += std::stod(line.substr(line.rfind(' ')));
    return sum;
  };
  std::unique_ptr<Kafka> kafka;
  const auto begin = [&]() -> Task<void> {
    kafka = make();
    kafka->set_handler(handler);
    const auto started = co_await kafka->start();
    EXPECT_TRUE(started);
  };
  const auto first_life = [&]() -> Task<void> {
    co_await begin();
    for (int i = 0; i < 5; ++i) kafka->publisher().offer(event("fb-" + std::to_string(i)));
    auto came_wait = until([&] { return handler.seen.size() == 5; });
    const bool came = co_await std::move(came_wait);
    EXPECT_TRUE(came);
    co_await kafka->stop(runtime::deadline_after(std::chrono::seconds(10)));
  };
  loop.run(first_life());
  const auto second_life = [&]() -> Task<void> {
    co_await begin();
    handler.refusals = 1'000;
    kafka->publisher().offer(event("fb-later", "globex"));
    auto seen_wait = until([&] { return lag() > 0; });
    const bool is_seen = co_await std::move(seen_wait);
    EXPECT_TRUE(is_seen);
    EXPECT_EQ(lag(), 1) << "the five of the life before are handled";
    handler.refusals = 0;
    auto gone_wait = until([&] { return lag() == 0; });
    const bool is_gone = co_await std::move(gone_wait);
    EXPECT_TRUE(is_gone);
    co_await kafka->stop(runtime::deadline_after(std::chrono::seconds(10)));
  };
  loop.run(second_life());
}

TEST_F(Backbone, StaysInItsGroupWhileThereIsNothingToRead) {
  using namespace std::chrono_literals;
  auto broker = EmbeddedBroker::start();
  ASSERT_TRUE(broker);
  config.bootstrap_servers = (*broker)->bootstrap_servers();
  config.session_timeout = 4s;  // a member says that it lives every 3 s
  config.max_poll_interval = 4s;
  const auto kafka = make();
  kafka->set_handler(handler);
  const auto script = [&]() -> Task<void> {
    const auto started = co_await kafka->start();
    EXPECT_TRUE(started);
    kafka->publisher().offer(event("fb-1"));
    auto came_wait = until([&] { return handler.seen.size() == 1; });
    const bool came = co_await std::move(came_wait);
    EXPECT_TRUE(came);
    co_await runtime::pause_for(6s);  // no wait for something: nothing may happen in this time
    co_await kafka->stop(runtime::deadline_after(10s));
  };
  loop.run(script());
  EXPECT_TRUE(telemetry.events("kafka.client_trouble").empty());
}

TEST_F(Backbone, ReadsOnWhereAPartitionWasPausedWhenItChangedHands) {
  constexpr int kEvents = 660;
  auto broker = EmbeddedBroker::start();
  ASSERT_TRUE(broker);
  config.bootstrap_servers = (*broker)->bootstrap_servers();
  config.consumer_queue_max = 8;
  config.session_timeout = std::chrono::seconds(4);
  config.max_poll_interval = std::chrono::seconds(4);
  const auto first = make();
  first->set_handler(handler);
  spool.path.clear();
  const auto second = make();
  Handler other;
  second->set_handler(other);
  handler.refusals = other.refusals = 1 << 30;  // the store is away: what comes waits, and pauses
  const auto refused = [](const Handler& by) { return (1 << 30) - by.refusals; };
  const auto script = [&]() -> Task<void> {
    EXPECT_TRUE(co_await first->start());
    for (int i = 0; i < kEvents; ++i)
      first->publisher().offer(event("fb-" + std::to_string(i), "t" + std::to_string(i % 40)));
    auto paused_wait = until([&] { return refused(handler) >= 40; });
    EXPECT_TRUE(co_await std::move(paused_wait));
    EXPECT_TRUE(co_await second->start());
    auto joined_wait = until([&] { return refused(other) >= 10; });
    EXPECT_TRUE(co_await std::move(joined_wait));
    co_await second->stop(runtime::deadline_after(std::chrono::seconds(3)));
    handler.refusals = 0;
    auto came_wait = until([&] { return handler.seen.size() == kEvents; });
    EXPECT_TRUE(co_await std::move(came_wait)) << handler.seen.size();
    co_await first->stop(runtime::deadline_after(std::chrono::seconds(3)));
  };
  loop.run(script());
}

TEST_F(Backbone, TriesAgainUntilTheEffectIsStoredAndSetsPoisonAside) {
  handler.refusals = 2;
  const auto kafka = make();
  handler.kafka = kafka.get();
  kafka->set_handler(handler);
  const auto script = [&]() -> Task<void> {
    const auto started = co_await kafka->start();
    EXPECT_TRUE(started);
    auto poison = event("fb-poison");
    poison.response_id = "poison";
    wire::Event first = std::move(poison);
    wire::Event second = event("fb-good");
    static_cast<void>(co_await kafka->publisher().publish(std::move(first)));
    static_cast<void>(co_await kafka->publisher().publish(std::move(second)));
    auto came_wait = until([&] { return handler.seen.contains("fb-good"); });
    const bool came = co_await std::move(came_wait);
    EXPECT_TRUE(came);
    co_await kafka->stop(runtime::deadline_after(std::chrono::seconds(10)));
  };
  loop.run(script());
  EXPECT_FALSE(handler.seen.contains("fb-poison"));
  EXPECT_EQ(telemetry.events("kafka.record_dead_lettered").size(), 1U);
  EXPECT_EQ(telemetry.events("kafka.handler_failed").size(), 2U);
}

/// Against a broker that keeps things: LOQUAT_TEST_KAFKA=host:port.
TEST_F(Backbone, ARealBrokerGetsItsTopicsAndReportsCountAsAccepted) {
  const char* servers = std::getenv("LOQUAT_TEST_KAFKA");
  if (servers == nullptr) GTEST_SKIP() << "LOQUAT_TEST_KAFKA is not set";
  config.bootstrap_servers = servers;
  config.create_topics = true;
  config.consumer_group = "backbone-" + make_hex(4, random);
  const std::string run = make_hex(4, random);
  const auto kafka = make();
  kafka->set_handler(handler);
  int accepted = 0;
  const auto script = [&]() -> Task<void> {
    const auto started = co_await kafka->start();
    EXPECT_TRUE(started);
    for (int i = 0; i < 50; ++i) {
      wire::Event one = event("fb-" + run + "-" + std::to_string(i), "tenant-" + run);
      const auto receipt = co_await kafka->publisher().publish(std::move(one));
      EXPECT_TRUE(receipt);
      if (receipt && *receipt == Receipt::accepted) ++accepted;
      if (i > 0) continue;  // topics are created and the producer gets ready meanwhile
      auto first_wait = until([&] { return kafka->accounting().delivered == 1; });
      const bool is_there = co_await std::move(first_wait);
      EXPECT_TRUE(is_there);
    }
    auto came_wait = until([&] { return handler.order["tenant-" + run].size() >= 50; });
    const bool came = co_await std::move(came_wait);
    EXPECT_TRUE(came);
    co_await kafka->stop(runtime::deadline_after(std::chrono::seconds(10)));
  };
  loop.run(script());
  EXPECT_GT(accepted, 0);
  const auto seer = make_client(RD_KAFKA_PRODUCER, connection_settings(config, servers, "seer"), 0);
  ASSERT_TRUE(seer);
  for (const auto& info : wire::topic_table())
    EXPECT_EQ(*see_topic(seer->get(), std::string(info.name)), info.partitions) << info.name;
  std::vector<std::string> wanted;
  for (int i = 0; i < 50; ++i) wanted.push_back("fb-" + run + "-" + std::to_string(i));
  EXPECT_EQ(handler.order["tenant-" + run], wanted);
}

TEST_F(Backbone, WrongSettingsStopTheStartAndName) {
  config.bootstrap_servers = "127.0.0.1:1";
  config.ssl_ca_location = (folder / "no-such-file").string();
  config.security_protocol = "SSL";
  const auto kafka = make();
  const auto script = [&]() -> Task<void> {
    const auto started = co_await kafka->start();
    EXPECT_FALSE(started);
    if (!started) EXPECT_EQ(started.error().code, Errc::invalid_request);
    co_await kafka->stop(runtime::deadline_after(std::chrono::seconds(1)));
  };
  loop.run(script());
}

}  // namespace
}  // namespace loquat::kafka

// long: one machine, one bench; its scenarios are read together.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <set>

#include "../../../../src/integrations/kafka/outbox_fsm.hpp"

namespace loquat::kafka {
namespace {

using contracts::Receipt;
using degradation::BreakerState;

/// A machine with a disk and a broker that do what the script says.
class Bench {
 public:
  explicit Bench(OutboxLimits limits) : box(limits), limits_(limits) {}

  Ticket publish(const std::string& event_id, const std::string& key = "t1",
                 const std::string& topic = "ai-feedback-events") {
    OutRecord record = make(event_id, key, topic);
    key_of[event_id] = key;
    const Ticket ticket = box.publish(std::move(record), now);
    collect();
    return ticket;
  }
  void offer(const std::string& event_id, const std::string& topic, int rank) {
    OutRecord record = make(event_id, "t1", topic);
    record.rank = rank;
    record.is_kept = false;
    box.offer(std::move(record), now);
    collect();
  }
  static WallTime made_at(const std::string& event_id) {
    return WallTime{std::chrono::seconds(event_id.front())};
  }
  static OutRecord make(const std::string& event_id, const std::string& key,
                        const std::string& topic) {
    OutRecord record;
    record.topic = topic;
    record.key = key;
    record.event_id = event_id;
    record.payload = "{}";
    record.made_at = made_at(event_id);
    record.rank = 90;
    record.is_kept = true;
    record.needs_effect = topic == "ai-feedback-events";
    return record;
  }
  void collect() {
    for (auto& action : box.take_actions()) {
      if (const auto* send = std::get_if<Send>(&action)) {
        sent.push_back({send->id, send->record->event_id});
      } else if (auto* append = std::get_if<Append>(&action)) {
        appends.push_back(*append->records);
      } else if (auto* read = std::get_if<ReadSpool>(&action)) {
        reads.push_back(*read);
      } else if (const auto* done = std::get_if<Acknowledge>(&action)) {
        for (const auto at : done->positions) disk.erase(at);
      } else if (auto* resolve = std::get_if<Resolve>(&action)) {
        EXPECT_FALSE(resolved.contains(resolve->ticket)) << "resolved twice";
        resolved.emplace(resolve->ticket, resolve->outcome);
      } else if (std::holds_alternative<TakeBack>(action)) {
        ++take_backs;
      } else {
        lost.push_back(std::get<Lost>(action).topic);
      }
    }
    const auto totals = box.totals();
    EXPECT_EQ(totals.offered, totals.delivered + totals.dropped + totals.refused + totals.held);
  }
  /// The oldest unreported record's report; its event id.
  std::string report(Report report) {
    const auto [id, event_id] = sent.front();
    sent.pop_front();
    if (report == Report::delivered) topic.push_back(event_id);
    box.reported(id, report, now);
    collect();
    return event_id;
  }
  void write(bool is_ok = true) {
    auto records = std::move(appends.front());
    appends.pop_front();
    Result<std::vector<std::uint64_t>> outcome = fail(Errc::buffer_full, "full");
    if (is_ok) {
      outcome = std::vector<std::uint64_t>{};
      for (auto& record : records) {
        disk[++last_position] = record;
        outcome->push_back(last_position);
      }
    }
    box.appended(std::move(outcome), now);
    collect();
  }
  void read() {
    begin_read();
    end_read();
  }
  /// What the disk holds now; the machine hears of it later.
  void begin_read() {
    const ReadSpool job = reads.front();
    reads.pop_front();
    reading.emplace();
    for (const auto& [at, record] : disk)
      if (at > job.after && reading->size() < job.limit)
        reading->push_back({at, make(record.event_id, record.key, record.topic)});
  }
  void end_read() {
    auto records = std::move(*reading);
    reading.reset();
    box.read(std::move(records), now);
    collect();
  }
  /// The client library gives a record back, and with it all of its key that it has. The broker may
  /// have got the first `persisted` of them all the same.
  void fail_key_of_oldest(std::size_t persisted) {
    const std::string key = key_of.at(sent.front().second);
    std::vector<RecordId> ids;
    for (auto it = sent.begin(); it != sent.end();) {
      if (key_of.at(it->second) != key) {
        ++it;
        continue;
      }
      if (ids.size() < persisted) {
        topic.push_back(it->second);
        unreported.insert(it->second);
      }
      ids.push_back(it->first);
      it = sent.erase(it);
    }
    for (const RecordId id : ids) box.reported(id, Report::failed, now);
    collect();
  }
  /// Events of a key as a reader that goes by event_id sees them.
  std::vector<std::string> seen_of(const std::string& key) const {
    std::vector<std::string> seen;
    for (const auto& id : topic)
      if (key_of.at(id) == key && std::ranges::find(seen, id) == seen.end()) seen.push_back(id);
    return seen;
  }
  void advance(Clock::duration by) {
    now += by;
    box.tick(now);
    collect();
  }
  std::optional<Receipt> receipt(Ticket ticket) const {
    const auto known = resolved.find(ticket);
    if (known == resolved.end() || !known->second) return std::nullopt;
    return *known->second;
  }
  bool is_refused(Ticket ticket) const {
    const auto known = resolved.find(ticket);
    return known != resolved.end() && !known->second &&
           known->second.error().code == Errc::buffer_full;
  }

  Time now{std::chrono::hours(1)};
  Outbox box;
  std::deque<std::pair<RecordId, std::string>> sent;
  std::deque<std::vector<degradation::SpoolRecord>> appends;
  std::deque<ReadSpool> reads;
  std::map<std::uint64_t, degradation::SpoolRecord> disk;
  std::uint64_t last_position = 0;
  std::map<Ticket, Result<Receipt>> resolved;
  std::vector<std::string> lost, topic;
  std::optional<std::vector<SpooledOut>> reading;
  std::map<std::string, std::string> key_of;
  std::set<std::string> unreported;  // in the topic, though their sender was told of a failure
  int take_backs = 0;

 private:
  OutboxLimits limits_;
};

OutboxLimits limits(bool has_spool = true) {
  OutboxLimits made;
  made.buffer.events_max = 8;
  made.buffer.policy = degradation::FullPolicy::drop_lowest;
  made.buffer.keep_rank = 80;
  made.has_spool = has_spool;
  return made;
}
constexpr auto kAckWait = std::chrono::milliseconds(200);

TEST(Outbox, AnswersAcceptedOnAReport) {
  Bench bench(limits());
  const Ticket ticket = bench.publish("a");
  EXPECT_FALSE(bench.receipt(ticket));
  bench.report(Report::delivered);
  EXPECT_EQ(bench.receipt(ticket), Receipt::accepted);
  EXPECT_TRUE(bench.appends.empty());
}

TEST(Outbox, AnswersBufferedOnlyAfterTheDiskHasIt) {
  Bench bench(limits());
  const Ticket ticket = bench.publish("a");
  bench.advance(kAckWait);
  ASSERT_EQ(bench.appends.size(), 1U);
  EXPECT_FALSE(bench.receipt(ticket));
  bench.write();
  EXPECT_EQ(bench.receipt(ticket), Receipt::buffered);
  bench.report(Report::delivered);  // late: the disk lets go
  EXPECT_TRUE(bench.disk.empty());
}

TEST(Outbox, AReportWhileTheDiskWritesLeavesNothingBehind) {
  Bench bench(limits());
  const Ticket ticket = bench.publish("a");
  bench.advance(kAckWait);
  bench.report(Report::delivered);
  EXPECT_EQ(bench.receipt(ticket), Receipt::accepted);
  bench.write();
  EXPECT_TRUE(bench.disk.empty());
  EXPECT_TRUE(bench.box.is_idle());
}

TEST(Outbox, RefusesWhatNeitherDiskNorBrokerTakes) {
  Bench bench(limits());
  bench.box.brokers_down(bench.now);
  const Ticket ticket = bench.publish("a");
  bench.write(false);
  EXPECT_TRUE(bench.is_refused(ticket));
  EXPECT_EQ(bench.box.totals().held, 0U);
  EXPECT_EQ(bench.box.totals().refused, 1U);
}

TEST(Outbox, WaitsForTheReportOfWhatItCannotTakeBack) {
  Bench bench(limits());
  const Ticket first = bench.publish("a");
  bench.advance(kAckWait);
  bench.write(false);
  EXPECT_FALSE(bench.resolved.contains(first));
  bench.report(Report::failed);
  EXPECT_TRUE(bench.is_refused(first));
  EXPECT_EQ(bench.box.totals().held, 0U);
}

TEST(Outbox, WritesOneByOneWhatDoesNotFitTogether) {
  Bench bench(limits());
  bench.box.brokers_down(bench.now);
  const Ticket a = bench.publish("a");
  const Ticket b = bench.publish("b");
  const Ticket c = bench.publish("c");
  bench.write();  // a alone: b and c came while it was written
  ASSERT_EQ(bench.appends.front().size(), 2U);
  bench.write(false);
  EXPECT_FALSE(bench.resolved.contains(b) || bench.resolved.contains(c));
  ASSERT_EQ(bench.appends.front().size(), 1U);
  bench.write();
  bench.write(false);
  EXPECT_EQ(bench.receipt(a), Receipt::buffered);
  EXPECT_EQ(bench.receipt(b), Receipt::buffered) << "it fits, though both did not";
  EXPECT_TRUE(bench.is_refused(c));
}

TEST(Outbox, AMissingTopicHoldsUpNoOther) {
  using std::chrono::seconds;
  Bench bench(limits());
  for (int i = 0; i < 20; ++i) {  // far more than opens the breaker
    if (i == 0) static_cast<void>(bench.publish("a", "t1", "missing"));
    bench.report(Report::no_topic);
    EXPECT_EQ(bench.box.breaker(), BreakerState::closed);
    static_cast<void>(bench.publish("b" + std::to_string(i)));
    ASSERT_EQ(bench.sent.size(), 1U) << "nothing more goes to the topic that is not there";
    bench.report(Report::delivered);
    EXPECT_EQ(bench.box.resting_topics(), std::vector<std::string>{"missing"});
    bench.advance(seconds(2));
    while (!bench.appends.empty()) bench.write();
    ASSERT_EQ(bench.sent.size(), 1U) << "and then it is tried again";
    EXPECT_EQ(bench.sent.front().second, "a");
  }
  bench.report(Report::delivered);
  EXPECT_EQ(bench.box.totals().held, 0U);
}

TEST(Outbox, OffersAloneWhatWasTooLargeWithOthers) {
  Bench bench(limits());
  const Ticket a = bench.publish("a", "t1");
  const Ticket b = bench.publish("b", "t2");
  const Ticket c = bench.publish("c", "t3");
  for (int i = 0; i < 3; ++i) bench.report(Report::too_large);
  EXPECT_TRUE(bench.lost.empty());
  ASSERT_EQ(bench.sent.size(), 1U);
  EXPECT_EQ(bench.report(Report::delivered), "a");
  ASSERT_EQ(bench.sent.size(), 1U);
  EXPECT_EQ(bench.report(Report::too_large), "b") << "alone it is too large itself";
  EXPECT_EQ(bench.lost.size(), 1U);
  EXPECT_EQ(bench.report(Report::delivered), "c");
  EXPECT_EQ(bench.receipt(a), Receipt::accepted);
  EXPECT_FALSE(bench.resolved.at(b));
  EXPECT_EQ(bench.receipt(c), Receipt::accepted);
  EXPECT_EQ(bench.box.breaker(), BreakerState::closed);
}

TEST(Outbox, APartitionThatTakesNothingDoesNotFillWhatMayBeUnderWay) {
  using std::chrono::seconds;
  auto made = limits();
  made.in_flight_max = 3;
  Bench bench(made);
  bench.offer("a", "ai-thinking-events", 10);
  bench.advance(seconds(1));
  bench.offer("b", "ai-thinking-events", 10);
  bench.offer("c", "ai-thinking-events", 10);
  EXPECT_EQ(bench.sent.size(), 1U) << "what follows in its lane waits";
  static_cast<void>(bench.publish("d"));
  ASSERT_EQ(bench.sent.size(), 2U);
  bench.report(Report::delivered);
  bench.report(Report::delivered);
  EXPECT_EQ(bench.sent.size(), 2U) << "b and c, once the first is reported";
}

TEST(Outbox, TakesFromTheDiskAloneWhatIsLargerThanItsMemory) {
  auto made = limits();
  made.buffer.bytes_max = 8;
  Bench bench(made);
  for (const char* id : {"a", "b"}) {
    bench.key_of[id] = "t1";
    bench.disk[++bench.last_position] = {"t1", "ai-feedback-events", id, "{}", false, ""};
  }
  bench.box.recovered({{"ai-feedback-events", 2}}, bench.now);
  bench.collect();
  for (const char* id : {"a", "b"}) {
    ASSERT_EQ(bench.reads.size(), 1U);
    bench.read();
    ASSERT_EQ(bench.sent.size(), 1U) << id;
    EXPECT_EQ(bench.report(Report::delivered), id);
  }
  EXPECT_TRUE(bench.disk.empty());
}

TEST(Outbox, KeepsTheOrderOfAKeyWhenRecordsComeBack) {
  Bench bench(limits());
  for (const char* id : {"a", "b", "c"}) static_cast<void>(bench.publish(id));
  bench.report(Report::failed);  // a comes back while b and c are in flight
  EXPECT_EQ(bench.sent.size(), 2U) << "nothing of the key goes out before all are reported";
  bench.report(Report::failed);
  bench.report(Report::failed);
  ASSERT_EQ(bench.sent.size(), 3U);
  while (!bench.sent.empty()) bench.report(Report::delivered);
  EXPECT_EQ(bench.topic, (std::vector<std::string>{"a", "b", "c"}));
}

TEST(Outbox, SendsNothingOfAKeyBehindASilentRecord) {
  Bench bench(limits());
  static_cast<void>(bench.publish("a"));
  bench.advance(limits().ack_wait);  // no report: it goes to disk, and may still be given back
  while (!bench.appends.empty()) bench.write();
  static_cast<void>(bench.publish("b"));
  ASSERT_EQ(bench.sent.size(), 1U) << "b could overtake a";
  bench.report(Report::failed);
  for (int i = 0; i < 100 && bench.topic.size() < 2; ++i) {
    bench.advance(std::chrono::seconds(2));
    while (!bench.sent.empty()) bench.report(Report::delivered);
  }
  EXPECT_EQ(bench.topic, (std::vector<std::string>{"a", "b"}));
}

TEST(Outbox, SendsNothingOfAKeyBehindARecordThatWasUnderWayWhenTheBrokerWent) {
  Bench bench(limits());
  static_cast<void>(bench.publish("a"));
  bench.box.brokers_down(bench.now);  // before a was silent for long enough to be noticed
  bench.collect();
  static_cast<void>(bench.publish("b"));
  while (!bench.appends.empty()) bench.write();
  for (int i = 0; i < 20; ++i) bench.advance(std::chrono::seconds(2));
  ASSERT_EQ(bench.sent.size(), 1U) << "b went out as a probe: given back alone, a stands behind it";
  bench.report(Report::failed);
  for (int i = 0; i < 100 && bench.topic.size() < 2; ++i) {
    bench.advance(std::chrono::seconds(2));
    while (!bench.sent.empty()) bench.report(Report::delivered);
  }
  EXPECT_EQ(bench.topic, (std::vector<std::string>{"a", "b"}));
}

TEST(Outbox, SendsNothingOfAKeyBehindAProbe) {
  Bench bench(limits());
  bench.box.brokers_down(bench.now);
  for (const char* id : {"a", "b", "c"}) static_cast<void>(bench.publish(id));
  while (!bench.appends.empty()) bench.write();
  for (int i = 0; i < 100; ++i) bench.advance(std::chrono::seconds(2));
  EXPECT_EQ(bench.sent.size(), 1U);
}

TEST(Outbox, WhatIsReportedWhileTheDiskIsReadIsNotTakenForAnother) {
  OutboxLimits tight = limits();
  tight.buffer.events_max = 4;
  Bench bench(tight);
  bench.box.brokers_down(bench.now);
  for (const char* id : {"a", "b", "c", "d", "e"}) {  // e finds no room: it is on disk only
    static_cast<void>(bench.publish(id));
    while (!bench.appends.empty()) bench.write();
  }
  bench.advance(std::chrono::seconds(2));
  while (bench.reads.empty()) bench.report(Report::delivered);
  ASSERT_EQ(bench.sent.size(), 1U) << "d is in memory and on disk";
  bench.begin_read();
  while (!bench.sent.empty()) bench.report(Report::delivered);
  bench.end_read();
  for (int i = 0; i < 10; ++i) {
    while (!bench.reads.empty()) bench.read();
    while (!bench.sent.empty()) bench.report(Report::delivered);
  }
  EXPECT_EQ(bench.topic, (std::vector<std::string>{"a", "b", "c", "d", "e"}))
      << "no copy, and all of them";
  EXPECT_TRUE(bench.disk.empty());
  EXPECT_TRUE(bench.box.is_idle());
}

TEST(Outbox, TakesBackWhatTheClientLibraryHoldsForTooLong) {
  OutboxLimits patient = limits();
  patient.take_back = std::chrono::seconds(30);
  Bench bench(patient);
  static_cast<void>(bench.publish("a"));
  bench.box.brokers_down(bench.now);
  bench.advance(std::chrono::seconds(29));
  EXPECT_EQ(bench.take_backs, 0);
  bench.advance(std::chrono::seconds(2));
  EXPECT_EQ(bench.take_backs, 1);
  bench.advance(std::chrono::seconds(2));
  EXPECT_EQ(bench.take_backs, 1) << "once, until it has had as long again";
}

TEST(Outbox, TakesABrokerThatAcknowledgesNothingForAway) {
  OutboxLimits patient = limits();
  patient.silence = std::chrono::seconds(3);
  patient.take_back = std::chrono::seconds(30);
  patient.breaker.failures_to_open = 100;
  Bench bench(patient);
  static_cast<void>(bench.publish("a"));
  static_cast<void>(bench.publish("b"));
  bench.advance(std::chrono::seconds(2));
  bench.report(Report::delivered);
  bench.advance(std::chrono::milliseconds(2'900));
  EXPECT_EQ(bench.box.breaker(), BreakerState::closed)
      << "it has been silent since that acknowledgement";
  ASSERT_TRUE(bench.box.next_wake());
  EXPECT_LE(*bench.box.next_wake(), bench.now + std::chrono::milliseconds(100));
  bench.advance(std::chrono::milliseconds(200));
  EXPECT_NE(bench.box.breaker(), BreakerState::closed);
  while (!bench.appends.empty()) bench.write();
  const Ticket ticket = bench.publish("c", "t2");
  ASSERT_FALSE(bench.appends.empty()) << "at once: nobody waits for an acknowledgement";
  bench.write();
  EXPECT_EQ(bench.receipt(ticket), Receipt::buffered);
  bench.advance(std::chrono::seconds(29));
  EXPECT_EQ(bench.take_backs, 0);
  bench.advance(std::chrono::seconds(2));
  EXPECT_EQ(bench.take_backs, 1);
}

TEST(Outbox, SixMinutesWithoutABrokerKeepAllAndTheirOrder) {
  OutboxLimits small = limits();
  small.buffer.events_max = 50;
  Bench bench(small);
  std::vector<std::string> asked;
  for (int i = 0; i < 10; ++i) {
    asked.push_back("e" + std::to_string(i));
    static_cast<void>(bench.publish(asked.back()));
    bench.report(Report::delivered);
  }
  static_cast<void>(bench.publish("under way"));
  asked.emplace_back("under way");
  bench.box.brokers_down(bench.now);
  for (int i = 10; i < 3'600; ++i) {  // ten a second
    asked.push_back("e" + std::to_string(i));
    const Ticket ticket = bench.publish(asked.back());
    while (!bench.appends.empty()) bench.write();
    EXPECT_EQ(bench.receipt(ticket), Receipt::buffered);
    bench.advance(std::chrono::milliseconds(100));
    if (i % 300 == 0 && !bench.sent.empty()) bench.fail_key_of_oldest(0);  // as it is taken back
    EXPECT_LE(bench.box.totals().held, 3'600U);
  }
  bench.box.brokers_up(bench.now);
  for (int i = 0; i < 100'000 && !bench.box.is_idle(); ++i) {
    bench.collect();
    if (!bench.sent.empty()) bench.report(Report::delivered);
    if (bench.sent.empty() && !bench.reads.empty()) bench.read();
    if (bench.sent.empty() && bench.reads.empty()) bench.advance(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(bench.topic == asked) << bench.topic.size() << " of " << asked.size();
  EXPECT_TRUE(bench.disk.empty());
}

TEST(Outbox, QueuesNewerRecordsBehindThoseOnDisk) {
  OutboxLimits tight = limits();
  tight.buffer.events_max = 2;
  Bench bench(tight);
  bench.box.brokers_down(bench.now);
  std::vector<Ticket> tickets;
  for (const char* id : {"a", "b", "c", "d"}) {
    tickets.push_back(bench.publish(id));
    while (!bench.appends.empty()) bench.write();
  }
  for (const Ticket ticket : tickets) EXPECT_EQ(bench.receipt(ticket), Receipt::buffered);
  for (int i = 0; i < 100 && bench.topic.size() < 4; ++i) {
    bench.advance(std::chrono::seconds(2));
    while (!bench.sent.empty()) bench.report(Report::delivered);
    while (!bench.reads.empty()) bench.read();
  }
  EXPECT_EQ(bench.topic, (std::vector<std::string>{"a", "b", "c", "d"}));
  EXPECT_TRUE(bench.disk.empty());
}

TEST(Outbox, SendsWhatAnEarlierRunLeftBeforeAnythingNew) {
  Bench bench(limits());
  bench.disk[1] = to_spool(Bench::make("old1", "t1", "ai-feedback-events"));
  bench.disk[2] = to_spool(Bench::make("old2", "t1", "ai-feedback-events"));
  bench.last_position = 2;
  bench.box.recovered({{"ai-feedback-events", 2}}, bench.now);
  bench.collect();
  const Ticket ticket = bench.publish("new");
  EXPECT_TRUE(bench.sent.empty()) << "nothing overtakes what is on disk";
  for (int i = 0; i < 10; ++i) {
    while (!bench.reads.empty()) bench.read();
    while (!bench.sent.empty()) bench.report(Report::delivered);
  }
  EXPECT_EQ(bench.topic, (std::vector<std::string>{"old1", "old2", "new"}));
  EXPECT_EQ(bench.receipt(ticket), Receipt::accepted) << "the disk was empty in time";
  EXPECT_TRUE(bench.disk.empty());
}

TEST(Outbox, WritesWhatWaitedTooLongForTheDiskToEmpty) {
  Bench bench(limits());
  bench.disk[1] = to_spool(Bench::make("old", "t1", "ai-feedback-events"));
  bench.last_position = 1;
  bench.box.recovered({{"ai-feedback-events", 1}}, bench.now);
  bench.collect();
  const Ticket first = bench.publish("a");
  const Ticket second = bench.publish("b");
  bench.advance(kAckWait);
  while (!bench.appends.empty()) bench.write();
  EXPECT_EQ(bench.receipt(first), Receipt::buffered);
  EXPECT_EQ(bench.receipt(second), Receipt::buffered);
}

TEST(Outbox, LeavesTheDiskBehindUnderASteadyLoad) {
  Bench bench(limits());
  bench.disk[1] = to_spool(Bench::make("old", "t1", "ai-feedback-events"));
  bench.last_position = 1;
  bench.box.recovered({{"ai-feedback-events", 1}}, bench.now);
  bench.collect();
  Ticket last = 0;
  for (int i = 0; i < 50; ++i) {  // always one more before the one before is through
    last = bench.publish("e" + std::to_string(i));
    if (!bench.reads.empty()) bench.read();
    if (!bench.appends.empty()) bench.write();
    if (bench.sent.size() > 1) bench.report(Report::delivered);
  }
  while (!bench.sent.empty()) bench.report(Report::delivered);
  EXPECT_EQ(bench.receipt(last), Receipt::accepted);
}

TEST(Outbox, DropsTheLeastValuableFirstAndNeverWhatIsKept) {
  Bench bench(limits(false));
  bench.box.brokers_down(bench.now);
  for (int i = 0; i < 4; ++i) bench.offer("th", "agent-thinking-events", 10);
  for (int i = 0; i < 4; ++i) bench.offer("in", "ai-insights", 60);
  const Ticket kept = bench.publish("a");
  EXPECT_EQ(bench.lost, (std::vector<std::string>{"agent-thinking-events"}));
  EXPECT_EQ(bench.receipt(kept), Receipt::buffered);
  for (int i = 0; i < 7; ++i) static_cast<void>(bench.publish("b"));
  EXPECT_EQ(std::ranges::count(bench.lost, "ai-insights"), 4);
  EXPECT_TRUE(bench.is_refused(bench.publish("c"))) << "full of what is kept, and no disk";
}

TEST(Outbox, WithoutADiskBufferedMeansKeptInMemory) {
  Bench bench(limits(false));
  const Ticket ticket = bench.publish("a");
  bench.advance(kAckWait);
  EXPECT_EQ(bench.receipt(ticket), Receipt::buffered);
  bench.report(Report::failed);
  ASSERT_EQ(bench.sent.size(), 1U);
  bench.report(Report::delivered);
  EXPECT_EQ(bench.topic, (std::vector<std::string>{"a"}));
}

TEST(Outbox, OpenBreakerLetsOnlyAProbeThroughAndAReportClosesIt) {
  Bench bench(limits());
  bench.box.brokers_down(bench.now);
  for (const char* id : {"a", "b", "c"}) static_cast<void>(bench.publish(id));
  EXPECT_TRUE(bench.sent.empty());
  bench.advance(std::chrono::seconds(2));
  EXPECT_EQ(bench.sent.size(), 1U);
  bench.report(Report::delivered);
  EXPECT_EQ(bench.box.breaker(), BreakerState::closed);
  EXPECT_EQ(bench.sent.size(), 2U);
}

TEST(Outbox, ARejectedRecordIsLostAndToldSo) {
  Bench bench(limits());
  const Ticket ticket = bench.publish("a");
  bench.report(Report::rejected);
  ASSERT_TRUE(bench.resolved.contains(ticket));
  EXPECT_EQ(bench.resolved.at(ticket).error().code, Errc::payload_too_large);
  EXPECT_EQ(bench.lost.size(), 1U);
  EXPECT_EQ(bench.box.topics().at("ai-feedback-events").lost, 1U);
}

TEST(Outbox, AnEmbeddedBrokersReportIsNoPromise) {
  OutboxLimits embedded = limits();
  embedded.is_forgetful = true;
  Bench bench(embedded);
  const Ticket ticket = bench.publish("a");
  EXPECT_TRUE(bench.sent.empty()) << "the disk first";
  bench.write();
  EXPECT_EQ(bench.receipt(ticket), Receipt::buffered);
  bench.report(Report::delivered);
  EXPECT_EQ(bench.disk.size(), 1U);
  bench.box.settled("a");
  bench.collect();
  EXPECT_TRUE(bench.disk.empty());
}

TEST(Outbox, TheEffectMayBeStoredBeforeTheReportIsSeen) {
  OutboxLimits embedded = limits();
  embedded.is_forgetful = true;
  Bench bench(embedded);
  static_cast<void>(bench.publish("a"));
  bench.write();
  bench.box.settled("a");
  bench.report(Report::delivered);
  EXPECT_TRUE(bench.disk.empty());
}

TEST(Outbox, SaysOfEachTopicWhatWaitsSinceWhenAndWhatWentOutTwice) {
  OutboxLimits tight = limits();
  tight.buffer.events_max = 2;
  Bench bench(tight);
  const auto state = [&bench] { return bench.box.topics()["ai-feedback-events"]; };
  EXPECT_TRUE(bench.box.topics().empty());
  static_cast<void>(bench.publish("a"));
  bench.report(Report::failed);
  EXPECT_EQ(state().copies, 1U) << "it was sent again";
  bench.report(Report::not_taken);
  bench.report(Report::not_taken);
  bench.box.brokers_down(bench.now);
  for (const char* id : {"b", "c", "d"}) {
    static_cast<void>(bench.publish(id));
    while (!bench.appends.empty()) bench.write();
  }
  EXPECT_EQ(state().waiting, 4U) << "two of them on disk only";
  EXPECT_EQ(state().oldest, Bench::made_at("a"));
  for (int i = 0; i < 100 && bench.topic.size() < 4; ++i) {
    if (i % 2 == 0)
      EXPECT_EQ(state().oldest, Bench::made_at(std::string(1, "abcd"[bench.topic.size()])));
    bench.advance(std::chrono::seconds(2));
    if (!bench.sent.empty()) bench.report(Report::delivered);
    while (!bench.reads.empty()) bench.read();
  }
  EXPECT_EQ(bench.topic.size(), 4U);
  EXPECT_EQ(state().waiting, 0U);
  EXPECT_FALSE(state().oldest);
  EXPECT_EQ(state().lost, 0U);
}

TEST(Outbox, StowsWhatWasPromisedWhenTheProcessEnds) {
  Bench bench(limits());
  static_cast<void>(bench.publish("a"));
  bench.offer("th", "agent-thinking-events", 10);
  bench.box.stow();
  bench.collect();
  ASSERT_EQ(bench.appends.size(), 1U);
  bench.write();
  EXPECT_EQ(bench.disk.size(), 1U);
  EXPECT_FALSE(bench.box.is_writing());
}

/// A few keys, faults at every step, and at a random point perhaps a crash: what is on disk starts
/// again, what was under way is in the topic in part.
class Faults {
 public:
  Faults(unsigned seed, OutboxLimits limits) : dice_(seed), limits_(limits) {
    bench = std::make_unique<Bench>(limits);
  }
  void step(bool may_fail) {
    switch (dice_() % 7) {
      case 0:
        if (bench->sent.empty()) break;
        if (may_fail && dice_() % 2 == 0)
          bench->fail_key_of_oldest(dice_() % 3);
        else
          bench->report(Report::delivered);
        break;
      case 1:
        if (!bench->reading && !bench->appends.empty()) bench->write(!may_fail || dice_() % 3 != 0);
        break;
      case 2:
        if (!bench->reading && !bench->reads.empty()) bench->begin_read();
        break;
      case 3:
        if (bench->reading) bench->end_read();
        break;
      case 4:
        bench->advance(std::chrono::milliseconds(dice_() % 400));
        break;
      case 5:
        if (may_fail && dice_() % 8 == 0) bench->box.brokers_down(bench->now);
        bench->collect();
        break;
      default:
        break;
    }
  }
  void publish(const std::string& id, const std::string& key) {
    asked[key].push_back(id);
    tickets_[bench->publish(id, key)] = id;
  }
  void note_answers() {
    for (const auto& [ticket, id] : tickets_) {
      if (bench->receipt(ticket)) promised.insert(id);
      if (bench->is_refused(ticket) && !bench->unreported.contains(id)) refused.insert(id);
    }
  }
  void crash() {
    note_answers();
    while (!bench->sent.empty()) bench->fail_key_of_oldest(dice_() % 3);
    auto next = std::make_unique<Bench>(limits_);
    next->now = bench->now + std::chrono::seconds(1);
    next->disk = bench->disk;
    next->last_position = bench->last_position;
    next->topic = bench->topic;
    next->key_of = bench->key_of;
    next->unreported = bench->unreported;
    bench = std::move(next);
    tickets_.clear();
    bench->box.recovered({{"ai-feedback-events", bench->disk.size()}}, bench->now);
    bench->collect();
  }
  bool finish() {
    for (int i = 0; i < 20'000 && (!bench->box.is_idle() || bench->reading); ++i) {
      step(false);
      if (i % 10 == 0) bench->advance(std::chrono::seconds(1));
    }
    note_answers();
    return bench->box.is_idle();
  }
  unsigned roll(unsigned sides) { return static_cast<unsigned>(dice_() % sides); }
  std::unique_ptr<Bench> bench;
  std::map<std::string, std::vector<std::string>> asked;
  std::set<std::string> promised, refused;

 private:
  std::mt19937 dice_;
  OutboxLimits limits_;
  std::map<Ticket, std::string> tickets_;
};

OutboxLimits cramped() {
  OutboxLimits small = limits();
  small.buffer.events_max = 5;
  small.in_flight_max = 3;
  small.refill = 2;
  return small;
}

/// `crash_at`: after how many records; none if negative.
void run_faults(unsigned seed, int crash_at) {
  Faults faults(seed, cramped());
  for (int i = 0; i < 40; ++i) {
    faults.publish("e" + std::to_string(i), i % 2 == 0 ? "t1" : "t2");
    for (int k = 0; k < 4; ++k) faults.step(true);
    if (i == crash_at) faults.crash();
  }
  ASSERT_TRUE(faults.finish()) << "seed " << seed;
  EXPECT_TRUE(faults.bench->disk.empty()) << "seed " << seed;
  for (const auto& [key, asked] : faults.asked) {
    const auto seen = faults.bench->seen_of(key);
    const std::set<std::string> there(seen.begin(), seen.end());
    std::vector<std::string> in_order;
    for (const auto& id : asked) {
      if (there.contains(id)) in_order.push_back(id);
      if (faults.promised.contains(id)) {
        EXPECT_TRUE(there.contains(id)) << id << " was promised; seed " << seed;
      }
      if (faults.refused.contains(id) && crash_at < 0) {
        EXPECT_FALSE(there.contains(id)) << id << " was refused; seed " << seed;
      }
    }
    EXPECT_EQ(seen, in_order) << "order of " << key << ", seed " << seed << ", crash " << crash_at;
  }
}

TEST(Outbox, LosesNothingPromisedAndKeepsTheOrderUnderFaultsAtEveryStep) {
  for (unsigned seed = 1; seed <= 300 && !testing::Test::HasFailure(); ++seed) run_faults(seed, -1);
}

TEST(Outbox, LosesNothingPromisedAndKeepsTheOrderAcrossACrashAtAnyPoint) {
  for (unsigned seed = 1; seed <= 300 && !testing::Test::HasFailure(); ++seed)
    run_faults(seed, static_cast<int>(seed % 40));
}

}  // namespace
}  // namespace loquat::kafka

#include "log_buffer.hpp"

#include <gtest/gtest.h>

#include "turn_queue.hpp"

namespace loquat::conversation {
namespace {

LogBuffer make_log(LogBuffer::Limits limits = {}) { return LogBuffer(limits, "s1", "e1", 0); }

TEST(LogBuffer, ShowsNothingBeforeItIsReleased) {
  auto log = make_log();
  log.append({}, wire::TextEntry{"a"});
  EXPECT_EQ(log.last_seq(), 0U);
  EXPECT_TRUE(log.read(0, 10, 1000).empty());
  log.release(1);
  ASSERT_EQ(log.read(0, 10, 1000).size(), 1U);
}

TEST(LogBuffer, NumbersWithoutHolesAndSerializesOnce) {
  auto log = make_log();
  for (int i = 0; i < 5; ++i) log.append({}, wire::TextEntry{std::to_string(i)});
  log.release(5);
  const auto first = log.read(0, 100, 100'000);
  const auto again = log.read(0, 100, 100'000);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(first[i].seq, i + 1);
    EXPECT_EQ(first[i].bytes.get(), again[i].bytes.get());
  }
}

TEST(LogBuffer, DropsTheOldestFromMemoryButNeverTheUnreleased) {
  auto log = make_log({.entries_max = 3, .bytes_max = 1 << 20, .log_max_events = 100});
  for (int i = 0; i < 6; ++i) log.append({}, wire::TextEntry{"x"});
  EXPECT_EQ(log.first_in_memory(), 1U);
  log.release(6);
  EXPECT_EQ(log.first_in_memory(), 4U);
  EXPECT_EQ(log.first_seq(), 1U);
}

TEST(LogBuffer, ForgetsPastTheLimitOfTheWholeLog) {
  auto log = make_log({.entries_max = 3, .bytes_max = 1 << 20, .log_max_events = 4});
  for (int i = 0; i < 10; ++i) log.append({}, wire::TextEntry{"x"});
  log.release(10);
  EXPECT_EQ(log.first_seq(), 7U);
}

TEST(LogBuffer, ReadsAtLeastOneEntryWhateverItWeighs) {
  auto log = make_log();
  log.append({}, wire::TextEntry{std::string(5000, 'x')});
  log.append({}, wire::TextEntry{"y"});
  log.release(2);
  EXPECT_EQ(log.read(0, 10, 100).size(), 1U);
}

TEST(TurnQueue, RunsOneAndRefusesTheSixth) {
  TurnQueue queue(4);
  EXPECT_EQ(queue.admit("m0"), TurnQueue::Admission::runs);
  for (int i = 1; i <= 4; ++i)
    EXPECT_EQ(queue.admit("m" + std::to_string(i)), TurnQueue::Admission::waits);
  EXPECT_EQ(queue.admit("m5"), TurnQueue::Admission::refused);
  EXPECT_EQ(queue.finished(), "m1");
  EXPECT_EQ(queue.admit("m6"), TurnQueue::Admission::waits);
}

TEST(TurnQueue, CancelsAWaitingTurnWithoutTouchingTheRunningOne) {
  TurnQueue queue(4);
  static_cast<void>(queue.admit("a"));
  static_cast<void>(queue.admit("b"));
  EXPECT_EQ(queue.cancel("b"), TurnQueue::Cancelled::waiting);
  EXPECT_EQ(queue.cancel("b"), TurnQueue::Cancelled::unknown);
  EXPECT_EQ(queue.cancel(std::nullopt), TurnQueue::Cancelled::running);
  EXPECT_EQ(queue.running(), "a");
  EXPECT_EQ(queue.finished(), std::nullopt);
}

}  // namespace
}  // namespace loquat::conversation

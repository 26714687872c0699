#include "log_tail.hpp"

#include <gtest/gtest.h>

namespace loquat::conversation {
namespace {

contracts::StoredEntry entry(std::uint64_t seq, std::string type, std::string rest) {
  auto bytes = std::make_shared<const std::string>(R"({"seq":)" + std::to_string(seq) +
                                                   R"(,"type":")" + type + R"(",)" + rest + "}");
  return {"s", seq, std::move(type), std::move(bytes)};
}

TEST(LogTail, NamesQuestionsThatHaveNoEnd) {
  LogTail tail;
  tail.take(entry(1, "message", R"("message_id":"m1","content":"a","role":"user")"));
  tail.take(
      entry(2, "message", R"("message_id":"m2","content":"b","role":"user","client_id":"c2")"));
  tail.take(entry(3, "text", R"("message_id":"m1","content":"...")"));
  tail.take(entry(4, "complete", R"("message_id":"m1","answer":{"response":"done"})"));
  ASSERT_EQ(tail.open().size(), 1U);
  EXPECT_EQ(tail.open().at("m2").content, "b");
  EXPECT_EQ(tail.open().at("m2").client_id, "c2");
  EXPECT_EQ(tail.open().at("m2").seq, 2U);
}
TEST(LogTail, KeepsTheAnswerThatReadersWereShown) {
  LogTail tail;
  tail.take(entry(1, "message", R"("message_id":"m1","content":"a","role":"user")"));
  tail.take(entry(2, "complete", R"("message_id":"m1","answer":{"response":"done"})"));
  EXPECT_EQ(tail.answer_of("m1"), R"({"response":"done"})");
  EXPECT_EQ(tail.answer_of("m2"), "");
}
TEST(LogTail, PassesOverWhatItCannotRead) {
  LogTail tail;
  tail.take(entry(1, "message", R"("content":"no id","role":"user")"));
  tail.take({"s", 2, "message", std::make_shared<const std::string>("garbage")});
  tail.take(entry(3, "message", R"("message_id":"m3","content":"x","role":"assistant")"));
  EXPECT_TRUE(tail.open().empty());
}

}  // namespace
}  // namespace loquat::conversation

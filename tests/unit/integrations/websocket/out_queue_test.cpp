#include "out_queue.hpp"

#include <gtest/gtest.h>

namespace loquat::websocket {
namespace {

OutQueue::Bytes shared(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}
/// What one write would take.
std::string peek(OutQueue& queue, std::size_t bytes_max) {
  std::string joined;
  return std::string(queue.next(bytes_max, joined));
}

TEST(OutQueue, JoinsFramesForOneWriteInOrder) {
  OutQueue queue;
  queue.push(shared("aaa"), 1);
  queue.push("bbb");
  queue.push(shared("ccc"), 2);
  EXPECT_EQ(queue.bytes(), 9U);
  EXPECT_EQ(peek(queue, 7), "aaabbbc");
  queue.wrote(7);
  EXPECT_EQ(queue.bytes(), 2U);
  EXPECT_EQ(peek(queue, 100), "cc");
  queue.wrote(2);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(peek(queue, 100), "");
}
TEST(OutQueue, SharesFramesInsteadOfCopyingThem) {
  OutQueue queue;
  const auto frames = shared("aaaa");
  queue.push(frames, 1);
  std::string joined;
  EXPECT_EQ(queue.next(100, joined).data(), frames->data());
}
TEST(OutQueue, TakesBackEntriesButNoControlFrames) {
  OutQueue queue;
  queue.push(shared("aaa"), 7);
  queue.push("b");
  queue.push(shared("cc"), 8);
  EXPECT_EQ(queue.drop_entries(), 7U) << "where reading must go on";
  EXPECT_EQ(queue.bytes(), 1U);
  EXPECT_EQ(peek(queue, 100), "b");
  EXPECT_EQ(queue.drop_entries(), std::nullopt);
}
TEST(OutQueue, AFrameThatIsHalfOutGoesOutWhole) {
  OutQueue queue;
  queue.push(shared("aaaa"), 1);
  queue.push(shared("bbbb"), 2);
  queue.push(shared("cccc"), 3);
  EXPECT_EQ(peek(queue, 6), "aaaabb");
  EXPECT_EQ(queue.drop_entries(), 3U) << "the socket has the second in its hands";
  queue.wrote(2);
  EXPECT_EQ(queue.bytes(), 6U);
  EXPECT_EQ(queue.drop_entries(), 2U);
  EXPECT_EQ(queue.bytes(), 2U);
  EXPECT_EQ(peek(queue, 100), "aa");
}

}  // namespace
}  // namespace loquat::websocket

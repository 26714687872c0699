#include "api/row_lines.hpp"

#include <gtest/gtest.h>

#include "support/loop_fixture.hpp"

namespace loquat::api {
namespace {

using std::chrono::seconds;

/// Rows of a kilobyte, without end unless told.
class Rows final : public contracts::SemanticStream {
 public:
  Rows(int batches, bool& is_open) : left_(batches), is_open_(is_open) { is_open_ = true; }
  ~Rows() override { is_open_ = false; }
  const contracts::SemanticQueryResult& head() const override { return head_; }
  Task<Result<std::vector<std::string>>> next() override {
    if (left_-- == 0) co_return std::vector<std::string>{};
    co_return std::vector<std::string>(100, "[\"" + std::string(1000, 'x') + "\"]");
  }
  bool is_truncated() const override { return false; }

 private:
  contracts::SemanticQueryResult head_;
  int left_;
  bool& is_open_;
};

/// A reader that takes its time over every write.
class Reader final : public net::BodyWriter {
 public:
  Reader(ManualClock& clock, Clock::duration pause, const bool& is_open)
      : clock_(clock), pause_(pause), is_open_(is_open) {}
  net::Task<Result<void>> write(std::string_view bytes) override {
    text += bytes;
    was_open_at_last = is_open_;
    clock_.advance(pause_);
    co_return Result<void>();
  }
  bool is_draining() const noexcept override { return false; }
  net::Task<void> wait_drain() override { co_return; }
  std::string last_line() const {
    const auto end = text.rfind('\n', text.size() - 2);
    return text.substr(end + 1);
  }
  std::string text;
  bool was_open_at_last = false;

 private:
  ManualClock& clock_;
  Clock::duration pause_;
  const bool& is_open_;
};

class RowLines : public test_support::LoopFixture {
 protected:
  std::string tail_of(int batches, Clock::duration pause) {
    Reader reader(clock, pause, is_open);
    await(write_rows(reader, std::make_unique<Rows>(batches, is_open)));
    EXPECT_FALSE(reader.was_open_at_last) << "the tail is written without the query";
    return reader.last_line();
  }
  bool is_open = false;
};

TEST_F(RowLines, EndWithTheirCount) {
  EXPECT_EQ(tail_of(20, seconds(1)), "{\"row_count\":2000,\"truncated\":false}\n");
}

TEST_F(RowLines, AReaderWhoTakesMinutesInAllIsToldSoAndHoldsNoTurn) {
  const std::string tail = tail_of(10'000, seconds(5));
  EXPECT_NE(tail.find("two minutes"), std::string::npos) << tail;
  EXPECT_EQ(tail.find("\"row_count\":1000000"), std::string::npos) << tail;
}

}  // namespace
}  // namespace loquat::api

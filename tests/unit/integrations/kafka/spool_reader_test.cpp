#include "../../../../src/integrations/kafka/spool_reader.hpp"

#include <algorithm>
#include <filesystem>

#include "loquat/base/sources.hpp"
#include "loquat/runtime/runtime.hpp"
#include "support/loop_fixture.hpp"

namespace loquat::kafka {
namespace {

constexpr std::size_t kPiece = 100;

/// A real spool in a folder of its own, read by its own thread.
class SpoolReaderTest : public test_support::LoopFixture {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("loquat-reader-" + make_hex(6, random_));
    auto opened = degradation::Spool::open(folder_, {.bytes_max = 64U << 20U});
    ASSERT_TRUE(opened);
    spool_ = std::move(*opened);
    pool_.emplace(executor(), runtime::WorkerPool::Options{.name = "spool", .threads = 1},
                  telemetry());
    tasks_.emplace(executor(), "kafka", telemetry());
    reader_.emplace(executor(), *pool_, *tasks_, "/loquat/test");
  }
  void TearDown() override {
    await(tasks_->close());
    await(pool_->stop());
    std::filesystem::remove_all(folder_);
  }
  void append(std::size_t count) {
    std::vector<degradation::SpoolRecord> records;
    for (std::size_t i = 0; i < count; ++i)
      records.push_back({"acme", "ai-feedback-events", "fb-" + std::to_string(++made_), "{}", false,
                         "feedback.submitted\n2026-01-01T00:00:00Z\n\ns-1"});
    auto work = [this, &records] { return spool_->append(records); };
    const auto positions = await(pool_->run(std::move(work)));
    ASSERT_TRUE(positions);
    last_ = positions->back();
    if (first_ == 0) first_ = positions->front();
  }
  std::vector<std::uint64_t> read(std::uint64_t after) {
    auto records = await(reader_->read(*spool_, {after, kPiece}));
    std::vector<std::uint64_t> positions;
    EXPECT_TRUE(records);
    for (const auto& record : *records) positions.push_back(record.position);
    return positions;
  }
  void acknowledge(std::vector<std::uint64_t> positions) {
    reader_->acknowledged(positions);
    auto work = [this, &positions] { return spool_->acknowledge(positions); };
    ASSERT_TRUE(await(pool_->run(std::move(work))));
  }
  std::vector<std::uint64_t> range(std::uint64_t from, std::uint64_t to) {
    std::vector<std::uint64_t> out;
    for (auto at = from; at <= to; ++at) out.push_back(at);
    return out;
  }

  SystemRandom random_;
  std::filesystem::path folder_;
  std::unique_ptr<degradation::Spool> spool_;
  std::optional<runtime::WorkerPool> pool_;
  std::optional<runtime::TaskGroup> tasks_;
  std::optional<SpoolReader> reader_;
  std::uint64_t made_ = 0, first_ = 0, last_ = 0;
};

TEST_F(SpoolReaderTest, GivesEveryRecordOnceInOrder) {
  append(5 * kPiece + 7);
  std::vector<std::uint64_t> seen;
  for (auto piece = read(first_ - 1); !piece.empty(); piece = read(seen.back()))
    seen.insert(seen.end(), piece.begin(), piece.end());
  EXPECT_EQ(seen, range(first_, last_));
}

TEST_F(SpoolReaderTest, DoesNotGiveWhatWasAcknowledgedSinceItWasReadAhead) {
  append(3 * kPiece);
  ASSERT_EQ(read(first_ - 1).size(), kPiece);
  const auto gone = first_ + kPiece + 10;
  acknowledge({first_, gone});
  const auto next = read(first_ + kPiece - 1);
  EXPECT_EQ(std::ranges::count(next, gone), 0);
  EXPECT_EQ(next.size(), kPiece) << "another one in its place";
  EXPECT_EQ(next.front(), first_ + kPiece);
}

TEST_F(SpoolReaderTest, NeverSaysThatThereIsNothingOfWhatCameSince) {
  append(kPiece);
  ASSERT_EQ(read(first_ - 1).size(), kPiece);  // and ahead of it nothing
  const auto before = last_;
  append(5);
  EXPECT_EQ(read(before), range(before + 1, last_));
}

TEST_F(SpoolReaderTest, AReadFromElsewhereIsOneOfItsOwn) {
  append(3 * kPiece);
  ASSERT_EQ(read(first_ - 1).size(), kPiece);
  EXPECT_EQ(read(first_ + 4), range(first_ + 5, first_ + 4 + kPiece))
      << "there was no room for all";
}

}  // namespace
}  // namespace loquat::kafka

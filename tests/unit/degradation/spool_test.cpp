#include "loquat/degradation/spool.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace loquat::degradation {
namespace {

namespace fs = std::filesystem;

class SpoolTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "loquat-spool-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::unique_ptr<Spool> open(SpoolLimits limits = {}) {
    auto spool = Spool::open(folder_ / "s", limits);
    EXPECT_TRUE(spool) << (spool ? "" : spool.error().detail);
    return spool ? std::move(*spool) : nullptr;
  }
  static SpoolRecord record(int i, bool reserved = false) {
    return {"tenant",
            "topic",
            "fb-" + std::to_string(i),
            std::string(100, static_cast<char>('a' + i % 26)),
            reserved,
            "head"};
  }
  static std::vector<std::string> ids(Spool& spool) {
    std::vector<std::string> out;
    auto read = spool.read(0, 1000);
    EXPECT_TRUE(read);
    for (const auto& r : *read) out.push_back(r.record.event_id);
    return out;
  }
  fs::path only_segment() const {
    for (const auto& entry : fs::directory_iterator(folder_ / "s")) return entry.path();
    return {};
  }
  fs::path folder_;
};

TEST_F(SpoolTest, GivesBackWhatItTookInOrderAfterARestart) {
  {
    auto spool = open();
    ASSERT_TRUE(spool->append({record(1), record(2)}));
    ASSERT_TRUE(spool->append({record(3)}));
  }
  auto spool = open();
  EXPECT_EQ(ids(*spool), (std::vector<std::string>{"fb-1", "fb-2", "fb-3"}));
  EXPECT_EQ(spool->stats().records, 3U);
}

TEST_F(SpoolTest, LosesOnlyTheTornRecordWhereverItWasCut) {
  std::uintmax_t two = 0;
  std::string whole;
  {
    auto spool = open();
    ASSERT_TRUE(spool->append({record(1), record(2)}));
    two = fs::file_size(only_segment());
    ASSERT_TRUE(spool->append({record(3)}));
    std::ifstream file(only_segment(), std::ios::binary);
    whole.assign(std::istreambuf_iterator<char>(file), {});
  }
  const fs::path path = only_segment();
  for (std::size_t cut = two; cut < whole.size(); ++cut) {
    std::ofstream(path, std::ios::binary | std::ios::trunc)
        .write(whole.data(), static_cast<std::streamsize>(cut));
    auto spool = open();
    ASSERT_EQ(ids(*spool), (std::vector<std::string>{"fb-1", "fb-2"})) << "cut at " << cut;
    ASSERT_TRUE(spool->append({record(4)}));
    ASSERT_EQ(ids(*spool).back(), "fb-4");
    spool.reset();
    for (const auto& entry : fs::directory_iterator(folder_ / "s"))
      if (entry.path() != path) fs::remove(entry.path());
  }
}

TEST_F(SpoolTest, SkipsAndCountsARecordWithAFlippedBit) {
  {
    auto spool = open();
    ASSERT_TRUE(spool->append({record(1), record(2), record(3)}));
  }
  const fs::path path = only_segment();
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  const auto third = static_cast<std::streamoff>(fs::file_size(path) / 3);
  file.seekp(third + 60);
  file.put('!');
  file.close();
  auto spool = open();
  EXPECT_EQ(ids(*spool), (std::vector<std::string>{"fb-1", "fb-3"}));
  EXPECT_EQ(spool->stats().skipped, 1U);
}

TEST_F(SpoolTest, RefusesWhatDoesNotFitAndKeepsNothingOfIt) {
  auto spool = open({.bytes_max = 1000, .segment_bytes = 400, .reserved_share = 0.25});
  ASSERT_TRUE(spool->append({record(1), record(2), record(3)}));
  auto full = spool->append({record(4), record(5), record(6)});
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, Errc::buffer_full);
  EXPECT_EQ(spool->stats().records, 3U);
}

TEST_F(SpoolTest, KeepsTheReservedShareForTheReserved) {
  auto spool = open({.bytes_max = 1000, .segment_bytes = 4000, .reserved_share = 0.25});
  int taken = 0;
  while (spool->append({record(taken)})) ++taken;
  EXPECT_GT(taken, 0);
  EXPECT_TRUE(spool->append({record(99, true)}));
}

TEST_F(SpoolTest, FreesASegmentOnceAllOfItIsAcknowledged) {
  auto spool = open({.bytes_max = 1 << 20, .segment_bytes = 300, .reserved_share = 0.25});
  std::vector<std::uint64_t> positions;
  for (int i = 0; i < 10; ++i) {
    auto at = spool->append({record(i)});
    ASSERT_TRUE(at);
    positions.push_back(at->front());
  }
  const auto before = spool->stats().bytes;
  ASSERT_TRUE(spool->acknowledge({positions.begin(), positions.begin() + 6}));
  EXPECT_LT(spool->stats().bytes, before);
  EXPECT_EQ(ids(*spool).front(), "fb-6");
  ASSERT_TRUE(spool->acknowledge(positions));
  EXPECT_EQ(spool->stats().bytes, 0U);
  ASSERT_TRUE(spool->append({record(42)}));
  EXPECT_EQ(ids(*spool), (std::vector<std::string>{"fb-42"}));
}

TEST_F(SpoolTest, GivesUpAFileThatCannotBeReadAndGoesOnBehindIt) {
  auto spool = open({.segment_bytes = 300});
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(spool->append({record(i)}));
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder_ / "s")) files.push_back(entry.path());
  std::ranges::sort(files);
  ASSERT_GE(files.size(), 2U);
  fs::resize_file(files.front(), 10);
  Result<std::vector<SpooledRecord>> found = fail(Errc::io, "not read yet");
  int reads = 0;
  for (; !found && reads < 100; ++reads) found = spool->read(0, 1'000);
  EXPECT_GT(reads, 3) << "it may be able to be read again";
  ASSERT_TRUE(found);
  ASSERT_FALSE(found->empty());
  EXPECT_EQ(found->back().record.event_id, "fb-5");
  EXPECT_EQ(spool->stats().skipped, 6 - found->size());
  EXPECT_EQ(spool->stats().records, found->size());
  std::vector<std::uint64_t> positions;
  for (const auto& one : *found) positions.push_back(one.position);
  ASSERT_TRUE(spool->acknowledge(positions));
  EXPECT_EQ(spool->stats().bytes, 0U);
  files.front().replace_extension(".damaged");
  EXPECT_TRUE(fs::exists(files.front())) << "kept for a person";
}

TEST_F(SpoolTest, ReadsOnFromAnyPositionAcrossSegmentsAndHoles) {
  auto spool = open({.segment_bytes = 1'000});  // about six records each
  std::vector<SpoolRecord> some;
  for (int i = 0; i < 10; ++i) some.push_back(record(i));
  ASSERT_TRUE(spool->append(some));
  ASSERT_TRUE(spool->append({record(10), record(11)}));
  ASSERT_TRUE(spool->append({record(12)}));
  ASSERT_TRUE(spool->acknowledge({2, 3, 11}));
  std::vector<std::uint64_t> seen;
  std::uint64_t after = 0;
  for (auto part = spool->read(after, 3); part && !part->empty(); part = spool->read(after, 3)) {
    EXPECT_LE(part->size(), 3U);
    for (const auto& one : *part) {
      seen.push_back(one.position);
      EXPECT_EQ(one.record.event_id, "fb-" + std::to_string(one.position - 1));
      EXPECT_EQ(one.record.head, "head");
    }
    after = seen.back();
  }
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{1, 4, 5, 6, 7, 8, 9, 10, 12, 13}));
  EXPECT_EQ(spool->read(0, 100, 1)->size(), 1U) << "no more bytes than wanted, but for the first";
}

TEST_F(SpoolTest, CountsWhatItFindsByTopic) {
  {
    auto spool = open();
    ASSERT_TRUE(spool->append({record(0), record(1)}));
  }
  EXPECT_EQ(open()->stats().found, (std::map<std::string, std::uint64_t>{{"topic", 2}}));
}

TEST_F(SpoolTest, PositionsRiseAcrossRestarts) {
  std::uint64_t last = 0;
  {
    auto spool = open();
    last = spool->append({record(1)})->front();
  }
  auto spool = open();
  EXPECT_GT(spool->append({record(2)})->front(), last);
}

TEST_F(SpoolTest, SaysSoWhenTheFolderCannotBeMade) {
  std::ofstream(folder_ / "s") << "a file";
  auto spool = Spool::open(folder_ / "s", {});
  ASSERT_FALSE(spool);
  EXPECT_EQ(spool.error().code, Errc::io);
}

}  // namespace
}  // namespace loquat::degradation

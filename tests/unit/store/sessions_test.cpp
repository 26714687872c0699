#include <sqlite3.h>

#include <boost/asio/detached.hpp>

#include "../../../src/store/schema.hpp"
#include "fixture.hpp"

namespace loquat::store {
namespace {

using contracts::SessionRecord;
using contracts::StoredEntry;

SessionRecord session(const std::string& tenant, const std::string& id, WallTime at) {
  SessionRecord record;
  record.info = {id, tenant, "ann", "Title", at, at, 0};
  record.epoch = "e1";
  return record;
}
StoredEntry entry(const std::string& session_id, std::uint64_t seq) {
  return {session_id, seq, "text",
          std::make_shared<const std::string>("{\"seq\":" + std::to_string(seq) + "}")};
}

class Sessions : public StoreFixture {};

TEST_F(Sessions, SurviveARestartWithTheirLog) {
  open();
  ASSERT_TRUE(wait(store_->sessions().put_session(session("t1", "s1", clock_.now()))));
  ASSERT_TRUE(wait(store_->sessions().append_entries({entry("s1", 1), entry("s1", 2)})));
  open();
  const auto found = wait(store_->sessions().find_session("t1", "s1"));
  ASSERT_TRUE(found);
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->last_seq, 2U);
  EXPECT_EQ((*found)->epoch, "e1");
  const auto entries = wait(store_->sessions().read_entries("s1", 1, 10));
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 1U);
  EXPECT_EQ(*entries->front().bytes, "{\"seq\":2}");
}

TEST_F(Sessions, OfAnotherTenantAreNeitherFoundNorOverwrittenNorRemoved) {
  open();
  ASSERT_TRUE(wait(store_->sessions().put_session(session("t1", "s1", clock_.now()))));
  EXPECT_FALSE(wait(store_->sessions().find_session("t2", "s1"))->has_value());
  const auto stolen = wait(store_->sessions().put_session(session("t2", "s1", clock_.now())));
  ASSERT_FALSE(stolen);
  EXPECT_EQ(stolen.error().code, Errc::conflict);
  ASSERT_TRUE(wait(store_->sessions().remove_session("t2", "s1")));
  EXPECT_TRUE(wait(store_->sessions().find_session("t1", "s1"))->has_value());
}

TEST_F(Sessions, AreListedNewestFirstPageByPage) {
  open();
  for (const char* id : {"s1", "s2", "s3"})
    ASSERT_TRUE(wait(store_->sessions().put_session(session("t1", id, clock_.now()))));
  const auto first = wait(store_->sessions().list_sessions("t1", "ann", "", 2));
  ASSERT_TRUE(first);
  ASSERT_EQ(first->items.size(), 2U);
  EXPECT_EQ(first->items[0].session_id, "s3");
  const auto second = wait(store_->sessions().list_sessions("t1", "ann", first->next_cursor, 2));
  ASSERT_EQ(second->items.size(), 1U);
  EXPECT_EQ(second->items[0].session_id, "s1");
  EXPECT_TRUE(second->next_cursor.empty());
  EXPECT_TRUE(wait(store_->sessions().list_sessions("t1", "bob", "", 2))->items.empty());
}

TEST_F(Sessions, KeepOnlyTheNewestEntries) {
  config_.log_max_events = 10;
  open();
  for (std::uint64_t seq = 1; seq <= 128; seq += 2)
    ASSERT_TRUE(wait(store_->sessions().append_entries({entry("s1", seq), entry("s1", seq + 1)})));
  const auto kept = wait(store_->sessions().read_entries("s1", 0, 1000));
  ASSERT_EQ(kept->size(), 10U);
  EXPECT_EQ(kept->front().seq, 119U);
}

TEST_F(Sessions, ReadFromTheMiddleOfWhatWasWrittenTogether) {
  open();
  // Two sessions take turns, and one has a gap: an entry that a store that was away did not get.
  ASSERT_TRUE(wait(store_->sessions().append_entries(
      {entry("s1", 1), entry("s2", 7), entry("s1", 2), entry("s1", 3), entry("s1", 9)})));
  ASSERT_TRUE(wait(store_->sessions().append_entries({entry("s1", 10), entry("s1", 11)})));
  const auto seqs = [this](const std::string& id, std::uint64_t after, std::size_t limit) {
    std::vector<std::uint64_t> found;
    const auto entries = wait(store_->sessions().read_entries(id, after, limit));
    for (const auto& e : *entries) {
      EXPECT_EQ(*e.bytes, *entry(id, e.seq).bytes);
      EXPECT_EQ(e.type, "text");
      found.push_back(e.seq);
    }
    return found;
  };
  EXPECT_EQ(seqs("s1", 0, 100), (std::vector<std::uint64_t>{1, 2, 3, 9, 10, 11}));
  EXPECT_EQ(seqs("s1", 2, 3), (std::vector<std::uint64_t>{3, 9, 10}));
  EXPECT_EQ(seqs("s1", 10, 100), (std::vector<std::uint64_t>{11}));
  EXPECT_EQ(seqs("s2", 0, 100), (std::vector<std::uint64_t>{7}));
  EXPECT_TRUE(seqs("s1", 11, 100).empty());
}

TEST_F(Sessions, ThatAreWrittenWithoutPauseReachTheFileAndNotOnlyItsLog) {
  open();
  contracts::StoredEntry large = entry("s1", 0);
  large.bytes = std::make_shared<const std::string>(64U << 10U, 'x');
  constexpr std::uintmax_t kCopied = 24U << 20U;
  constexpr std::uint64_t kMost =
      4'000;  // 256 MB: a log that nobody copies is far beyond its bound
  do {
    std::vector<contracts::StoredEntry> entries;
    for (int i = 0; i < 16; ++i) {
      ++large.seq;
      entries.push_back(large);
    }
    ASSERT_TRUE(wait(store_->sessions().append_entries(std::move(entries))));
  } while (std::filesystem::file_size(config_.path) < kCopied && large.seq < kMost);
  EXPECT_LT(large.seq, kMost);
  EXPECT_EQ(wait(store_->sessions().read_entries("s1", large.seq - 1, 10))->size(), 1U);
}

TEST_F(Sessions, GetANewEpochWhereTheMachineMayHaveLostTheirTail) {
  const auto epoch_after = [this](bool is_closed_in_order, const std::string& next_boot) {
    config_.path = (folder_ / ("a" + next_boot + (is_closed_in_order ? "x" : "y"))).string();
    boot_id_ = "boot-1";
    open();
    EXPECT_TRUE(wait(store_->sessions().put_session(session("t1", "s1", clock_.now()))));
    if (is_closed_in_order) {
      store_.reset();
    } else {  // as the disk stands when the process, or the machine, dies
      const std::string copy = config_.path + "-after";
      for (const char* part : {"", "-wal"})
        std::filesystem::copy_file(config_.path + part, copy + part);
      config_.path = copy;
    }
    boot_id_ = next_boot;
    open();
    const auto found = wait(store_->sessions().find_session("t1", "s1"));
    return found && *found ? (*found)->epoch : std::string("lost");
  };
  EXPECT_EQ(epoch_after(true, "boot-1"), "e1");
  EXPECT_EQ(epoch_after(true, "boot-2"), "e1");
  EXPECT_EQ(epoch_after(false, "boot-1"), "e1");
  EXPECT_NE(epoch_after(false, "boot-2"), "e1");
  EXPECT_NE(epoch_after(false, ""), "lost");
}

TEST_F(Sessions, FindAQuestionByEitherOfItsNames) {
  open();
  contracts::SessionStore::MessageRecord record;
  record.tenant_id = "t1";
  record.user_id = "ann";
  record.session_id = "s1";
  record.message_id = "m1";
  record.client_id = "c1";
  record.content = "How much?";
  record.answer_json = "{}";
  ASSERT_TRUE(wait(store_->sessions().put_message(record, std::nullopt)));
  const auto by = [this](contracts::SessionStore::Question question, const char* session) {
    const auto found = wait(store_->sessions().find_message("t1", session, std::move(question)));
    return found && *found ? (*found)->content : std::string();
  };
  EXPECT_EQ(by({"m1", std::nullopt}, "s1"), "How much?");
  EXPECT_EQ(by({std::nullopt, "c1"}, "s1"), "How much?");
  EXPECT_EQ(by({std::nullopt, "c2"}, "s1"), "");
  EXPECT_EQ(by({std::nullopt, "c1"}, "s2"), "");
}

TEST_F(Sessions, OfAnOlderFileKeepTheirLog) {
  sqlite3* old = nullptr;
  ASSERT_EQ(sqlite3_open(config_.path.c_str(), &old), SQLITE_OK);
  constexpr std::size_t kRowPerEntry = 5;  // the last layout that had one
  for (std::size_t step = 0; step < kRowPerEntry; ++step)
    ASSERT_EQ(sqlite3_exec(old, migrations()[step], nullptr, nullptr, nullptr), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(old,
                         "INSERT INTO entries VALUES ('s1', 1, 'text', '{\"seq\":1}'), "
                         "('s1', 2, 'text', '{\"seq\":2}'); PRAGMA user_version = 5",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(old);
  open();
  ASSERT_TRUE(wait(store_->sessions().append_entries({entry("s1", 3)})));
  const auto entries = wait(store_->sessions().read_entries("s1", 1, 10));
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 2U);
  EXPECT_EQ(entries->front().type, "text");
  EXPECT_EQ(*entries->front().bytes, "{\"seq\":2}");
  EXPECT_EQ(entries->back().seq, 3U);
}

TEST_F(Sessions, KnowWhatWasAskedBeforeItsAnswerAndKeepTheAnswerWhicheverIsWrittenFirst) {
  open();
  contracts::SessionStore::MessageRecord asked;
  asked.tenant_id = "t1";
  asked.user_id = "ann";
  asked.session_id = "s1";
  asked.message_id = "m1";
  asked.content = "revenue?";
  auto answered = asked;
  answered.answer_json = "{\"a\":1}";
  const auto answer = [this] {
    auto page = wait(store_->sessions().list_messages("t1", "s1", "", 10));
    return page->items.size() == 1 ? page->items.front().answer_json : "not one message";
  };
  // Nobody awaits the first; who lists messages sees it all the same.
  boost::asio::co_spawn(loop_, store_->sessions().put_message(asked, std::nullopt),
                        boost::asio::detached);
  EXPECT_EQ(answer(), "");
  auto record = session("t1", "s1", clock_.now());
  record.info.message_count = 1;
  ASSERT_TRUE(wait(store_->sessions().put_message(answered, record)));
  EXPECT_EQ(answer(), "{\"a\":1}");
  ASSERT_TRUE(wait(store_->sessions().put_message(asked, std::nullopt)));
  EXPECT_EQ(answer(), "{\"a\":1}");
  EXPECT_EQ((*wait(store_->sessions().find_session("t1", "s1")))->info.message_count, 1);
}

TEST_F(Sessions, ThatAreRemovedDoNotComeBackWithWhatWasStillToBeWritten) {
  open();
  ASSERT_TRUE(wait(store_->sessions().put_session(session("t1", "s1", clock_.now()))));
  contracts::SessionStore::MessageRecord asked;
  asked.tenant_id = "t1";
  asked.session_id = "s1";
  asked.message_id = "m1";
  boost::asio::co_spawn(loop_,
                        store_->sessions().put_message(asked, session("t1", "s1", clock_.now())),
                        boost::asio::detached);
  ASSERT_TRUE(wait(store_->sessions().remove_session("t1", "s1")));
  EXPECT_FALSE(wait(store_->sessions().find_session("t1", "s1"))->has_value());
  EXPECT_TRUE(wait(store_->sessions().list_messages("t1", "s1", "", 10))->items.empty());
}

TEST_F(Sessions, AreForgottenAfterTheirTimeWithAllTheyHold) {
  config_.session_ttl = std::chrono::hours(1);
  open();
  ASSERT_TRUE(wait(store_->sessions().put_session(session("t1", "s1", clock_.now()))));
  ASSERT_TRUE(wait(store_->sessions().append_entries({entry("s1", 1)})));
  clock_.advance(std::chrono::hours(2));
  ASSERT_TRUE(wait(store_->profiles().save("t1", "ann", "{}")));  // any call brings retention
  EXPECT_FALSE(wait(store_->sessions().find_session("t1", "s1"))->has_value());
  EXPECT_TRUE(wait(store_->sessions().read_entries("s1", 0, 10))->empty());
}

TEST_F(Sessions, FindAResponseWhoeverItBelongsTo) {
  open();
  contracts::SessionStore::MessageRecord record;
  record.tenant_id = "t1";
  record.user_id = "ann";
  record.session_id = "s1";
  record.message_id = "m1";
  record.response_id = "r1";
  record.answer_json = "{}";
  ASSERT_TRUE(wait(store_->sessions().put_message(record, std::nullopt)));
  const auto found = wait(store_->sessions().find_response("r1"));
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->tenant_id, "t1");
  EXPECT_FALSE(wait(store_->sessions().find_response("r2"))->has_value());
  EXPECT_TRUE(wait(store_->sessions().list_messages("t2", "s1", "", 10))->items.empty());
  EXPECT_EQ(wait(store_->sessions().list_messages("t1", "s1", "", 10))->items.size(), 1U);
}

}  // namespace
}  // namespace loquat::store

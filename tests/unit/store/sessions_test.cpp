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
  std::vector<StoredEntry> entries;
  for (std::uint64_t seq = 1; seq <= 128; ++seq) entries.push_back(entry("s1", seq));
  ASSERT_TRUE(wait(store_->sessions().append_entries(std::move(entries))));
  const auto kept = wait(store_->sessions().read_entries("s1", 0, 1000));
  ASSERT_EQ(kept->size(), 10U);
  EXPECT_EQ(kept->front().seq, 119U);
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
  ASSERT_TRUE(wait(store_->sessions().put_message(record)));
  const auto found = wait(store_->sessions().find_response("r1"));
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->tenant_id, "t1");
  EXPECT_FALSE(wait(store_->sessions().find_response("r2"))->has_value());
  EXPECT_TRUE(wait(store_->sessions().list_messages("t2", "s1", "", 10))->items.empty());
  EXPECT_EQ(wait(store_->sessions().list_messages("t1", "s1", "", 10))->items.size(), 1U);
}

}  // namespace
}  // namespace loquat::store

#include "loquat/security/api_keys.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "support/door/world.hpp"

namespace loquat::security {
namespace {

class MemoryKeys final : public contracts::ApiKeyStore {
 public:
  std::map<std::string, contracts::ApiKeyRecord> records;
  bool is_away = false;
  contracts::Task<Result<std::vector<contracts::ApiKeyRecord>>> load() override {
    std::vector<contracts::ApiKeyRecord> all;
    for (const auto& [id, record] : records) all.push_back(record);
    co_return all;
  }
  contracts::Task<Result<void>> put(contracts::ApiKeyRecord record) override {
    if (is_away) co_return fail(Errc::unavailable, "away");
    auto id = record.key_id;
    records[std::move(id)] = std::move(record);
    co_return Result<void>();
  }
  contracts::Task<Result<void>> remove(std::string, std::string key_id) override {
    records.erase(key_id);
    co_return Result<void>();
  }
  contracts::Task<Result<void>> touch(std::vector<std::pair<std::string, WallTime>> uses) override {
    for (const auto& [id, at] : uses) records.at(id).last_used_at = at;
    co_return Result<void>();
  }
};

class ApiKeysTest : public testing::Test {
 protected:
  template <class T>
  T wait(contracts::Task<T> task) {
    std::optional<T> out;
    test::run_on(context_,
                 [](contracts::Task<T> work, std::optional<T>& to) -> contracts::Task<void> {
                   to.emplace(co_await std::move(work));
                 }(std::move(task), out));
    return std::move(*out);
  }
  Result<ApiKeys::Issued> issue(std::optional<WallTime> end = {}) {
    contracts::Principal by;
    by.tenant_id = "acme";
    by.user_id = "olga";
    ApiKeys::Order order;
    order.name = "nightly";
    order.role = "analyst";
    order.expires_at = end;
    return wait(keys_.issue(by, order));
  }
  boost::asio::io_context context_;
  ManualClock clock_;
  SystemRandom random_;
  Sources sources_{clock_, random_};
  MemoryKeys store_;
  ApiKeys keys_{sources_, store_};
};

TEST_F(ApiKeysTest, OpenTheDoorAndAreHashedAtRest) {
  const auto issued = issue();
  ASSERT_TRUE(issued);
  const auto principal = keys_.authenticate(issued->key, "10.0.0.9");
  ASSERT_TRUE(principal);
  EXPECT_EQ(principal->tenant_id, "acme");
  EXPECT_EQ(principal->user_id, issued->record.key_id);
  EXPECT_EQ(principal->roles, std::vector<std::string>{"analyst"});
  EXPECT_EQ(principal->auth_method, "api_key");
  const auto& kept = store_.records.at(issued->record.key_id);
  const auto secret = issued->key.substr(issued->key.rfind('_') + 1);
  for (const auto& text : {kept.hash, kept.prefix, kept.name, kept.key_id, kept.role})
    EXPECT_EQ(text.find(secret), std::string::npos);
  EXPECT_EQ(kept.hash.size(), 64U);
}
TEST_F(ApiKeysTest, RefuseEverythingThatIsNotTheWholeKey) {
  const auto key = issue()->key;
  auto other = key;
  other.back() = other.back() == '0' ? '1' : '0';
  for (const auto& wrong : {key.substr(0, key.size() - 1), key + "0", other,
                            key.substr(0, key.rfind('_')), std::string("lq_"), std::string()})
    EXPECT_FALSE(keys_.authenticate(wrong, "")) << wrong.size();
  EXPECT_TRUE(keys_.authenticate(key, ""));
}
TEST_F(ApiKeysTest, SurviveARestartAndEndAtTheirTime) {
  const auto issued = issue(clock_.now() + std::chrono::hours(1));
  ApiKeys next(sources_, store_);
  ASSERT_TRUE(wait(next.load()));
  const auto principal = next.authenticate(issued->key, "");
  ASSERT_TRUE(principal);
  EXPECT_EQ(principal->expires_at, issued->record.expires_at) << "ends running sockets too";
  clock_.advance(std::chrono::minutes(61));
  EXPECT_FALSE(next.authenticate(issued->key, ""));
}
TEST_F(ApiKeysTest, BelongToTheirTenantAndCanBeRevoked) {
  const auto issued = issue();
  const auto id = issued->record.key_id;
  const auto principal = keys_.authenticate(issued->key, "");
  EXPECT_TRUE(keys_.list("globex").empty());
  EXPECT_EQ(wait(keys_.revoke("globex", id)).error().code, Errc::not_found);
  ASSERT_EQ(keys_.list("acme").size(), 1U);
  EXPECT_TRUE(keys_.still_stands(*principal));
  ASSERT_TRUE(wait(keys_.revoke("acme", id)));
  EXPECT_FALSE(keys_.authenticate(issued->key, ""));
  EXPECT_FALSE(keys_.still_stands(*principal));
  EXPECT_TRUE(store_.records.empty());
}
TEST_F(ApiKeysTest, StandOnlyOnceTheyAreStoredAndNoteTheirUse) {
  store_.is_away = true;
  EXPECT_FALSE(issue());
  EXPECT_TRUE(keys_.list("acme").empty());
  store_.is_away = false;
  const auto issued = issue();
  ASSERT_TRUE(keys_.authenticate(issued->key, ""));
  test::run_on(context_, keys_.flush_uses());
  EXPECT_EQ(store_.records.at(issued->record.key_id).last_used_at, clock_.now());
}

}  // namespace
}  // namespace loquat::security

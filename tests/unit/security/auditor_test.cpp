#include "loquat/security/auditor.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "loquat/security/audit_verifier.hpp"
#include "loquat/wire/codec.hpp"

namespace loquat::security {
namespace {

using contracts::Task;
using Link = contracts::AuditChainStore::Link;

class Disk final : public contracts::AuditChainStore {
 public:
  Task<Result<std::vector<Link>>> load(std::string writer) override {
    std::vector<Link> found;
    for (const auto& [key, link] : links)
      if (link.writer == writer) found.push_back(link);
    co_return found;
  }
  Task<Result<void>> save(std::vector<Link> changed) override {
    if (is_broken) co_return fail(Errc::io, "no disk");
    for (auto& link : changed) links[link.writer + "/" + link.tenant_id] = link;
    co_return Result<void>{};
  }
  std::map<std::string, Link> links;
  bool is_broken = false;
};

class Topic final : public contracts::EventPublisher {
 public:
  Task<Result<contracts::Receipt>> publish(wire::Event event) override {
    if (is_full) co_return fail(Errc::buffer_full, "full");
    records.push_back(std::get<wire::AuditEvent>(event));
    co_return contracts::Receipt::accepted;
  }
  void offer(wire::Event) override {}
  std::vector<wire::AuditEvent> records;
  bool is_full = false;
};

/// One instance over several lives.
class AuditLives : public testing::Test {
 protected:
  template <class T>
  T wait(Task<T> task) {
    boost::asio::io_context loop;
    std::optional<T> value;
    boost::asio::co_spawn(loop, std::move(task),
                          [&](std::exception_ptr, T found) { value = std::move(found); });
    loop.run();
    return std::move(*value);
  }
  void wait(Task<void> task) {
    boost::asio::io_context loop;
    boost::asio::co_spawn(loop, std::move(task), [](std::exception_ptr) {});
    loop.run();
  }
  void start() {
    auditor = std::make_unique<Auditor>(Sources{clock, random}, "one", topic, &disk);
    EXPECT_TRUE(wait(auditor->load()) || disk.is_broken);
  }
  bool record(const std::string& tenant = "acme") {
    Access access;
    access.principal.tenant_id = tenant;
    access.action = "session.create";
    return wait(auditor->record(std::move(access))).has_value();
  }
  std::vector<std::string> writers() const {
    std::vector<std::string> names;
    for (const auto& event : topic.records)
      if (names.empty() || names.back() != event.chain.writer) names.push_back(event.chain.writer);
    return names;
  }
  std::size_t findings() const {
    AuditVerifier verifier;
    for (const auto& event : topic.records) verifier.take(wire::encode(event), "here");
    return verifier.finish().findings.size();
  }
  ManualClock clock;
  SeededRandom random{7};
  Disk disk;
  Topic topic;
  std::unique_ptr<Auditor> auditor;
};

TEST_F(AuditLives, OneChainPerTenantAndInstanceOverRestartsInGoodOrder) {
  for (int life = 0; life < 3; ++life) {
    start();
    EXPECT_TRUE(record());
    EXPECT_TRUE(record());
    wait(auditor->close());
  }
  EXPECT_EQ(writers(), (std::vector<std::string>{"one"}));
  EXPECT_EQ(topic.records.back().chain.seq, 6);
  EXPECT_TRUE(verify_chain(topic.records).empty());
}

TEST_F(AuditLives, AfterACrashTheNextLifeHasChainsOfItsOwnAndForksNone) {
  start();
  EXPECT_TRUE(record());
  wait(auditor->flush_counts());  // saved up to here
  EXPECT_TRUE(record());          // and then killed
  start();
  EXPECT_TRUE(record());
  EXPECT_EQ(writers(), (std::vector<std::string>{"one", "one~1"}));
  EXPECT_EQ(topic.records.back().chain.prev, topic.records.front().chain.hash)
      << "it names the last saved link";
  EXPECT_EQ(findings(), 0U);
  wait(auditor->close());
  start();
  EXPECT_TRUE(record());
  EXPECT_EQ(topic.records.back().chain.writer, "one~1") << "from there on in good order again";
  EXPECT_EQ(findings(), 0U);
}

TEST_F(AuditLives, AnEndWhoseLinksWereNotSavedIsNoEndInGoodOrder) {
  start();
  EXPECT_TRUE(record());
  disk.is_broken = true;
  wait(auditor->flush_counts());
  disk.is_broken = false;
  wait(auditor->close());
  start();
  EXPECT_TRUE(record());
  EXPECT_EQ(writers(), (std::vector<std::string>{"one", "one~1"}));
  EXPECT_EQ(findings(), 0U);
}

TEST_F(AuditLives, NothingIsRecordedAfterTheEnd) {
  start();
  wait(auditor->close());
  EXPECT_FALSE(record());
  EXPECT_TRUE(topic.records.empty());
}

}  // namespace
}  // namespace loquat::security

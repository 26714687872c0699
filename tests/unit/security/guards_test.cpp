#include <gtest/gtest.h>

#include "loquat/security/audit_chain.hpp"
#include "loquat/security/audit_verifier.hpp"
#include "loquat/security/rate_limiter.hpp"
#include "loquat/security/rights.hpp"
#include "loquat/security/tickets.hpp"
#include "loquat/wire/codec.hpp"

namespace loquat::security {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

wire::AuditEvent event_of(std::string tenant, std::string action) {
  wire::AuditEvent event;
  event.event_id = "au-1";
  event.tenant_id = std::move(tenant);
  event.action = std::move(action);
  event.details.text = R"({"n":1.50,"a":"é"})";
  return event;
}

std::vector<wire::AuditEvent> chain_of(AuditChains& chains, int count) {
  std::vector<wire::AuditEvent> events;
  for (int i = 0; i < count; ++i) {
    events.push_back(event_of("acme", "act." + std::to_string(i)));
    chains.append(events.back());
  }
  return events;
}

TEST(CanonicalJson, FollowsTheRulesOfRfc8785) {
  EXPECT_EQ(*canonical_json("{ \"b\" : 1.0, \"a\" : [true,null, \"\\u20ac\\n\\u0008\"] }"),
            "{\"a\":[true,null,\"€\\n\\b\"],\"b\":1}");
  // Numbers: appendix B.
  EXPECT_EQ(*canonical_json("[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001]"),
            "[333333333.3333333,1e+30,4.5,0.002,1e-27]");
  EXPECT_EQ(*canonical_json("[1e21,1e20,123456.75,0.000001,0.0000001,-0.0]"),
            "[1e+21,100000000000000000000,123456.75,0.000001,1e-7,0]");
  // Order by UTF-16 units: U+1F600 (surrogates) before U+FB33.
  EXPECT_EQ(*canonical_json("{\"\xEF\xAC\xB3\":1,\"\xF0\x9F\x98\x80\":2,\"a\":3}"),
            "{\"a\":3,\"\xF0\x9F\x98\x80\":2,\"\xEF\xAC\xB3\":1}");
}
/// As the contract words it: the canonical JSON of what is published, without the hash.
std::string hash_by_the_book(const wire::AuditEvent& event) {
  auto node = wire::parse_json(wire::encode(event));
  for (auto& [key, value] : node->members)
    if (key == "chain") std::erase_if(value.members, [](const auto& m) { return m.key == "hash"; });
  return sha256_hex(*canonical_json(node->dump()));
}
TEST(AuditHash, IsThatOfTheCanonicalJsonOfWhatIsPublished) {
  wire::AuditEvent event = event_of("acme", "a \"quoted\"\n\x01\t\\ action");
  event.event_type = wire::AuditEvent::kType;
  event.timestamp = WallTime(std::chrono::milliseconds(1'700'000'000'123));
  event.actor = {"ann", {"viewer", "curatör"}, "jwt", "127.0.0.1"};
  event.resource = {"feedback", "fb-1"};
  event.request_id = "req-1";
  event.chain = {"one~1", 7, "abc", "to be left out"};
  EXPECT_EQ(audit_hash(event), hash_by_the_book(event)) << "without what may be absent";
  event.user_id = "ann";
  event.session_id = "s-1";
  event.message_id = "m-1";
  event.trace_id = "0af7651916cd43dd8448eb211c80319c";
  event.reason = "needs the role curator";
  EXPECT_EQ(audit_hash(event), hash_by_the_book(event)) << "with all members";
  event.resource.id = "no \xff UTF-8";
  EXPECT_EQ(audit_hash(event), hash_by_the_book(event)) << "what the encoder repairs";
  event.chain.seq = (std::int64_t{1} << 60) + 1;
  EXPECT_EQ(audit_hash(event), hash_by_the_book(event)) << "what no double holds";
  event.details.text = "";
  EXPECT_EQ(audit_hash(event), hash_by_the_book(event));
}
TEST(Sha256, KnowsTheEmptyText) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
TEST(AuditChain, VerifiesAndFindsEveryKindOfTampering) {
  AuditChains chains("one");
  const auto events = chain_of(chains, 4);
  EXPECT_TRUE(verify_chain(events).empty());
  EXPECT_EQ(events[0].chain.prev, "");
  EXPECT_EQ(events[3].chain.seq, 4);

  auto changed = events;
  changed[1].action = "other";
  EXPECT_FALSE(verify_chain(changed).empty());
  auto removed = events;
  removed.erase(removed.begin() + 1);
  EXPECT_FALSE(verify_chain(removed).empty());
  auto swapped = events;
  std::swap(swapped[1], swapped[2]);
  EXPECT_FALSE(verify_chain(swapped).empty());
  auto rehashed = events;  // a forger who also makes the hash fit breaks the next link
  rehashed[1].action = "other";
  rehashed[1].chain.hash = audit_hash(rehashed[1]);
  EXPECT_FALSE(verify_chain(rehashed).empty());
}
TEST(AuditChain, TenantsHaveChainsOfTheirOwn) {
  AuditChains chains("one");
  auto a = event_of("a", "x"), b = event_of("b", "x");
  chains.append(a);
  chains.append(b);
  EXPECT_EQ(a.chain.seq, 1);
  EXPECT_EQ(b.chain.seq, 1);
}
TEST(AuditChain, GoesOnAfterARestart) {
  AuditChains before("one");
  auto events = chain_of(before, 2);
  AuditChains after("one");
  after.restore(before.take_changed());
  EXPECT_FALSE(before.has_changed());
  events.push_back(event_of("acme", "later"));
  after.append(events.back());
  EXPECT_TRUE(verify_chain(events).empty());
}
TEST(AuditChain, AWithdrawnRecordLeavesNoHoleOrIsNamed) {
  AuditChains chains("one");
  auto kept = chain_of(chains, 1);
  auto refused = event_of("acme", "refused");
  chains.append(refused);
  chains.withdraw(refused);
  kept.push_back(event_of("acme", "next"));
  chains.append(kept.back());
  EXPECT_TRUE(verify_chain(kept).empty());

  auto lost = event_of("acme", "lost"), later = event_of("acme", "later");
  chains.append(lost);
  chains.append(later);
  chains.withdraw(lost);  // too late: the later one stands on it
  auto after = event_of("acme", "after");
  chains.append(after);
  EXPECT_NE(after.details.text.find("\"records_not_kept\":[3]"), std::string::npos);
}

std::vector<std::string> texts_of(const std::vector<wire::AuditEvent>& events) {
  std::vector<std::string> texts;
  for (const auto& event : events) texts.push_back(wire::encode(event));
  return texts;
}
AuditVerifier::Summary verify(const std::vector<std::string>& texts) {
  AuditVerifier verifier;
  for (std::size_t i = 0; i < texts.size(); ++i)
    verifier.take(texts[i], "line " + std::to_string(i));
  return verifier.finish();
}
std::string problems_of(const AuditVerifier::Summary& summary) {
  std::string all;
  for (const auto& found : summary.findings)
    all += found.problem + " " + std::to_string(found.seq) + ";";
  return all;
}

TEST(AuditVerifier, IsContentWithAWholeChainItsCopiesAndAStartAfterRetention) {
  AuditChains chains("one");
  auto texts = texts_of(chain_of(chains, 5));
  texts.erase(texts.begin(), texts.begin() + 2);
  texts.push_back(texts[0]);
  texts.push_back(texts[1]);
  const auto summary = verify(texts);
  EXPECT_EQ(problems_of(summary), "");
  EXPECT_EQ(summary.copies, 2U);
  EXPECT_EQ(summary.chains, 1U);
}
TEST(AuditVerifier, NamesWhatWasRemovedReorderedOrChanged) {
  AuditChains chains("one");
  const auto events = chain_of(chains, 5);
  auto removed = texts_of(events);
  removed.erase(removed.begin() + 2);
  EXPECT_EQ(problems_of(verify(removed)), "removed 3;");
  auto reordered = texts_of(events);
  std::swap(reordered[1], reordered[2]);
  EXPECT_EQ(problems_of(verify(reordered)), "reordered 2;");
  auto changed = texts_of(events);
  const auto at = changed[2].find("act.2");
  changed[2].replace(at, 5, "act.9");
  EXPECT_EQ(problems_of(verify(changed)), "changed 3;");
  auto widened = texts_of(events);  // by a member that no schema knows
  widened[2].insert(1, "\"note\":1,");
  EXPECT_EQ(problems_of(verify(widened)), "changed 3;");
  auto forged = events;
  forged[2].action = "other";
  forged[2].chain.hash = audit_hash(forged[2]);
  EXPECT_EQ(problems_of(verify(texts_of(forged))), "changed 4;") << "its follower names another";
}
TEST(AuditVerifier, TakesARecordThatItsWriterDeclaredLostForNoGap) {
  AuditChains chains("one");
  auto kept = chain_of(chains, 1);
  auto lost = event_of("acme", "lost");
  chains.append(lost);
  kept.push_back(event_of("acme", "later"));
  chains.append(kept.back());
  chains.withdraw(lost);
  kept.push_back(event_of("acme", "after"));
  chains.append(kept.back());
  const auto summary = verify(texts_of(kept));
  EXPECT_EQ(problems_of(summary), "");
  EXPECT_EQ(summary.declared_lost, 1U);
}
TEST(AuditVerifier, KeepsTenantsAndWritersApartAndSeesAFork) {
  AuditChains one("one"), two("two"), same("one");
  auto texts = texts_of(chain_of(one, 3));
  for (auto& text : texts_of(chain_of(two, 3))) texts.push_back(std::move(text));
  EXPECT_EQ(problems_of(verify(texts)), "");
  EXPECT_EQ(verify(texts).chains, 2U);
  auto other = event_of("acme", "another life of the same writer");
  same.append(other);
  texts.push_back(wire::encode(other));
  EXPECT_EQ(problems_of(verify(texts)), "forked 1;");
}

TEST(RateLimiter, LetsABurstThroughAndThenTheRate) {
  RateLimitConfig config;
  config.requests_per_second = 10;
  config.burst = 3;
  RateLimiter limiter(config);
  const Time start{seconds(100)};
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(limiter.take("a", start));
  const auto wait = limiter.take("a", start);
  ASSERT_TRUE(wait);
  EXPECT_EQ(std::chrono::duration_cast<milliseconds>(*wait).count(), 100);
  EXPECT_FALSE(limiter.take("b", start)) << "keys are apart";
  EXPECT_FALSE(limiter.take("a", start + *wait));
  EXPECT_TRUE(limiter.take("a", start + *wait));
}
TEST(RateLimiter, ForgetsTheKeyUnusedForLongest) {
  RateLimitConfig config;
  config.burst = 1;
  config.requests_per_second = 0.001;
  config.keys_max = 2;
  RateLimiter limiter(config);
  const Time now{seconds(100)};
  EXPECT_FALSE(limiter.take("a", now));
  EXPECT_FALSE(limiter.take("b", now));
  EXPECT_TRUE(limiter.take("a", now));  // now b is the older one
  EXPECT_FALSE(limiter.take("c", now));
  EXPECT_EQ(limiter.size(), 2U);
  EXPECT_TRUE(limiter.take("a", now)) << "a was kept";
  EXPECT_FALSE(limiter.take("b", now)) << "b was forgotten";
}

TEST(Tickets, ServeOnceAndForTheirTime) {
  const ManualClock clock;
  SeededRandom random(1);
  Tickets tickets(Sources{clock, random}, seconds(30), 2);
  contracts::Principal ann;
  ann.user_id = "ann";
  const Time now{seconds(100)};
  const auto ticket = *tickets.issue(ann, now);
  EXPECT_FALSE(tickets.redeem("no such", now));
  EXPECT_EQ(tickets.redeem(ticket, now + seconds(29))->user_id, "ann");
  EXPECT_FALSE(tickets.redeem(ticket, now + seconds(29))) << "used";
  const auto late = *tickets.issue(ann, now);
  EXPECT_FALSE(tickets.redeem(late, now + seconds(30))) << "over";
}
TEST(Tickets, ServeAtTheOnePathTheyAreBoundTo) {
  const ManualClock clock;
  SeededRandom random(1);
  Tickets cookies(Sources{clock, random}, seconds(30), 2);
  const Time now{seconds(100)};
  const auto cookie = *cookies.issue({}, now, "/stream/a");
  EXPECT_TRUE(cookies.peek(cookie, now, "/stream/a"));
  EXPECT_FALSE(cookies.peek(cookie, now, "/stream/b"));
  EXPECT_FALSE(cookies.peek(cookie, now));
}
TEST(Tickets, AreBounded) {
  const ManualClock clock;
  SeededRandom random(1);
  Tickets tickets(Sources{clock, random}, seconds(30), 2);
  const Time now{seconds(100)};
  const auto issue = [&](const char* user, Time at) {
    contracts::Principal principal;
    principal.user_id = user;
    return tickets.issue(std::move(principal), at);
  };
  EXPECT_TRUE(issue("ann", now));
  EXPECT_TRUE(issue("bob", now));
  EXPECT_EQ(issue("cid", now).error().code, Errc::overloaded);
  EXPECT_TRUE(issue("cid", now + seconds(30)));
}
TEST(Tickets, OfOneUserLeaveRoomForOthers) {
  const ManualClock clock;
  SeededRandom random(1);
  Tickets tickets(Sources{clock, random}, seconds(30), 100);
  const Time now{seconds(100)};
  contracts::Principal greedy, other;
  greedy.tenant_id = other.tenant_id = "t";
  greedy.user_id = "greedy";
  other.user_id = "other";
  const auto first = *tickets.issue(greedy, now);
  std::string last;
  for (int i = 0; i < 1'000; ++i) last = *tickets.issue(greedy, now);
  EXPECT_FALSE(tickets.redeem(first, now)) << "his oldest made room for his newest";
  EXPECT_TRUE(tickets.redeem(last, now));
  EXPECT_TRUE(tickets.issue(other, now));
  for (int i = 0; i < 1'000; ++i) {  // used at once: none waits
    const auto used = tickets.issue(other, now);
    ASSERT_TRUE(used);
    EXPECT_TRUE(tickets.redeem(*used, now));
  }
  for (int i = 0; i < 100; ++i) {
    greedy.user_id = "u" + std::to_string(i);
    static_cast<void>(tickets.issue(greedy, now));
  }
  other.tenant_id = "another";
  EXPECT_TRUE(tickets.issue(other, now)) << "nor does a tenant take all";
}
TEST(Tickets, EndWithTheTokenTheyStandFor) {
  const ManualClock clock;
  SeededRandom random(1);
  Tickets tickets(Sources{clock, random}, seconds(30), 2);
  contracts::Principal ann;
  ann.expires_at = clock.now();
  const Time now{seconds(100)};
  EXPECT_FALSE(tickets.redeem(*tickets.issue(ann, now), now));
}

TEST(Rights, FollowTheTable) {
  struct Line {
    std::string_view role;
    Right most;
  };
  for (const auto& [role, most] :
       {Line{"viewer", Right::read}, Line{"analyst", Right::respond},
        Line{"curator", Right::curate}, Line{"operator", Right::operate}})
    for (const auto& [right, name] : EnumNames<Right>::names)
      EXPECT_EQ(may(role, right), right <= most) << role << " " << name;
  EXPECT_FALSE(may("admin", Right::read)) << "an unknown role";
  EXPECT_EQ(least_role(Right::curate), "curator");
}

}  // namespace
}  // namespace loquat::security

#include "gate.hpp"

#include <algorithm>

namespace loquat::memory {
namespace {

using contracts::LearntItem;
using contracts::LearntStance;
using contracts::LearntState;

constexpr std::string_view kThreshold = "threshold";
constexpr std::size_t kUsersMax = 200;
constexpr std::size_t kStancesMax = 1'000;

void put(std::vector<std::string>& users, const std::string& user) {
  if (std::ranges::find(users, user) == users.end() && users.size() < kUsersMax)
    users.push_back(user);
}

/// The users' lists from what they said: of each the last word counts.
void recount(LearntItem& item) {
  item.agreeing_users.clear();
  item.contradicting_users.clear();
  for (const auto& stance : item.stances) {
    std::erase(item.agreeing_users, stance.user_id);
    std::erase(item.contradicting_users, stance.user_id);
    put(stance.agrees ? item.agreeing_users : item.contradicting_users, stance.user_id);
  }
}

/// The last word on it was a person's.
bool is_decided_by_person(const LearntItem& item) {
  return item.history.size() > 1 && item.history.back().by != kThreshold;
}

}  // namespace

void change_state(LearntItem& item, LearntState state, std::string by, std::string why,
                  WallTime now) {
  item.updated_at = now;
  if (item.state == state && !item.history.empty()) return;
  if (!item.history.empty()) ++item.version;
  item.state = state;
  item.history.push_back({item.version, state, std::move(by), std::move(why), now, std::nullopt});
}

void apply_threshold(LearntItem& item, std::int64_t agreeing_users_min, WallTime now) {
  const auto agreeing = static_cast<std::int64_t>(item.agreeing_users.size());
  const bool passes = agreeing_users_min > 0 && agreeing >= agreeing_users_min &&
                      item.contradicting_users.empty() && item.problems.empty() && item.query;
  if (is_decided_by_person(item)) return;
  if (passes && item.state == LearntState::pending)
    change_state(item, LearntState::active, std::string(kThreshold),
                 std::to_string(agreeing) + " users agree, nobody contradicts.", now);
  else if (!passes && item.state == LearntState::active)
    change_state(item, LearntState::pending, std::string(kThreshold),
                 "The users no longer agree on it.", now);
}

void change_query(LearntItem& item, wire::QueryShape query, std::string by, std::string why,
                  WallTime now) {
  ++item.version;
  item.updated_at = now;
  contracts::LearntChange change;
  change.version = item.version;
  change.state = item.state;
  change.by = std::move(by);
  change.why = std::move(why);
  change.at = now;
  change.query_before = std::move(item.query);
  item.history.push_back(std::move(change));
  item.query = std::move(query);
}

Result<void> undo(LearntItem& item, std::string by, WallTime now) {
  if (item.history.size() < 2) return fail(Errc::conflict, "There is nothing to undo.");
  if (item.history.back().query_before) {
    change_query(item, *item.history.back().query_before, std::move(by), "Undone.", now);
    return {};
  }
  const LearntState before = item.history[item.history.size() - 2].state;
  change_state(item, before, std::move(by), "Undone.", now);
  return {};
}

void take_stance(LearntItem& item, LearntStance stance) {
  static_cast<void>(withdraw(item, stance));
  if (item.stances.size() >= kStancesMax) return;
  item.stances.push_back(std::move(stance));
  recount(item);
}

bool withdraw(LearntItem& item, const LearntStance& place) {
  const auto gone = std::erase_if(item.stances, [&](const LearntStance& one) {
    return one.user_id == place.user_id && one.place == place.place &&
           one.response_id == place.response_id;
  });
  if (gone > 0) recount(item);
  return gone > 0;
}

bool withdraw(LearntItem& item, const std::string& event_id, const std::string& user_id) {
  const auto source = std::ranges::find(item.source_event_ids, event_id);
  const bool is_source = source != item.source_event_ids.end();
  if (is_source) item.source_event_ids.erase(source);
  const auto gone = std::erase_if(item.stances, [&](const LearntStance& one) {
    return one.event_id == event_id ||
           (is_source && one.event_id.empty() && one.user_id == user_id);
  });
  if (gone > 0) recount(item);
  return gone > 0 || is_source;
}

void complete_stances(LearntItem& item) {
  if (!item.stances.empty()) return;
  for (const bool agrees : {true, false})
    for (const auto& user : agrees ? item.agreeing_users : item.contradicting_users)
      item.stances.push_back({"", user, "", "", agrees});
}

}  // namespace loquat::memory

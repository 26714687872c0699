#include "gate.hpp"

#include <algorithm>

namespace loquat::memory {
namespace {

using contracts::LearntItem;
using contracts::LearntState;

constexpr std::string_view kThreshold = "threshold";
constexpr std::size_t kUsersMax = 200;

void put(std::vector<std::string>& users, const std::string& user) {
  if (std::ranges::find(users, user) == users.end() && users.size() < kUsersMax)
    users.push_back(user);
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
  item.history.push_back({item.version, state, std::move(by), std::move(why), now});
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

Result<void> undo(LearntItem& item, std::string by, WallTime now) {
  if (item.history.size() < 2) return fail(Errc::conflict, "There is nothing to undo.");
  const LearntState before = item.history[item.history.size() - 2].state;
  change_state(item, before, std::move(by), "Undone.", now);
  return {};
}

void agree(LearntItem& item, const std::string& user) {
  std::erase(item.contradicting_users, user);
  put(item.agreeing_users, user);
}
void contradict(LearntItem& item, const std::string& user) {
  std::erase(item.agreeing_users, user);
  put(item.contradicting_users, user);
}
void withdraw(LearntItem& item, const std::string& user) {
  std::erase(item.agreeing_users, user);
  std::erase(item.contradicting_users, user);
}

}  // namespace loquat::memory

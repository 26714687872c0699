#include "loquat/runtime/fair_queue.hpp"

#include <algorithm>

#include "loquat/base/check.hpp"

namespace loquat::runtime {

namespace {

/// Who holds fewer comes first, then who was served longer ago.
template <class T>
bool comes_before(const T& one, const T& other) {
  if (one.running != other.running) return one.running < other.running;
  return one.last_start < other.last_start;
}

}  // namespace

FairQueue::FairQueue(Limits limits) : limits_(limits) {
  LOQUAT_CHECK(limits.slots > 0 && limits.per_group_max > 0 && limits.per_member_max > 0);
}

const FairQueue::Group* FairQueue::find(std::string_view group) const {
  const auto found = by_name_.find(group);
  return found == by_name_.end() ? nullptr : &*found->second;
}

const FairQueue::Member* FairQueue::find(const Group& group, std::string_view member) {
  const auto found = std::ranges::find(group.members, member, &Member::name);
  return found == group.members.end() ? nullptr : &*found;
}

FairQueue::Entry FairQueue::ask(const std::string& group, const std::string& member) const {
  const Group* g = find(group);
  const Member* m = g == nullptr ? nullptr : find(*g, member);
  const bool has_slot = running_ < limits_.slots &&
                        (g == nullptr || g->running < limits_.per_group_max) &&
                        (m == nullptr || m->running < limits_.per_member_max);
  // A slot stays free only where nobody who waits may have it, so nobody is overtaken here.
  if (has_slot) return Entry::runs;
  if ((m == nullptr ? 0 : m->line.size()) >= limits_.waiting_per_member_max)
    return Entry::member_full;
  if ((g == nullptr ? 0 : g->waiting) >= limits_.waiting_per_group_max) return Entry::group_full;
  return waiting_ >= limits_.waiting_max ? Entry::full : Entry::waits;
}

FairQueue::Entered FairQueue::enter(const std::string& group, const std::string& member) {
  const Entry entry = ask(group, member);
  if (entry != Entry::runs && entry != Entry::waits) return {entry};
  auto known = by_name_.find(group);
  if (known == by_name_.end()) {
    groups_.push_back({.name = group, .members = {}});
    known = by_name_.emplace(group, std::prev(groups_.end())).first;
  }
  const auto g = known->second;
  auto m = std::ranges::find(g->members, member, &Member::name);
  if (m == g->members.end()) {
    g->members.push_back({.name = member, .line = {}});
    m = std::prev(g->members.end());
  }
  const Ticket ticket = ++last_;
  holders_.emplace(ticket, Holder{g, m, entry == Entry::runs});
  if (entry == Entry::runs) {
    start(g, m);
  } else {
    m->line.push_back(ticket);
    ++g->waiting;
    ++waiting_;
  }
  return {entry, ticket};
}

void FairQueue::start(GroupPlace group, MemberPlace member) {
  ++running_;
  ++group->running;
  ++member->running;
  group->last_start = member->last_start = ++starts_;
}

std::optional<FairQueue::Ticket> FairQueue::leave(Ticket ticket) {
  const auto found = holders_.find(ticket);
  LOQUAT_CHECK(found != holders_.end());
  const Holder holder = found->second;
  holders_.erase(found);
  if (holder.is_running) {
    --running_;
    --holder.group->running;
    --holder.member->running;
  } else {
    std::erase(holder.member->line, ticket);
    --holder.group->waiting;
    --waiting_;
  }
  const auto started = next();
  forget_if_empty(holder.group, holder.member);
  return started;
}

std::optional<FairQueue::Ticket> FairQueue::next() {
  if (running_ >= limits_.slots || waiting_ == 0) return std::nullopt;
  auto best_group = groups_.end();
  MemberPlace best_member;
  for (auto g = groups_.begin(); g != groups_.end(); ++g) {
    if (g->waiting == 0 || g->running >= limits_.per_group_max) continue;
    if (best_group != groups_.end() && !comes_before(*g, *best_group)) continue;
    auto best = g->members.end();
    for (auto m = g->members.begin(); m != g->members.end(); ++m) {
      if (m->line.empty() || m->running >= limits_.per_member_max) continue;
      if (best == g->members.end() || comes_before(*m, *best)) best = m;
    }
    if (best == g->members.end()) continue;
    best_group = g;
    best_member = best;
  }
  if (best_group == groups_.end()) return std::nullopt;
  const Ticket ticket = best_member->line.front();
  best_member->line.pop_front();
  --best_group->waiting;
  --waiting_;
  holders_.at(ticket).is_running = true;
  start(best_group, best_member);
  return ticket;
}

void FairQueue::forget_if_empty(GroupPlace group, MemberPlace member) {
  if (member->running == 0 && member->line.empty()) group->members.erase(member);
  if (!group->members.empty()) return;
  by_name_.erase(group->name);
  groups_.erase(group);
}

}  // namespace loquat::runtime

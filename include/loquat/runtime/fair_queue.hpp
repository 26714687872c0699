#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace loquat::runtime {

/// Who comes next where slots are few: groups (tenants) share them, and the members (users) of a
/// group share what their group gets. A free slot goes to the group that holds the fewest of those
/// that wait, within it to the member that holds the fewest; among equals to who was served longest
/// ago. So however many of one group wait, another's first one gets the very next slot. Pure; one
/// thread.
class FairQueue {
 public:
  struct Limits {
    std::size_t slots = 1;
    std::size_t per_group_max = 1, per_member_max = 1;  ///< slots held at once
    std::size_t waiting_max = 0, waiting_per_group_max = 0, waiting_per_member_max = 0;
  };
  using Ticket = std::uint64_t;
  enum class Entry { runs, waits, full, group_full, member_full };
  struct Entered {
    Entry entry;
    Ticket ticket = 0;  ///< 0 where refused
  };

  explicit FairQueue(Limits limits);
  /// Takes a slot or a place in the line, or is refused with the narrowest limit that is reached.
  [[nodiscard]] Entered enter(const std::string& group, const std::string& member);
  /// What `enter` would say; changes nothing.
  [[nodiscard]] Entry ask(const std::string& group, const std::string& member) const;
  /// A ticket is given back, whether it held a slot or waited. Out: the one that gets a slot now.
  std::optional<Ticket> leave(Ticket ticket);

  [[nodiscard]] const Limits& limits() const noexcept { return limits_; }
  [[nodiscard]] std::size_t running() const noexcept { return running_; }
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }

 private:
  struct Member {
    std::string name;
    std::size_t running = 0;
    Ticket last_start = 0;  ///< 0: never served since it came
    std::deque<Ticket> line;
  };
  struct Group {
    std::string name;
    std::size_t running = 0, waiting = 0;
    Ticket last_start = 0;
    std::list<Member> members;  ///< in the order they came in
  };
  using GroupPlace = std::list<Group>::iterator;
  using MemberPlace = std::list<Member>::iterator;
  struct Holder {
    GroupPlace group;
    MemberPlace member;
    bool is_running;
  };
  [[nodiscard]] const Group* find(std::string_view group) const;
  [[nodiscard]] static const Member* find(const Group& group, std::string_view member);
  std::optional<Ticket> next();
  void start(GroupPlace group, MemberPlace member);
  void forget_if_empty(GroupPlace group, MemberPlace member);

  Limits limits_;
  std::list<Group> groups_;  ///< in the order they came in
  std::map<std::string, GroupPlace, std::less<>> by_name_;
  std::unordered_map<Ticket, Holder> holders_;
  std::size_t running_ = 0, waiting_ = 0;
  Ticket last_ = 0, starts_ = 0;
};

/// What a setting of 0 means: all slots but an eighth (at least one), so that others find a free
/// one at once; a single slot is whole.
[[nodiscard]] constexpr std::size_t most_of(std::size_t slots) noexcept {
  if (slots <= 1) return 1;
  return slots - (slots < 16 ? 1 : slots / 8);
}

}  // namespace loquat::runtime

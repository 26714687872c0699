#pragma once
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "loquat/base/result.hpp"
#include "loquat/base/sources.hpp"
#include "loquat/contracts/principal.hpp"

namespace loquat::security {

/// One-time tickets: proof of a principal for one connection, so that no token stands in a URL.
/// Also holds the cookies that a ticket is exchanged for. Loop thread only; bounded.
class Tickets {
 public:
  Tickets(const Sources& sources, Clock::duration ttl, std::size_t max)
      : sources_(sources), ttl_(ttl), max_(max) {}
  /// A user holds a twentieth of them at most: of more the oldest goes. Errors: overloaded when
  /// `max`, or nine tenths of them for this tenant, are waiting to be used.
  /// `bound_to`: the one path that it is good for, where it is not for all.
  [[nodiscard]] Result<std::string> issue(contracts::Principal principal, Time now,
                                          std::string bound_to = {});
  /// The principal, once; nothing if unknown, used or over its time.
  [[nodiscard]] std::optional<contracts::Principal> redeem(std::string_view ticket, Time now);
  [[nodiscard]] Clock::duration ttl() const noexcept { return ttl_; }
  /// Those that are kept, some perhaps over their time.
  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
  /// Looks without using it up: for cookies, which serve until their own end, at their own path.
  [[nodiscard]] std::optional<contracts::Principal> peek(std::string_view ticket, Time now,
                                                         std::string_view path = {});

 private:
  struct Item {
    contracts::Principal principal;
    std::string bound_to;
  };
  using Items = std::unordered_map<std::string, Item>;
  void drop_expired(Time now);
  void forget(Items::iterator item);
  void make_room_of(const std::string& holder);
  Sources sources_;
  Clock::duration ttl_;
  std::size_t max_;
  Items items_;
  std::deque<std::pair<Time, std::string>> order_;          ///< used ones stay until their time
  std::map<std::string, std::deque<std::string>> by_user_;  ///< oldest first
  std::map<std::string, std::size_t> by_tenant_;
};

}  // namespace loquat::security

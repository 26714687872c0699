#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "loquat/base/clock.hpp"
#include "loquat/contracts/row_filter.hpp"

namespace loquat::contracts {

/// Who calls, as proven. Made by security alone.
struct Principal {
  std::string tenant_id;
  std::string user_id;
  std::vector<std::string> roles;  ///< viewer, analyst, curator, operator
  std::string auth_method;         ///< none, jwt, api_key, ticket
  std::string ip;
  std::optional<WallTime> expires_at;
  std::map<std::string, std::vector<std::string>> attributes{};  ///< claims that row filters name
  std::vector<RowFilter> row_filters{};                          ///< of the policies in force

  [[nodiscard]] bool has_role(std::string_view role) const noexcept {
    for (const auto& r : roles)
      if (r == role) return true;
    return false;
  }
};

/// What travels with a request to every peer and event.
struct RequestContext {
  std::string request_id;
  std::string trace_id;        ///< 32 hex digits
  std::string parent_span_id;  ///< 16 hex digits; empty at the root
  bool wants_fresh = false;    ///< Cache-Control: no-cache; a kept result will not do
};

}  // namespace loquat::contracts

#include "loquat/security/rights.hpp"

#include <algorithm>
#include <array>

namespace loquat::security {
namespace {

/// In order of power: each may what those before it may.
struct RoleLine {
  std::string_view role;
  Right most;
};
constexpr std::array<RightLine, 6> kRights{{
    {Right::open, "", "health, metrics, the page, served schemas"},
    {Right::read, "viewer", "one's own sessions and their logs, the model, the tenant's insights"},
    {Right::ask, "analyst", "questions, metric queries, one's own profile"},
    {Right::respond, "analyst", "feedback, ratings, corrections"},
    {Right::curate, "curator",
     "what was learnt, trusted answers, exports; values of columns tagged as personal data"},
    {Right::operate, "operator", "imports, API keys, every trace of the tenant"},
}};
constexpr std::array<RoleLine, 4> kRoles{{
    {"viewer", Right::read},
    {"analyst", Right::respond},
    {"curator", Right::curate},
    {"operator", Right::operate},
}};

}  // namespace

bool may(std::string_view role, Right right) noexcept {
  if (right == Right::open) return true;
  return std::ranges::any_of(
      kRoles, [&](const RoleLine& line) { return line.role == role && right <= line.most; });
}
bool may(const contracts::Principal& principal, Right right) noexcept {
  return right == Right::open ||
         std::ranges::any_of(principal.roles, [&](const auto& role) { return may(role, right); });
}
std::span<const RightLine> rights_table() noexcept { return kRights; }
std::string_view least_role(Right right) noexcept {
  for (const auto& line : kRoles)
    if (right <= line.most) return line.role;
  return "operator";
}

}  // namespace loquat::security

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
std::string_view least_role(Right right) noexcept {
  for (const auto& line : kRoles)
    if (right <= line.most) return line.role;
  return "operator";
}

}  // namespace loquat::security

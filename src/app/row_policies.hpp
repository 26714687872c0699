#pragma once
#include <memory>
#include <string>
#include <vector>

#include "loquat/base/result.hpp"
#include "loquat/contracts/principal.hpp"
#include "loquat/security/authenticator.hpp"

namespace loquat::app {

/// One rule of `semantic.row_filters`: which values of a dimension a caller's rows may have.
/// `customer__region in claim:region`, `brand in tenant`, `owner in user`,
/// `depot__depot_name in values:North|South for viewer, analyst`,
/// `customer__region in claim:region except operator`.
struct RowPolicy {
  enum class Source { tenant, user, claim, values };
  std::string dimension;
  Source source = Source::tenant;
  std::string claim;
  std::vector<std::string> values;
  std::vector<std::string> only_roles;    ///< empty: all
  std::vector<std::string> except_roles;  ///< a caller with one of these is not filtered
};

/// Errors: invalid_request, one FieldIssue per rule that cannot be read.
[[nodiscard]] Result<std::vector<RowPolicy>> parse_row_policies(
    const std::vector<std::string>& rules);
/// The claims that `policies` need, for the authenticator to keep.
[[nodiscard]] std::vector<std::string> claims_of(const std::vector<RowPolicy>& policies);
/// What holds for one caller. A rule whose value the caller does not bring gives a filter without
/// values, which refuses.
[[nodiscard]] std::vector<contracts::RowFilter> row_filters_for(
    const std::vector<RowPolicy>& policies, const contracts::Principal& principal,
    bool skips_unreachable);

/// Puts the filters in force on every principal that `inner` proves.
[[nodiscard]] std::unique_ptr<security::Authenticator> with_row_filters(
    std::unique_ptr<security::Authenticator> inner, std::vector<RowPolicy> policies,
    bool skips_unreachable);

}  // namespace loquat::app

#pragma once
#include <span>
#include <string_view>

#include "loquat/base/enum_names.hpp"
#include "loquat/contracts/principal.hpp"

namespace loquat::security {

/// What a route asks of its caller.
enum class Right {
  open,     ///< nobody needs to be known: health, metrics, the page, served schemas
  read,     ///< see one's own sessions, the model, insights
  ask,      ///< questions, queries, one's own profile
  respond,  ///< feedback
  curate,   ///< what was learnt, trusted answers, exports
  operate,  ///< imports and other acts on the service
};
/// One line of the table of rights; docs/security.md prints it.
struct RightLine {
  Right right;
  std::string_view least_role;  ///< empty: nobody needs to be known
  std::string_view text;
};
[[nodiscard]] std::span<const RightLine> rights_table() noexcept;

/// The roles table: viewer reads; analyst also asks and responds; curator also curates; operator
/// may everything.
[[nodiscard]] bool may(std::string_view role, Right right) noexcept;
[[nodiscard]] bool may(const contracts::Principal& principal, Right right) noexcept;
/// The least role that has the right; for messages.
[[nodiscard]] std::string_view least_role(Right right) noexcept;

}  // namespace loquat::security

namespace loquat {
LOQUAT_ENUM(security::Right, 6,
            {{{security::Right::open, "open"},
              {security::Right::read, "read"},
              {security::Right::ask, "ask"},
              {security::Right::respond, "respond"},
              {security::Right::curate, "curate"},
              {security::Right::operate, "operate"}}});
}  // namespace loquat

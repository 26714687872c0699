#include "loquat/conversation/conversation.hpp"

namespace loquat::conversation {
namespace {
const std::string kMask = "•••";
}

std::string_view masked_text() noexcept { return kMask; }

bool may_see_personal_data(const contracts::Principal& principal) {
  // Without a proof of who calls, nobody is a curator.
  return principal.auth_method != "none" &&
         (principal.has_role("curator") || principal.has_role("operator"));
}

std::vector<std::string> mask_columns(contracts::ResultSet& rows,
                                      const std::vector<SourceColumn>& sources,
                                      const contracts::ColumnTags& tags,
                                      const contracts::Principal& principal) {
  std::vector<std::string> masked;
  if (may_see_personal_data(principal)) return masked;
  for (const auto& source : sources) {
    if (source.column >= rows.columns.size()) continue;
    const auto& column = rows.columns[source.column];
    const bool is_text = column.type == contracts::ColumnType::text;
    if (!tags.must_mask(source.relation, source.source_column, source.dbt_says, is_text, principal))
      continue;
    masked.push_back(column.name);
    for (auto& row : rows.rows)
      if (!contracts::is_null(row[source.column])) row[source.column] = kMask;
  }
  return masked;
}

}  // namespace loquat::conversation

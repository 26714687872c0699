#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "loquat/sql/lineage.hpp"

/// Names in sight at one place of a statement, and what stands behind them.
namespace loquat::sql {

using Origins = std::set<LineageInput>;

/// What an expression is made of. A struct's fields are known one by one where they were written
/// so.
struct Traced {
  Origins origins;
  std::map<std::string, Traced> fields;
};
void merge(Traced& into, const Traced& from);
/// The same columns seen through a further step. What decides (`window`, `conditional`, …) stays
/// so.
[[nodiscard]] Traced through(Influence step, const Traced& value);

struct TracedColumn {
  std::string name;  ///< lower case
  Traced value;
  bool is_named = true;
};
using TracedColumns = std::vector<TracedColumn>;

struct Relation {
  std::string alias;                    ///< lower case
  std::vector<std::string> qualifiers;  ///< schema, catalog: as far as written; lower case
  TracedColumns columns;
  std::string open_table;  ///< columns unknown: any name is a column of this table
  bool is_opaque = false;  ///< columns unknown, and no table behind them
};
/// A column that USING or NATURAL made of two.
struct MergedColumn {
  std::string name;
  Traced value;
  std::set<std::size_t> relations;  ///< indexes whose own column it stands for
};

struct Scope {
  std::vector<Relation> relations;
  std::vector<MergedColumn> merged;
  const TracedColumns* aliases = nullptr;  ///< outputs of the SELECT that may be named
  bool aliases_first = false;              ///< ORDER BY
  std::set<std::string> parameters;        ///< of lambdas around
  const Scope* outer = nullptr;
};

/// What `path` (lower case) means in `scope`; nothing if no name in sight fits.
[[nodiscard]] std::optional<Traced> resolve(const Scope& scope,
                                            const std::vector<std::string>& path);
/// The columns that `*` (empty relation) or `r.*` stands for. Nothing if some are not known.
[[nodiscard]] std::optional<TracedColumns> expand_star(const Scope& scope,
                                                       const std::string& relation);
/// The column `name` among relations [begin, end), merged ones first.
[[nodiscard]] std::optional<Traced> column_among(const Scope& scope, std::size_t begin,
                                                 std::size_t end, const std::string& name);

}  // namespace loquat::sql

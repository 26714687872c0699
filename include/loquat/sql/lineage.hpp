#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "loquat/base/enum_names.hpp"
#include "loquat/sql/tree.hpp"

/// Which source columns feed which output columns of one statement.
/// Kinds and subtypes are those of OpenLineage's column lineage facet, 1-2-0.
namespace loquat::sql {

/// The first three feed the value (DIRECT); the others decide which rows or which value (INDIRECT).
enum class Influence {
  identity,
  transformation,
  aggregation,
  conditional,
  window,
  filter,
  join,
  group_by,
  sort
};
[[nodiscard]] constexpr bool is_direct(Influence influence) noexcept {
  return influence <= Influence::aggregation;
}

/// What tables there are and which columns they have, in order. Names without regard to case.
class Schema {
 public:
  /// `name` as the answer shall show it, e.g. `shop.main.orders`.
  void add(std::string name, std::vector<std::string> columns);
  struct Table {
    std::string name;
    std::vector<std::string> columns;  ///< lower case
  };
  /// The table whose name ends with these parts (`main.orders` finds `shop.main.orders`), or that
  /// these parts end with (`main.orders` finds `orders`); null if there is none. Of several the
  /// first added.
  [[nodiscard]] const Table* find(const std::vector<std::string>& parts) const;

 private:
  std::multimap<std::string, Table, std::less<>> by_last_part_;
};

struct LineageInput {
  std::string table, column;
  Influence influence = Influence::identity;
  auto operator<=>(const LineageInput&) const = default;
};
struct LineageOutput {
  std::string column;
  bool is_named = true;              ///< false: the engine makes up the name
  std::vector<LineageInput> inputs;  ///< ordered, each once
};
struct LineageSource {
  std::string table;
  std::vector<std::string> columns_read, filter_columns, join_columns;  ///< ordered
};
struct LineageStep {
  std::string type;  ///< aggregate, filter, join, group, sort, limit, window, expression, union
  std::string function, input_column, output_alias;
  std::vector<std::string> columns;  ///< `table.column`
};
struct Lineage {
  std::vector<std::string> tables;
  std::vector<LineageSource> sources;
  std::vector<LineageOutput> outputs;
  std::vector<LineageInput> influences;  ///< on all outputs alike: filter, join, group_by, sort
  std::vector<LineageStep> steps;        ///< at most 200
  std::vector<std::string> unresolved;   ///< what could not be followed, in words
};

/// Follows every column of `statement` to its base columns. Pure; cost grows with nodes times
/// columns, and stops, saying so in `unresolved`, at a fixed bound. Tables that `schema` does not
/// know are taken to have whatever column is asked of them.
[[nodiscard]] Lineage trace_columns(const Statement& statement, const Schema& schema);

}  // namespace loquat::sql

namespace loquat {
LOQUAT_ENUM(sql::Influence, 9,
            {{{sql::Influence::identity, "IDENTITY"},
              {sql::Influence::transformation, "TRANSFORMATION"},
              {sql::Influence::aggregation, "AGGREGATION"},
              {sql::Influence::conditional, "CONDITIONAL"},
              {sql::Influence::window, "WINDOW"},
              {sql::Influence::filter, "FILTER"},
              {sql::Influence::join, "JOIN"},
              {sql::Influence::group_by, "GROUP_BY"},
              {sql::Influence::sort, "SORT"}}});
}  // namespace loquat

#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// The logical plan: selects over relations and over each other, as plain data, and their text.
namespace loquat::semantic {

struct Select;

struct NamedExpr {
  std::string name;  ///< output name
  std::string expr;
};

struct JoinPart {
  std::string kind;      ///< LEFT JOIN, INNER JOIN, FULL OUTER JOIN, CROSS JOIN
  std::string relation;  ///< rendered relation; empty if it is `select`
  Select* select = nullptr;
  std::string alias;
  std::vector<std::string> on;  ///< conditions, joined by AND, or
  std::string using_;           ///< column list
};

using Conditions = std::vector<std::string>;

[[nodiscard]] inline JoinPart join_relation(std::string kind, std::string relation,
                                            std::string alias, Conditions on) {
  return {std::move(kind), std::move(relation), nullptr, std::move(alias), std::move(on), {}};
}
[[nodiscard]] inline JoinPart join_select(std::string kind, Select* select, Conditions on) {
  return {std::move(kind), {}, select, {}, std::move(on), {}};
}
/// Every group of either side: FULL OUTER JOIN on equal `columns`; without any, CROSS JOIN.
[[nodiscard]] inline JoinPart join_groups(Select* select, std::string columns) {
  const std::string kind = columns.empty() ? "CROSS JOIN" : "FULL OUTER JOIN";
  return {kind, {}, select, {}, {}, std::move(columns)};
}

/// One SELECT. Keys come first in its output, then values; with `grouped` it groups by all keys.
struct Select {
  std::string name;      ///< as a common table expression
  std::string relation;  ///< rendered relation; empty if it reads `from`
  Select* from = nullptr;
  std::string alias;
  std::vector<JoinPart> joins;
  std::vector<std::string> where;
  std::vector<NamedExpr> keys, values;
  bool grouped = false;
  bool distinct = false;

  /// The value's output name; a value of the same expression is not added again.
  std::string publish(const std::string& expr, const std::string& wanted);
};

struct OrderKey {
  std::string column;
  bool descending = false;
};

/// A whole query: `last` and, as common table expressions before it, everything it reads.
struct Statement {
  Select* last = nullptr;
  std::vector<OrderKey> order_by;
  std::optional<std::int64_t> limit;
};

/// Owns the selects of one query and gives each a name of its own.
class SelectPool {
 public:
  [[nodiscard]] Select& make(std::string name);

 private:
  std::vector<std::unique_ptr<Select>> selects_;
  std::vector<std::string> names_;
};

[[nodiscard]] std::string render(const Statement& statement);

}  // namespace loquat::semantic

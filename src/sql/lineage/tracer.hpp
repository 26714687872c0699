#pragma once
#include <deque>
#include <functional>

#include "scope.hpp"

namespace loquat::sql {

/// Common tables in sight, innermost first.
struct Common {
  std::string name;
  TracedColumns columns;
  bool is_opaque = false;
  const Common* before = nullptr;
};

/// Walks one statement. One use.
class Tracer {
 public:
  explicit Tracer(const Schema& schema) : schema_(schema) {}

  /// Out: the columns of `query`; nothing of them if they cannot be known.
  TracedColumns query(const Query& query, const Common* common, const Scope* outer);

  std::set<std::string> tables;
  Origins influences;
  std::vector<LineageStep> steps;
  std::set<std::string> unresolved;

 private:
  static constexpr int kWorkMax = 200'000;
  static constexpr std::size_t kStepsMax = 200;
  static constexpr std::size_t kColumnsMax = 10'000;  // of one query

  // queries (tracer.cpp)
  TracedColumns select(const Query& query, const Common* common, const Scope* outer);
  TracedColumns set_operation(const Query& query, const Common* common, const Scope* outer);
  TracedColumns recursive(const Query& query, const Common* common, const Scope* outer);
  const Common* define(const Query& query, const Common* common, const Scope* outer);
  void output(const Expression& node, Scope& scope, const Common* common, TracedColumns& out);
  void add_star(const Expression& node, Scope& scope, const Common* common, TracedColumns& out);
  void influence(const std::vector<Expression>& list, Influence kind, const char* step,
                 const Scope& scope, const Common* common, const TracedColumns* by_position);
  void influence_of_outputs(const TracedColumns& outputs, const std::vector<Expression>& nodes,
                            Influence kind, const char* step);
  void modifiers(const Query& query, const Scope& scope, const Common* common,
                 const TracedColumns& outputs);

  // FROM (sources.cpp)
  void source(const Source& node, Scope& scope, const Common* common);
  void table(const Source& node, Scope& scope, const Common* common);
  void join(const Source& node, Scope& scope, const Common* common);
  void merge_columns(const Source& node, Scope& scope, std::size_t begin, std::size_t middle);
  void table_function(const Source& node, Scope& scope, const Common* common);
  void values(const Source& node, Scope& scope, const Common* common);
  void pivot(const Source& node, Scope& scope, const Common* common);
  void unpivot(const Source& node, Scope& scope, const Common* common);
  void add_relation(const Source& node, Scope& scope, TracedColumns columns);

  // expressions (expressions.cpp)
  Traced expression(const Expression& node, const Scope& scope, const Common* common);
  Traced all(const std::vector<Expression>& list, Influence step, const Scope& scope,
             const Common* common);
  Traced column(const Expression& node, const Scope& scope);
  Traced function(const Expression& node, const Scope& scope, const Common* common);
  Traced window(const Expression& node, const Scope& scope, const Common* common);
  Traced subquery(const Expression& node, const Scope& scope, const Common* common);
  Traced lambda(const Expression& node, const Scope& scope, const Common* common);
  std::optional<Traced> field_access(const Expression& node, const Scope& scope,
                                     const Common* common);

  void step(LineageStep made);
  void unknown(std::string text) { unresolved.insert(std::move(text)); }
  bool is_tired();

  const Schema& schema_;
  std::deque<Common> commons_;
  std::string output_;  ///< the output column that is being walked
  int work_ = 0;
};

[[nodiscard]] std::vector<std::string> names_of(const Origins& origins);
[[nodiscard]] std::vector<std::string> lower_all(const std::vector<std::string>& names);
/// Does the expression fold rows anywhere outside a subquery?
[[nodiscard]] bool folds_rows(const Expression& node);

}  // namespace loquat::sql

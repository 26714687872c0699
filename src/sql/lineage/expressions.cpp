#include <array>

#include "../text.hpp"
#include "tracer.hpp"

namespace loquat::sql {
namespace {

using namespace std::string_view_literals;

/// Columns that SQL makes out of nothing.
constexpr std::array kMadeUp = {"current_date"sv,    "current_time"sv,   "current_timestamp"sv,
                                "localtime"sv,       "localtimestamp"sv, "current_user"sv,
                                "session_user"sv,    "user"sv,           "current_role"sv,
                                "current_catalog"sv, "current_schema"sv};
/// Ordered-set aggregates: what is ordered is what is measured.
constexpr std::array kOrderedSet = {"quantile_cont"sv,   "quantile_disc"sv, "percentile_cont"sv,
                                    "percentile_disc"sv, "mode"sv,          "median"sv};
/// Window functions that hand on a value as it is.
constexpr std::array kCarriers = {"lag"sv,       "lead"sv,  "first_value"sv, "last_value"sv,
                                  "nth_value"sv, "first"sv, "last"sv};

template <class List>
bool is_one_of(const List& list, std::string_view name) {
  return std::ranges::find(list, name) != list.end();
}

}  // namespace

std::vector<std::string> lower_all(const std::vector<std::string>& names) {
  std::vector<std::string> out;
  for (const std::string& name : names) out.push_back(lower(name));
  return out;
}

std::vector<std::string> names_of(const Origins& origins) {
  std::set<std::string> out;
  for (const LineageInput& origin : origins) out.insert(origin.table + "." + origin.column);
  return {out.begin(), out.end()};
}

bool folds_rows(const Expression& node) {
  if (node.kind == Expression::Kind::function && node.is_aggregate) return true;
  for (const auto* list : {&node.arguments, &node.tests})
    for (const Expression& part : *list)
      if (folds_rows(part)) return true;
  return false;
}

bool Tracer::is_tired() {
  if (++work_ <= kWorkMax) return false;
  unknown("The statement is too large to follow whole.");
  return true;
}

void Tracer::step(LineageStep made) {
  if (steps.size() < kStepsMax) steps.push_back(std::move(made));
}

Traced Tracer::all(const std::vector<Expression>& list, Influence step, const Scope& scope,
                   const Common* common) {
  Traced out;
  for (const Expression& node : list) merge(out, through(step, expression(node, scope, common)));
  return out;
}

Traced Tracer::column(const Expression& node, const Scope& scope) {
  const auto path = lower_all(node.path);
  if (auto value = resolve(scope, path)) return *value;
  if (path.size() == 1 && is_one_of(kMadeUp, std::string_view(path[0]))) return {};
  std::string written;
  for (const std::string& part : node.path) written += (written.empty() ? "" : ".") + part;
  unknown("The column " + written + " is not known or could be of several tables.");
  return {};
}

std::optional<Traced> Tracer::field_access(const Expression& node, const Scope& scope,
                                           const Common* common) {
  const bool is_access = node.name == "struct_extract" || node.name == "array_extract" ||
                         node.name == "element_at" || node.name == "map_extract";
  if (!is_access || node.arguments.size() != 2 ||
      node.arguments[1].kind != Expression::Kind::constant)
    return std::nullopt;
  const Traced whole = expression(node.arguments[0], scope, common);
  const auto field = whole.fields.find(lower(node.arguments[1].text));
  if (field != whole.fields.end()) return field->second;
  return through(Influence::transformation, whole);
}

Traced Tracer::function(const Expression& node, const Scope& scope, const Common* common) {
  if (auto field = field_access(node, scope, common)) return *field;
  const Influence kind = node.is_aggregate ? Influence::aggregation : Influence::transformation;
  Traced arguments;
  Traced out;
  for (const Expression& argument : node.arguments) {
    Traced value = expression(argument, scope, common);
    if ((node.name == "struct_pack" || node.name == "row") && !argument.alias.empty())
      out.fields[lower(argument.alias)] = value;
    merge(arguments, through(kind, value));
  }
  out.origins = arguments.origins;
  const Influence order =
      is_one_of(kOrderedSet, std::string_view(node.name)) ? kind : Influence::window;
  merge(out, all(node.orders, order, scope, common));
  merge(out, all(node.filters, Influence::conditional, scope, common));
  if (node.is_aggregate) {
    const auto names = names_of(out.origins);
    step({"aggregate", node.name, names.empty() ? "" : names[0], output_, names});
  }
  return out;
}

Traced Tracer::window(const Expression& node, const Scope& scope, const Common* common) {
  const Influence kind = is_one_of(kCarriers, std::string_view(node.name))
                             ? Influence::transformation
                             : Influence::aggregation;
  Traced out = all(node.arguments, kind, scope, common);
  for (const auto* list : {&node.partitions, &node.orders, &node.frame})
    merge(out, all(*list, Influence::window, scope, common));
  merge(out, all(node.filters, Influence::conditional, scope, common));
  step({"window", node.name, "", output_, names_of(out.origins)});
  return out;
}

Traced Tracer::subquery(const Expression& node, const Scope& scope, const Common* common) {
  Traced out = all(node.arguments, Influence::transformation, scope, common);
  for (const Query& inner : node.queries) {
    const TracedColumns columns = query(inner, common, &scope);
    if (columns.empty()) continue;
    if (node.arguments.empty() && columns.size() == 1) return columns[0].value;
    for (const TracedColumn& column : columns)
      merge(out, through(Influence::transformation, column.value));
  }
  return out;
}

Traced Tracer::lambda(const Expression& node, const Scope& scope, const Common* common) {
  // `a -> 'b'` is read as a lambda too: there the left side is a value.
  if (!node.arguments.empty() && node.arguments[0].kind == Expression::Kind::constant)
    return all(node.tests, Influence::transformation, scope, common);
  Scope inner;
  inner.outer = &scope;
  for (const std::string& name : node.parameters) inner.parameters.insert(lower(name));
  return all(node.arguments, Influence::transformation, inner, common);
}

Traced Tracer::expression(const Expression& node, const Scope& scope, const Common* common) {
  using Kind = Expression::Kind;
  if (is_tired()) return {};
  switch (node.kind) {
    case Kind::column:
      return column(node, scope);
    case Kind::constant:
    case Kind::parameter:
      return {};
    case Kind::function:
      return function(node, scope, common);
    case Kind::window:
      return window(node, scope, common);
    case Kind::condition: {
      Traced out = all(node.tests, Influence::conditional, scope, common);
      merge(out, all(node.arguments, Influence::transformation, scope, common));
      return out;
    }
    case Kind::exists:  // reads no value; what it compares decides about rows
      for (const Query& inner : node.queries) static_cast<void>(query(inner, common, &scope));
      return {};
    case Kind::subquery:
      return subquery(node, scope, common);
    case Kind::lambda:
      return lambda(node, scope, common);
    case Kind::position: {
      const auto columns = expand_star(scope, "");
      if (columns && node.index >= 1 && node.index <= static_cast<std::int64_t>(columns->size()))
        return (*columns)[static_cast<std::size_t>(node.index - 1)].value;
      unknown("A column named by its position is not known.");
      return {};
    }
    case Kind::star: {
      unknown("COLUMNS(*) inside an expression is followed as one column.");
      Traced out;
      if (const auto columns = expand_star(scope, node.path.empty() ? "" : lower(node.path[0])))
        for (const TracedColumn& each : *columns) merge(out, Traced{each.value.origins, {}});
      return out;
    }
    case Kind::other:
      break;
  }
  if (auto field = field_access(node, scope, common)) return *field;
  return all(node.arguments, Influence::transformation, scope, common);
}

}  // namespace loquat::sql

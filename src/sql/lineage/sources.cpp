#include <algorithm>

#include "../text.hpp"
#include "tracer.hpp"

namespace loquat::sql {
namespace {

void rename(TracedColumns& columns, const std::vector<std::string>& aliases) {
  for (std::size_t i = 0; i < aliases.size() && i < columns.size(); ++i)
    columns[i].name = lower(aliases[i]), columns[i].is_named = true;
}

bool has(const TracedColumns& columns, const std::string& name) {
  return std::ranges::any_of(columns,
                             [&](const TracedColumn& column) { return column.name == name; });
}

std::vector<std::string> split_values(const std::vector<Source::PivotEntry>& entries) {
  std::vector<std::string> out;
  for (const Source::PivotEntry& entry : entries) {
    std::string name;
    for (const std::string& value : entry.values) name += (name.empty() ? "" : "_") + value;
    out.push_back(lower(name));
  }
  return out;
}

}  // namespace

void Tracer::add_relation(const Source& node, Scope& scope, TracedColumns columns) {
  rename(columns, node.column_aliases);
  Relation made;
  made.alias = lower(node.alias);
  made.columns = std::move(columns);
  scope.relations.push_back(std::move(made));
}

void Tracer::table(const Source& node, Scope& scope, const Common* common) {
  const std::string name = lower(node.name);
  Relation made;
  made.alias = node.alias.empty() ? name : lower(node.alias);
  if (node.schema.empty() && node.catalog.empty()) {
    for (const Common* at = common; at != nullptr; at = at->before) {
      if (at->name != name) continue;
      made.columns = at->columns;
      made.is_opaque = at->is_opaque;
      rename(made.columns, node.column_aliases);
      scope.relations.push_back(std::move(made));
      return;
    }
  }
  std::vector<std::string> parts;
  for (const std::string* part : {&node.catalog, &node.schema, &node.name})
    if (!part->empty()) parts.push_back(lower(*part));
  if (node.alias.empty()) {
    if (!node.schema.empty()) made.qualifiers.push_back(lower(node.schema));
    if (!node.catalog.empty()) made.qualifiers.push_back(lower(node.catalog));
  }
  if (const Schema::Table* known = schema_.find(parts)) {
    tables.insert(known->name);
    for (const std::string& column : known->columns)
      made.columns.push_back({column, Traced{{{known->name, column, Influence::identity}}, {}}});
    rename(made.columns, node.column_aliases);
  } else {
    for (const std::string& part : parts)
      made.open_table += (made.open_table.empty() ? "" : ".") + part;
    tables.insert(made.open_table);
  }
  scope.relations.push_back(std::move(made));
}

void Tracer::merge_columns(const Source& node, Scope& scope, std::size_t begin,
                           std::size_t middle) {
  const std::size_t end = scope.relations.size();
  std::vector<std::string> names = lower_all(node.using_columns);
  if (node.is_natural)
    for (std::size_t i = begin; i < middle; ++i)
      for (const TracedColumn& column : scope.relations[i].columns)
        if (column_among(scope, middle, end, column.name) &&
            std::ranges::find(names, column.name) == names.end())
          names.push_back(column.name);
  for (const std::string& name : names) {
    const auto side = [&](std::size_t from, std::size_t to) {
      if (auto value = column_among(scope, from, to, name)) return *value;
      Scope part;
      part.relations.assign(scope.relations.begin() + static_cast<std::ptrdiff_t>(from),
                            scope.relations.begin() + static_cast<std::ptrdiff_t>(to));
      if (auto value = resolve(part, {name})) return *value;
      unknown("The column " + name + " of USING is not known.");
      return Traced{};
    };
    const Traced left = side(begin, middle), right = side(middle, end);
    MergedColumn merged{name, left, {}};
    if (node.join_kind == "right") merged.value = right;
    if (node.join_kind == "full" || node.join_kind == "outer") merge(merged.value, right);
    for (std::size_t i = begin; i < end; ++i)
      if (has(scope.relations[i].columns, name) || !scope.relations[i].open_table.empty())
        merged.relations.insert(i);
    scope.merged.push_back(std::move(merged));
    Traced both = left;
    merge(both, right);
    const Traced joined = through(Influence::join, both);
    influences.insert(joined.origins.begin(), joined.origins.end());
    step({"join", node.join_kind, "", "", names_of(joined.origins)});
  }
}

void Tracer::join(const Source& node, Scope& scope, const Common* common) {
  const std::size_t begin = scope.relations.size();
  source(node.parts[0], scope, common);
  const std::size_t middle = scope.relations.size();
  source(node.parts[1], scope, common);
  if (node.is_natural || !node.using_columns.empty()) merge_columns(node, scope, begin, middle);
  influence(node.condition, Influence::join, "join", scope, common, nullptr);
  if (node.join_kind == "semi" || node.join_kind == "anti") scope.relations.resize(middle);
}

void Tracer::table_function(const Source& node, Scope& scope, const Common* common) {
  const Expression& call = node.arguments[0];
  TracedColumns columns;
  if (call.name == "unnest") {
    for (const Expression& argument : call.arguments)
      columns.push_back(
          {"unnest", through(Influence::transformation, expression(argument, scope, common))});
  } else if (call.name == "range" || call.name == "generate_series" || call.name == "repeat") {
    static_cast<void>(all(call.arguments, Influence::transformation, scope, common));
    columns.push_back({call.name, {}});
  } else {
    unknown("The table function " + call.name + " is not followed.");
    Relation made;
    made.alias = node.alias.empty() ? call.name : lower(node.alias);
    made.is_opaque = true;
    scope.relations.push_back(std::move(made));
    return;
  }
  Source named = node;
  if (named.alias.empty()) named.alias = call.name;
  add_relation(named, scope, std::move(columns));
}

void Tracer::values(const Source& node, Scope& scope, const Common* common) {
  TracedColumns columns;
  for (const auto& row : node.rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i == columns.size()) columns.push_back({"col" + std::to_string(i), {}});
      merge(columns[i].value, expression(row[i], scope, common));
    }
  add_relation(node, scope, std::move(columns));
}

void Tracer::pivot(const Source& node, Scope& scope, const Common* common) {
  Scope inner;
  inner.outer = scope.outer;
  source(node.parts[0], inner, common);
  Traced test;
  std::vector<std::string> names{""};
  for (const Source::Pivot& each : node.pivots) {
    merge(test, all(each.expressions, Influence::conditional, inner, common));
    if (each.entries.empty()) unknown("The columns of a PIVOT without IN are not known.");
    std::vector<std::string> longer;
    for (const std::string& before : names)
      for (const std::string& value : split_values(each.entries))
        longer.push_back(before.empty() ? value : before + "_" + value);
    names = std::move(longer);
    if (names.size() > 1000) names.resize(1000), unknown("A PIVOT has too many columns.");
  }
  std::vector<Traced> measures;
  Traced used = test;
  for (const Expression& aggregate : node.aggregates) {
    measures.push_back(expression(aggregate, inner, common));
    merge(used, measures.back());
  }
  TracedColumns columns;
  const auto groups = lower_all(node.groups);
  for (const std::string& group : groups)
    if (auto value = resolve(inner, {group})) columns.push_back({group, *value});
  if (groups.empty()) {
    if (const auto every = expand_star(inner, "")) {
      const auto taken = names_of(used.origins);
      for (const TracedColumn& column : *every) {
        const auto own = names_of(column.value.origins);
        const bool is_used = std::ranges::any_of(own, [&](const std::string& name) {
          return std::ranges::find(taken, name) != taken.end();
        });
        if (!is_used) columns.push_back(column);
      }
    } else {
      unknown("The columns that a PIVOT keeps are not known.");
    }
  }
  for (const std::string& name : names)
    for (std::size_t i = 0; i < node.aggregates.size(); ++i) {
      const Expression& aggregate = node.aggregates[i];
      std::string shown = name;
      if (!aggregate.alias.empty() || node.aggregates.size() > 1)
        shown += "_" + lower(aggregate.alias.empty() ? aggregate.name : aggregate.alias);
      Traced value = measures[i];
      merge(value, test);
      columns.push_back({std::move(shown), std::move(value)});
    }
  add_relation(node, scope, std::move(columns));
}

void Tracer::unpivot(const Source& node, Scope& scope, const Common* common) {
  Scope inner;
  inner.outer = scope.outer;
  source(node.parts[0], inner, common);
  std::set<std::string> folded;
  Traced value;
  std::vector<std::string> names;
  for (const Source::Pivot& each : node.pivots) {
    for (const std::string& name : each.names) names.push_back(lower(name));
    for (const Source::PivotEntry& entry : each.entries) {
      for (const std::string& column : entry.values) {
        folded.insert(lower(column));
        if (auto found = resolve(inner, {lower(column)})) merge(value, *found);
      }
      if (!entry.columns.empty()) unknown("UNPIVOT of an expression is not followed.");
    }
  }
  TracedColumns columns;
  if (const auto every = expand_star(inner, "")) {
    for (const TracedColumn& column : *every)
      if (!folded.contains(column.name)) columns.push_back(column);
  } else {
    unknown("The columns that an UNPIVOT keeps are not known.");
  }
  for (const std::string& name : names) columns.push_back({name, {}});
  for (const std::string& name : node.value_names) columns.push_back({lower(name), value});
  add_relation(node, scope, std::move(columns));
}

void Tracer::source(const Source& node, Scope& scope, const Common* common) {
  using Kind = Source::Kind;
  if (is_tired()) return;
  switch (node.kind) {
    case Kind::none:
      return;
    case Kind::table:
      return table(node, scope, common);
    case Kind::query:
      if (!node.queries.empty()) add_relation(node, scope, query(node.queries[0], common, &scope));
      return;
    case Kind::join:
      return join(node, scope, common);
    case Kind::function:
      if (!node.arguments.empty()) table_function(node, scope, common);
      return;
    case Kind::values:
      return values(node, scope, common);
    case Kind::pivot:
      return pivot(node, scope, common);
    case Kind::unpivot:
      return unpivot(node, scope, common);
    case Kind::unsupported:
      unknown("FROM " + node.name + " is not followed.");
      Relation made;
      made.alias = lower(node.alias);
      made.is_opaque = true;
      scope.relations.push_back(std::move(made));
  }
}

}  // namespace loquat::sql

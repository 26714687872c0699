#include "tracer.hpp"

#include <algorithm>
#include <charconv>

#include "../text.hpp"

namespace loquat::sql {
namespace {

/// `2` in GROUP BY or ORDER BY: the index of an output column.
std::optional<std::size_t> position_of(const Expression& node, std::size_t count) {
  if (node.kind != Expression::Kind::constant || !node.is_number) return std::nullopt;
  std::size_t index = 0;
  const auto [end, error] =
      std::from_chars(node.text.data(), node.text.data() + node.text.size(), index);
  if (error != std::errc() || end != node.text.data() + node.text.size()) return std::nullopt;
  if (index < 1 || index > count) return std::nullopt;
  return index - 1;
}

std::string name_of_output(const Expression& node, bool& is_named) {
  if (!node.alias.empty()) return lower(node.alias);
  if (node.kind == Expression::Kind::column && !node.path.empty()) return lower(node.path.back());
  if (node.name == "struct_extract" && node.arguments.size() == 2)
    return lower(node.arguments[1].text);
  is_named = false;
  return node.name.empty() ? std::string("expression") : node.name;
}

bool is_identity(const Traced& value) {
  return std::ranges::all_of(value.origins, [](const LineageInput& origin) {
    return origin.influence == Influence::identity;
  });
}

}  // namespace

const Common* Tracer::define(const Query& query, const Common* common, const Scope* outer) {
  for (const CommonTable& table : query.common_tables) {
    Common made;
    made.name = lower(table.name);
    made.columns = this->query(table.query, common, outer);
    made.is_opaque = made.columns.empty();
    for (std::size_t i = 0; i < table.column_aliases.size() && i < made.columns.size(); ++i)
      made.columns[i].name = lower(table.column_aliases[i]), made.columns[i].is_named = true;
    made.before = common;
    commons_.push_back(std::move(made));
    common = &commons_.back();
  }
  return common;
}

TracedColumns Tracer::query(const Query& query, const Common* common, const Scope* outer) {
  if (is_tired()) return {};
  common = define(query, common, outer);
  switch (query.kind) {
    case Query::Kind::select:
      return select(query, common, outer);
    case Query::Kind::set_operation:
      return set_operation(query, common, outer);
    case Query::Kind::recursive:
      return recursive(query, common, outer);
    case Query::Kind::unsupported:
      unknown("A part of kind " + query.note + " is not followed.");
  }
  return {};
}

void Tracer::add_star(const Expression& node, Scope& scope, const Common* common,
                      TracedColumns& out) {
  const std::string relation = node.path.empty() ? "" : lower(node.path[0]);
  if (node.is_pattern && !node.arguments.empty())
    unknown("COLUMNS() with a pattern is followed as all columns.");
  const auto columns = expand_star(scope, relation);
  if (!columns) {
    unknown("The columns of * are not known without the schema.");
    for (const Relation& at : scope.relations) {
      if ((!relation.empty() && at.alias != relation) || at.open_table.empty()) continue;
      out.push_back({"*", Traced{{{at.open_table, "*", Influence::identity}}, {}}, false});
    }
    return;
  }
  for (TracedColumn column : *columns) {
    // A star over a join of stars doubles with each level: columns are work like everything else.
    work_ += static_cast<int>(std::min<std::size_t>(column.value.origins.size(), kWorkMax));
    if (is_tired() || out.size() >= kColumnsMax) return unknown("More columns than are followed.");
    if (std::ranges::find(node.excluded, column.name) != node.excluded.end()) continue;
    for (const auto& [name, value] : node.replaced)
      if (name == column.name) column.value = expression(value, scope, common);
    for (const auto& [from, to] : node.renamed)
      if (from == column.name) {
        column.name = lower(to);
        break;
      }
    out.push_back(std::move(column));
  }
}

void Tracer::output(const Expression& node, Scope& scope, const Common* common,
                    TracedColumns& out) {
  if (node.kind == Expression::Kind::star) return add_star(node, scope, common, out);
  TracedColumn made;
  made.name = name_of_output(node, made.is_named);
  output_ = made.name;
  made.value = expression(node, scope, common);
  output_.clear();
  if (node.kind != Expression::Kind::column && node.kind != Expression::Kind::window &&
      !node.is_aggregate && !is_identity(made.value))
    step({"expression", node.name, "", made.name, names_of(made.value.origins)});
  out.push_back(std::move(made));
}

void Tracer::influence(const std::vector<Expression>& list, Influence kind, const char* word,
                       const Scope& scope, const Common* common, const TracedColumns* by_position) {
  if (list.empty()) return;
  Traced found;
  for (const Expression& node : list) {
    const auto index = by_position ? position_of(node, by_position->size()) : std::nullopt;
    merge(found,
          through(kind, index ? (*by_position)[*index].value : expression(node, scope, common)));
  }
  influences.insert(found.origins.begin(), found.origins.end());
  step({word, "", "", "", names_of(found.origins)});
}

void Tracer::influence_of_outputs(const TracedColumns& outputs,
                                  const std::vector<Expression>& nodes, Influence kind,
                                  const char* word) {
  Traced found;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (nodes.size() == outputs.size() && folds_rows(nodes[i])) continue;
    merge(found, through(kind, outputs[i].value));
  }
  influences.insert(found.origins.begin(), found.origins.end());
  step({word, "", "", "", names_of(found.origins)});
}

void Tracer::modifiers(const Query& query, const Scope& scope, const Common* common,
                       const TracedColumns& outputs) {
  influence(query.distinct_on, Influence::group_by, "group", scope, common, &outputs);
  influence(query.orders, Influence::sort, "sort", scope, common, &outputs);
  if (query.orders_all) influence_of_outputs(outputs, {}, Influence::sort, "sort");
  if (!query.limits.empty()) {
    static_cast<void>(all(query.limits, Influence::filter, scope, common));
    step({"limit", "", "", "", {}});
  }
}

TracedColumns Tracer::select(const Query& query, const Common* common, const Scope* outer) {
  Scope scope;
  scope.outer = outer;
  source(query.from, scope, common);
  TracedColumns out;
  for (const Expression& node : query.outputs) {
    const TracedColumns before = out;
    scope.aliases = &before;
    output(node, scope, common, out);
    scope.aliases = nullptr;
  }
  scope.aliases = &out;
  influence(query.where, Influence::filter, "filter", scope, common, nullptr);
  influence(query.groups, Influence::group_by, "group", scope, common, &out);
  if (query.groups_all) influence_of_outputs(out, query.outputs, Influence::group_by, "group");
  influence(query.having, Influence::filter, "filter", scope, common, nullptr);
  influence(query.qualify, Influence::filter, "filter", scope, common, nullptr);
  scope.aliases_first = true;
  modifiers(query, scope, common, out);
  return out;
}

TracedColumns Tracer::set_operation(const Query& query, const Common* common, const Scope* outer) {
  TracedColumns out;
  for (std::size_t branch = 0; branch < query.branches.size(); ++branch) {
    TracedColumns columns = this->query(query.branches[branch], common, outer);
    if (branch == 0) {
      out = std::move(columns);
      continue;
    }
    if (!query.by_name && columns.size() != out.size())
      unknown("The branches of a " + query.operation + " have different columns.");
    for (std::size_t i = 0; i < columns.size(); ++i) {
      auto same = query.by_name
                      ? std::ranges::find(out, columns[i].name, &TracedColumn::name)
                      : out.begin() + static_cast<std::ptrdiff_t>(std::min(i, out.size()));
      if (same != out.end())
        merge(same->value, columns[i].value);
      else if (query.by_name)
        out.push_back(std::move(columns[i]));
    }
  }
  step({"union", query.operation, "", "", {}});
  Scope scope;
  scope.outer = outer;
  scope.aliases = &out;
  modifiers(query, scope, common, out);
  return out;
}

TracedColumns Tracer::recursive(const Query& query, const Common* common, const Scope* outer) {
  TracedColumns out = this->query(query.branches[0], common, outer);
  for (int round = 0; round < 2; ++round) {  // the second sees what the first carried around
    Common self{lower(query.recursive_name), out, false, common};
    const TracedColumns again = this->query(query.branches[1], &self, outer);
    for (std::size_t i = 0; i < again.size() && i < out.size(); ++i)
      merge(out[i].value, again[i].value);
  }
  step({"union", "recursive", "", "", {}});
  return out;
}

Lineage trace_columns(const Statement& statement, const Schema& schema) {
  Tracer tracer(schema);
  TracedColumns columns = tracer.query(statement.query, nullptr, nullptr);
  for (std::size_t i = 0; i < statement.target_columns.size() && i < columns.size(); ++i)
    columns[i].name = lower(statement.target_columns[i]), columns[i].is_named = true;
  Lineage out;
  std::map<std::string, std::set<std::string>> read, filtered, joined;
  const auto count = [&](const LineageInput& input) {
    read[input.table].insert(input.column);
    if (input.influence == Influence::filter) filtered[input.table].insert(input.column);
    if (input.influence == Influence::join) joined[input.table].insert(input.column);
  };
  for (TracedColumn& column : columns) {
    for (const LineageInput& input : column.value.origins) count(input);
    LineageOutput made{std::move(column.name), column.is_named, {}};
    made.inputs.assign(column.value.origins.begin(), column.value.origins.end());
    out.outputs.push_back(std::move(made));
  }
  for (const LineageInput& input : tracer.influences) count(input);
  const auto list = [](const std::set<std::string>& names) {
    return std::vector<std::string>(names.begin(), names.end());
  };
  for (const std::string& table : tracer.tables) {
    out.tables.push_back(table);
    out.sources.push_back({table, list(read[table]), list(filtered[table]), list(joined[table])});
  }
  out.influences.assign(tracer.influences.begin(), tracer.influences.end());
  out.steps = std::move(tracer.steps);
  out.unresolved.assign(tracer.unresolved.begin(), tracer.unresolved.end());
  return out;
}

}  // namespace loquat::sql

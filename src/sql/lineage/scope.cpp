#include "scope.hpp"

#include <algorithm>

namespace loquat::sql {
namespace {

using Path = std::vector<std::string>;

std::optional<Traced> field_of(const Traced& value, const Path& path, std::size_t from) {
  const Traced* at = &value;
  for (std::size_t i = from; i < path.size(); ++i) {
    const auto found = at->fields.find(path[i]);
    if (found ==
        at->fields.end())  // a field that we did not see made: all that the value is made of
      return through(Influence::transformation, Traced{at->origins, {}});
    at = &found->second;
  }
  return *at;
}

const TracedColumn* find_column(const TracedColumns& columns, const std::string& name) {
  const auto found = std::ranges::find_if(
      columns, [&](const TracedColumn& column) { return column.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

std::optional<Traced> own_column(const Relation& relation, const std::string& name) {
  if (const TracedColumn* column = find_column(relation.columns, name)) return column->value;
  return std::nullopt;
}

std::optional<Traced> open_column(const Relation& relation, const std::string& name) {
  if (relation.is_opaque) return Traced{};
  if (relation.open_table.empty()) return std::nullopt;
  return Traced{{{relation.open_table, name, Influence::identity}}, {}};
}

/// `path[0..size)` names the relation.
bool is_named(const Relation& relation, const Path& path, std::size_t size) {
  if (relation.alias != path[size - 1]) return false;
  for (std::size_t back = 1; back < size; ++back) {
    if (back > relation.qualifiers.size()) return false;
    if (relation.qualifiers[back - 1] != path[size - 1 - back]) return false;
  }
  return true;
}

std::optional<Traced> qualified(const Scope& scope, const Path& path) {
  for (std::size_t size = std::min<std::size_t>(3, path.size() - 1); size > 0; --size)
    for (const Relation& relation : scope.relations) {
      if (!is_named(relation, path, size)) continue;
      auto value = own_column(relation, path[size]);
      if (!value) value = open_column(relation, path[size]);
      if (value) return field_of(*value, path, size + 1);
    }
  return std::nullopt;
}

std::optional<Traced> whole_row(const Scope& scope, const std::string& name) {
  for (const Relation& relation : scope.relations) {
    if (relation.alias != name) continue;
    Traced row;
    for (const TracedColumn& column : relation.columns) {
      merge(row, Traced{column.value.origins, {}});
      row.fields[column.name] = column.value;
    }
    return row;
  }
  return std::nullopt;
}

std::optional<Traced> alias_of(const Scope& scope, const Path& path) {
  if (scope.aliases == nullptr) return std::nullopt;
  const TracedColumn* column = find_column(*scope.aliases, path[0]);
  if (column == nullptr || !column->is_named) return std::nullopt;
  return field_of(column->value, path, 1);
}

/// Names that are certain: no open relation is asked.
std::optional<Traced> known_in(const Scope& scope, const Path& path) {
  if (scope.parameters.contains(path[0])) return Traced{};
  if (scope.aliases_first)
    if (auto value = alias_of(scope, path)) return value;
  if (path.size() > 1)
    if (auto value = qualified(scope, path)) return value;
  if (auto value = column_among(scope, 0, scope.relations.size(), path[0]))
    return field_of(*value, path, 1);
  if (auto value = alias_of(scope, path)) return value;
  if (auto value = whole_row(scope, path[0])) return field_of(*value, path, 1);
  return std::nullopt;
}

std::optional<Traced> open_in(const Scope& scope, const Path& path) {
  const Relation* only = nullptr;
  for (const Relation& relation : scope.relations) {
    if (relation.open_table.empty() && !relation.is_opaque) continue;
    if (only != nullptr) return std::nullopt;  // it could be of either
    only = &relation;
  }
  if (only == nullptr) return std::nullopt;
  const auto value = open_column(*only, path[0]);
  return value ? field_of(*value, path, 1) : std::nullopt;
}

}  // namespace

void merge(Traced& into, const Traced& from) {
  into.origins.insert(from.origins.begin(), from.origins.end());
  for (const auto& [name, value] : from.fields) merge(into.fields[name], value);
}

Traced through(Influence step, const Traced& value) {
  Traced out;
  for (LineageInput origin : value.origins) {
    if (!is_direct(step))
      origin.influence = step;
    else if (is_direct(origin.influence))
      origin.influence = std::max(origin.influence, step);
    out.origins.insert(std::move(origin));
  }
  return out;
}

std::optional<Traced> column_among(const Scope& scope, std::size_t begin, std::size_t end,
                                   const std::string& name) {
  for (auto merged = scope.merged.rbegin(); merged != scope.merged.rend(); ++merged) {
    if (merged->name != name) continue;
    const auto inside = [&](std::size_t index) { return index >= begin && index < end; };
    if (std::ranges::all_of(merged->relations, inside)) return merged->value;
  }
  for (std::size_t i = begin; i < end; ++i)
    if (auto value = own_column(scope.relations[i], name)) return value;
  return std::nullopt;
}

std::optional<Traced> resolve(const Scope& scope, const std::vector<std::string>& path) {
  if (path.empty()) return std::nullopt;
  for (const Scope* at = &scope; at != nullptr; at = at->outer)
    if (auto value = known_in(*at, path)) return value;
  for (const Scope* at = &scope; at != nullptr; at = at->outer)
    if (auto value = open_in(*at, path)) return value;
  return std::nullopt;
}

std::optional<TracedColumns> expand_star(const Scope& scope, const std::string& relation) {
  TracedColumns out;
  std::set<std::string> shown;
  bool is_complete = true;
  for (std::size_t i = 0; i < scope.relations.size(); ++i) {
    const Relation& at = scope.relations[i];
    if (!relation.empty() && at.alias != relation) continue;
    if (!at.open_table.empty() || at.is_opaque) is_complete = false;
    for (const TracedColumn& column : at.columns) {
      const auto merged = std::find_if(
          scope.merged.rbegin(), scope.merged.rend(), [&](const MergedColumn& candidate) {
            return candidate.name == column.name && candidate.relations.contains(i);
          });
      if (!relation.empty() || merged == scope.merged.rend()) {
        out.push_back(column);
      } else if (shown.insert(column.name).second) {
        out.push_back({column.name, merged->value});
      }
    }
  }
  if (!is_complete) return std::nullopt;
  return out;
}

}  // namespace loquat::sql

#include <algorithm>

#include "compiler/builder.hpp"
#include "compiler/sql_tokens.hpp"
#include "index/words.hpp"

/// Row filters: conditions that a caller cannot leave out, on every relation that is read.
namespace loquat::semantic {

using contracts::RowFilter;
using contracts::SemanticModel;

namespace {

constexpr std::size_t kHopsMax = 5;

bool ends_with(const std::vector<std::string>& links, const std::vector<std::string>& end) {
  return links.size() >= end.size() && std::equal(end.rbegin(), end.rend(), links.rbegin());
}

/// The shortest ways from `model` to what a row filter names; several: it is not clear which.
std::vector<Reached> ways_to(const JoinGraph& graph, const SemanticModel& model,
                             std::string_view name) {
  auto links = split_dunder(lower(name));
  const std::string element = links.back();
  links.pop_back();
  if (auto exact = graph.find(model, links, element); !exact.empty()) return exact;
  for (std::size_t hops = 0; hops <= kHopsMax; ++hops) {
    std::vector<Reached> out;
    for (auto& named : graph.reachable(model, hops)) {
      const bool is_it = named.at.dimension ? named.at.dimension->name == element
                                            : named.at.entity->name == element;
      if (named.at.hops.size() == hops && is_it && ends_with(named.links, links))
        out.push_back(std::move(named.at));
    }
    if (!out.empty()) return out;
  }
  return {};
}

std::string text_of(const Reached& way) {
  std::string out;
  for (const Hop& hop : way.hops) out += hop.from->name + "__";
  return out + (way.dimension ? way.dimension->name : way.entity->name) + " of " + way.model->name;
}

}  // namespace

const std::vector<Builder::Policy>& Builder::policies_for(const SemanticModel& model) {
  const auto [found, is_new] = policies_.try_emplace(&model);
  if (!is_new) return found->second;
  for (const RowFilter& filter : row_filters_) {
    auto ways = ways_to(catalogue_.graph(), model, filter.dimension);
    if (ways.size() == 1) {
      found->second.push_back({std::move(ways.front()), &filter});
    } else if (ways.size() > 1) {
      forbidden_ = "Rows are filtered by " + filter.dimension + ", and from " + model.name +
                   " that can mean";
      for (const Reached& way : ways) forbidden_ += " " + text_of(way) + ",";
      forbidden_.back() = '.';
    } else if (!filter.skips_unreachable) {
      forbidden_ = "Rows are filtered by " + filter.dimension + ", and " + model.name +
                   " cannot be joined to it: its rows cannot be told apart.";
    }
  }
  return found->second;
}

void Builder::add_policies(Scope& scope) {
  scope.is_unfiltered = false;
  for (const Policy& policy : policies_for(*scope.model)) {
    const std::string alias = join_way(scope, policy.way);
    const std::string& own =
        policy.way.dimension ? policy.way.dimension->expr : policy.way.entity->expr;
    const std::string expr = column_expr(*policy.way.model, own, alias, scope.qualified);
    std::string sql = words_.comparable_with_text(in_parentheses(expr));
    std::string values;
    for (const std::string& value : policy.filter->values)
      values += (values.empty() ? "" : ", ") + sql_string(value);
    sql += policy.filter->values.size() == 1 ? " = " + values : " IN (" + values + ")";
    note(proof_.filters, sql);
    if (notes_) notes_->row_filter(*scope.select, sql);
    scope.select->where.push_back(std::move(sql));
  }
}

Select* Builder::values_of(const SemanticModel& model, const std::string& own_expr,
                           std::string_view search) {
  Select& select = pool_.make("dimension_values");
  Scope scope = open_model(model, select, false);
  const std::string expr = column_expr(model, own_expr, scope.alias, scope.qualified);
  select.keys = {{"value", expr}};
  select.values = {{"occurrences", "COUNT(*)"}};
  select.grouped = true;
  select.where.push_back(in_parentheses(expr) + " IS NOT NULL");
  if (!search.empty()) select.where.push_back(words_.text_match(expr, search));
  add_policies(scope);
  return &select;
}

}  // namespace loquat::semantic

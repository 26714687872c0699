// long: resolving names is one walk over one query; its steps share their error kinds.
#include "compiler/resolve.hpp"

#include <algorithm>
#include <chrono>

#include "compiler/answer.hpp"
#include "compiler/sql_tokens.hpp"
#include "index/words.hpp"

namespace loquat::semantic {

using contracts::Dimension;
using contracts::Grain;
using contracts::Metric;
using contracts::MetricType;
using contracts::SemanticModel;

namespace {

int rank(const Item& item) {
  if (item.is_time()) return 0;
  return item.kind == Item::Kind::entity ? 1 : 2;
}

class Resolver {
 public:
  Resolver(const Catalogue& catalogue, const contracts::MetricQuery& query)
      : catalogue_(catalogue), query_(query) {}

  Result<ResolvedQuery> run() {
    merge_saved_query();
    if (issues_.empty()) read_metrics();
    if (issues_.empty() && query_.metrics.empty() && query_.group_by.empty())
      refuse("", "empty_query", "ask for at least one metric or group-by item");
    if (issues_.empty()) read_group_by();
    read_where();
    if (issues_.empty()) check_needs_time();
    if (issues_.empty()) read_order();
    if (query_.limit && *query_.limit < 0)
      refuse("/limit", "bad_limit", "the limit must not be below zero");
    // As dbt's semantic layer has it: limit 0 stands only where an order stands.
    if (query_.limit != 0 || !query_.order_by.empty()) out_.limit = query_.limit;
    set_range();
    if (issues_.empty()) return std::move(out_);
    return Error{Errc::invalid_request, issues_.front().message, std::move(issues_)};
  }

 private:
  void refuse(std::string pointer, std::string_view kind, const std::string& message) {
    issues_.push_back({std::move(pointer), std::string(kind) + ": " + message});
  }

  void merge_saved_query() {
    if (!query_.saved_query) return;
    const auto& all = catalogue_.project().saved_queries;
    const auto found = std::ranges::find_if(all, [&](const contracts::SavedQuery& one) {
      return lower(one.name) == lower(*query_.saved_query);
    });
    if (found == all.end()) {
      std::vector<std::string> names;
      for (const auto& one : all) names.push_back(one.name);
      refuse(
          "/saved_query", "unknown_saved_query",
          "there is no saved query '" + *query_.saved_query + "'; there are " + join(names, ", "));
      return;
    }
    saved_where_ = found->where.size();
    query_.metrics.insert(query_.metrics.begin(), found->metrics.begin(), found->metrics.end());
    query_.group_by.insert(query_.group_by.begin(), found->group_by.begin(), found->group_by.end());
    query_.where.insert(query_.where.begin(), found->where.begin(), found->where.end());
    if (query_.order_by.empty()) query_.order_by = found->order_by;
    if (!query_.limit) query_.limit = found->limit;
  }

  void read_metrics() {
    for (std::size_t i = 0; i < query_.metrics.size(); ++i) {
      const std::string pointer = "/metrics/" + std::to_string(i);
      const Metric* metric = catalogue_.metric(query_.metrics[i]);
      if (!metric) {
        refuse(pointer, "unknown_metric",
               "there is no metric '" + query_.metrics[i] + "'; near are " +
                   join(nearest(lower(query_.metrics[i]), catalogue_.metric_names()), ", "));
      } else if (std::ranges::count(out_.metrics, metric) > 0) {
        refuse(pointer, "duplicate", "the metric '" + metric->name + "' is asked for twice");
      } else {
        out_.metrics.push_back(metric);
        for (const MeasureAt& leaf : catalogue_.leaves_of(*metric))
          leaves_.push_back({metric, leaf});
      }
    }
  }

  void read_group_by() {
    for (std::size_t i = 0; i < query_.group_by.size(); ++i) {
      const std::string pointer = "/group_by/" + std::to_string(i);
      std::string problem;
      auto item = read_item(catalogue_, query_.group_by[i], problem);
      if (!item) {
        refuse(pointer, "unknown_group_by", problem);
        continue;
      }
      if (out_.metrics.empty()) {
        values_items_.push_back({std::move(*item), pointer});
        continue;
      }
      if (check_item(*item, pointer, false)) add_item(std::move(*item), pointer);
    }
    if (out_.metrics.empty() && issues_.empty()) read_values_query();
    std::vector<Item> in_order;
    for (int kind = 0; kind < 3; ++kind)
      for (const Item& item : out_.group_by)
        if (rank(item) == kind) in_order.push_back(item);
    out_.group_by = std::move(in_order);
  }

  void add_item(Item item, const std::string& pointer) {
    const std::string name = item.output();
    if (std::ranges::any_of(out_.group_by, [&](const Item& one) { return one.output() == name; }))
      refuse(pointer, "duplicate", "'" + name + "' is grouped by twice");
    else
      out_.group_by.push_back(std::move(item));
  }

  /// Every measure must get at the item; on the way its kind and default grain are found.
  bool check_item(Item& item, const std::string& pointer, bool in_filter) {
    if (item.kind == Item::Kind::metric_time) return check_metric_time(item, pointer, in_filter);
    std::vector<std::string> without;
    bool reached_once = false;
    for (const auto& [metric, leaf] : leaves_) {
      const auto ways = catalogue_.graph().find(*leaf.model, item.links, item.element);
      if (ways.size() > 1) {
        refuse(pointer, "ambiguous_path", ambiguity(item, ways));
        return false;
      }
      if (ways.empty()) {
        if (std::ranges::count(without, metric->name) == 0) without.push_back(metric->name);
        continue;
      }
      reached_once = true;
      if (!settle(item, ways.front(), pointer, in_filter)) return false;
    }
    if (without.empty()) return true;
    refuse_unreachable(item, pointer, in_filter, without, reached_once);
    return false;
  }

  static std::string ambiguity(const Item& item, const std::vector<Reached>& ways) {
    std::string out = "'" + item.path_name() + "' can mean";
    for (const Reached& way : ways) out += " that of " + way.model->name + ",";
    out.back() = ';';
    return out + " rename one, or remove one of the entities";
  }

  void refuse_unreachable(const Item& item, const std::string& pointer, bool in_filter,
                          const std::vector<std::string>& without, bool reached_once) {
    const std::string name = item.path_name();
    const std::string near = join(nearest(name, reachable_names()), ", ");
    if (in_filter) {
      refuse(pointer, "unknown_filter_item",
             "'" + name + "' cannot be used with " + join(without, ", ") + "; near are " + near);
    } else if (reached_once) {
      refuse(pointer, "no_common_group_by",
             "'" + name + "' is not there for " + join(without, ", ") +
                 "; common to all metrics and near are " + near);
    } else if (!catalogue_.knows_element(item.element)) {
      refuse(pointer, "unknown_group_by", "there is no '" + name + "'; near are " + near);
    } else {
      refuse(pointer, "unreachable_group_by",
             "'" + name + "' cannot be reached from " + join(without, ", ") +
                 " without counting rows more than once, or not by that way; near are " + near);
    }
  }

  [[nodiscard]] std::vector<std::string> reachable_names() const {
    std::vector<std::string> out;
    if (leaves_.empty()) return out;
    for (const auto& named : catalogue_.graph().reachable(*leaves_.front().second.model, 2)) {
      Item item;
      item.links = named.links;
      item.element = named.at.dimension ? named.at.dimension->name : named.at.entity->name;
      const bool all = std::ranges::all_of(leaves_, [&](const auto& leaf) {
        return catalogue_.graph().find(*leaf.second.model, item.links, item.element).size() == 1;
      });
      if (all) out.push_back(item.path_name());
    }
    out.emplace_back("metric_time");
    return out;
  }

  bool settle(Item& item, const Reached& way, const std::string& pointer, bool in_filter) {
    if (way.entity) {
      item.kind = Item::Kind::entity;
      return true;
    }
    if (way.dimension->type == contracts::DimensionType::categorical) {
      if (item.grain.empty() && item.date_part.empty()) {
        item.kind = Item::Kind::categorical;
        return true;
      }
      refuse(pointer, in_filter ? "unknown_filter_item" : "unknown_group_by",
             "'" + item.path_name() + "' is no time dimension: it has no grain");
      return false;
    }
    item.kind = Item::Kind::time;
    if (item.grain.empty() && item.date_part.empty()) item.grain = name_of(way.dimension->grain);
    return check_grain(item, way.dimension->grain, pointer);
  }

  bool check_grain(const Item& item, Grain finest, const std::string& pointer) {
    if (item.grain.empty()) return true;
    const auto grain = standard_grain(item.grain);
    if (!grain && !catalogue_.custom_grain(item.grain)) {
      refuse(pointer, "unknown_group_by", "there is no grain '" + item.grain + "'");
      return false;
    }
    const CustomGrain* custom = grain ? nullptr : catalogue_.custom_grain(item.grain);
    if ((grain && *grain < finest) || (custom && custom->spine->grain < finest)) {
      refuse(pointer, "grain_too_fine",
             "'" + item.path_name() + "' is kept by " + std::string(name_of(finest)) +
                 " and cannot be split by " + item.grain);
      return false;
    }
    return true;
  }

  bool check_metric_time(Item& item, const std::string& pointer, bool in_filter) {
    for (const auto& [metric, leaf] : leaves_) {
      const Dimension* time = time_of(leaf);
      if (!time) {
        refuse(pointer, in_filter ? "unknown_filter_item" : "unreachable_group_by",
               "the metric '" + metric->name + "' has no time dimension to aggregate by");
        return false;
      }
      if (!check_grain(item, time->grain, pointer)) return false;
    }
    if (item.grain.empty() && item.date_part.empty()) item.grain = name_of(default_grain());
    return true;
  }

  /// The coarsest of the metrics' own default grains; day unless a metric says otherwise.
  [[nodiscard]] Grain default_grain() const {
    Grain out = Grain::nanosecond;
    for (const auto& [metric, leaf] : leaves_) {
      const Dimension* time = time_of(leaf);
      const Grain own = standard_grain(lower(metric->time_granularity))
                            .value_or(std::max(Grain::day, time ? time->grain : Grain::day));
      out = std::max(out, own);
    }
    return leaves_.empty() ? Grain::day : out;
  }

  /// No metrics: the distinct values of dimensions of one model, or the time spine.
  void read_values_query() {
    const bool times_only = std::ranges::all_of(
        values_items_, [](const auto& one) { return one.first.kind == Item::Kind::metric_time; });
    if (times_only) {
      for (auto& [item, pointer] : values_items_) {
        if (item.grain.empty() && item.date_part.empty()) item.grain = "day";
        add_item(item, pointer);
      }
      return;
    }
    const SemanticModel* best = nullptr;
    std::size_t best_joins = ~std::size_t{0};
    for (const SemanticModel& model : catalogue_.project().semantic_models)
      if (const auto joins = joins_for_values(model); joins && *joins < best_joins) {
        best = &model;
        best_joins = *joins;
      }
    if (!best) {
      refuse_values();
      return;
    }
    out_.values_of = best;
    for (auto& [item, pointer] : values_items_) {
      const auto way = reach(catalogue_, *best, item);
      if (settle(item, *way, pointer, false)) add_item(item, pointer);
    }
  }

  [[nodiscard]] std::optional<std::size_t> joins_for_values(const SemanticModel& model) const {
    std::size_t joins = 0;
    for (const auto& [item, _] : values_items_) {
      if (item.kind == Item::Kind::metric_time || item.links.size() > 1) return std::nullopt;
      const auto ways = catalogue_.graph().find(model, item.links, item.element);
      if (ways.size() != 1) return std::nullopt;
      joins += ways.front().hops.size() * 2;
      if (ways.front().entity && ways.front().entity->type == contracts::EntityType::foreign)
        ++joins;
    }
    return joins;
  }

  void refuse_values() {
    for (const auto& [item, pointer] : values_items_) {
      if (!catalogue_.knows_element(item.element) && item.kind != Item::Kind::metric_time) {
        refuse(pointer, "unknown_group_by", "there is no '" + item.path_name() + "'");
        return;
      }
    }
    const auto& [item, pointer] = values_items_.back();
    refuse(pointer, "unreachable_group_by",
           "without a metric, group-by items must belong to one model or one that joins to it; "
           "'" +
               item.path_name() + "' does not fit the others");
  }

  void read_where() {
    for (std::size_t i = 0; i < query_.where.size(); ++i) {
      const std::string pointer = "/where/" + std::to_string(i);
      auto parsed = parse_filter(query_.where[i]);
      if (const auto* error = std::get_if<TemplateError>(&parsed)) {
        refuse(pointer, error->item_format ? "bad_filter_item_format" : "bad_filter_template",
               error->message);
        continue;
      }
      auto& filter = std::get<Filter>(parsed);
      if (i >= saved_where_ && !check_sql(filter, pointer)) continue;
      bool good = true;
      if (issues_.empty())
        for (Item& item : filter.items) good = good && check_filter_item(item, pointer);
      if (good) out_.where.push_back(std::move(filter));
    }
  }

  bool check_sql(const Filter& filter, const std::string& pointer) {
    std::string sql;
    for (std::size_t i = 0; i < filter.sql.size(); ++i)
      sql += (i == 0 ? "" : " null ") + filter.sql[i];
    const auto objection = objection_to_expression(sql);
    if (objection) refuse(pointer, "bad_filter_sql", *objection);
    return !objection;
  }

  bool check_filter_item(Item& item, const std::string& pointer) {
    if (item.kind != Item::Kind::metric) {
      if (!out_.metrics.empty()) return check_item(item, pointer, true);
      const auto way = out_.values_of ? reach(catalogue_, *out_.values_of, item) : std::nullopt;
      if (way) return settle(item, *way, pointer, true);
      refuse(pointer, "unknown_filter_item",
             "'" + item.path_name() + "' cannot be used without a metric here");
      return false;
    }
    const Metric* metric = catalogue_.metric(item.element);
    if (!metric || needs_time(*metric)) {
      refuse(pointer, "unknown_filter_item",
             "there is no metric '" + item.element + "' that can be filtered by");
      return false;
    }
    if (item.metric_group_by.size() != 1) {
      refuse(pointer, "bad_filter_item_format", "Metric(…) in a filter needs one group_by entity");
      return false;
    }
    return check_filter_metric(item, *metric, pointer);
  }

  bool check_filter_metric(const Item& item, const Metric& metric, const std::string& pointer) {
    Item entity;
    entity.links = split_dunder(item.metric_group_by.front());
    entity.element = entity.links.back();
    entity.links.pop_back();
    const auto reaches = [&](const MeasureAt& leaf) {
      const auto way = reach(catalogue_, *leaf.model, entity);
      return way && way->entity;
    };
    const auto leaves = catalogue_.leaves_of(metric);
    if (std::ranges::all_of(leaves, reaches) &&
        std::ranges::all_of(leaves_, [&](const auto& leaf) { return reaches(leaf.second); }))
      return true;
    refuse(
        pointer, "unknown_filter_item",
        "'" + entity.path_name() + "' is no entity of both the query's metrics and " + metric.name);
    return false;
  }

  [[nodiscard]] bool groups_by_time(const Metric& metric) const {
    for (const MeasureAt& leaf : catalogue_.leaves_of(metric))
      for (const Item& item : out_.group_by)
        if (is_aggregation_time(catalogue_, leaf, item)) return true;
    return false;
  }

  [[nodiscard]] bool needs_time(const Metric& metric) const {
    if (metric.type == MetricType::cumulative)
      return metric.window || !metric.grain_to_date.empty();
    for (const auto* input : {&metric.numerator, &metric.denominator})
      if (*input && needs_time(*catalogue_.metric((*input)->metric))) return true;
    return std::ranges::any_of(metric.inputs, [&](const contracts::MetricInput& input) {
      return input.offset_window || !input.offset_to_grain.empty() ||
             needs_time(*catalogue_.metric(input.metric));
    });
  }

  void check_needs_time() {
    for (std::size_t i = 0; i < out_.metrics.size(); ++i)
      if (needs_time(*out_.metrics[i]) && !groups_by_time(*out_.metrics[i]))
        refuse(
            "/metrics/" + std::to_string(i), "needs_metric_time",
            "'" + out_.metrics[i]->name + "' only has a meaning over time: group by metric_time");
  }

  void read_order() {
    for (std::size_t i = 0; i < query_.order_by.size(); ++i) {
      std::string text = query_.order_by[i];
      ResolvedQuery::Order order;
      if (text.starts_with('-')) {
        order.descending = true;
        text.erase(0, 1);
      }
      order.column = order_column(text, order.descending);
      if (order.column.empty())
        refuse("/order_by/" + std::to_string(i), "order_not_in_query",
               "'" + text + "' is not a column of the answer; columns are " +
                   join(output_names(), ", "));
      else
        out_.order_by.push_back(std::move(order));
    }
  }

  [[nodiscard]] std::vector<std::string> output_names() const {
    std::vector<std::string> out;
    for (const Item& item : out_.group_by) out.push_back(item.output());
    for (const Metric* metric : out_.metrics) out.push_back(metric->name);
    for (const auto& share : query_.shares) out.push_back(share.as);
    for (const auto& total : query_.running_totals) out.push_back(total.as);
    if (query_.comparison)
      for (const Metric* metric : out_.metrics)
        for (const auto* end : {"__previous", "__change", "__change_ratio"})
          out.push_back(metric->name + end);
    return out;
  }

  std::string order_column(const std::string& text, bool& descending) const {
    const std::string wanted = lower(text);
    for (const std::string& name : output_names())
      if (lower(name) == wanted) return name;
    std::string problem;
    const auto item = read_item(catalogue_, text, problem);
    if (!item) return {};
    descending = descending || item->descending;
    if (item->kind == Item::Kind::metric) {
      const Metric* metric = catalogue_.metric(item->element);
      return metric && std::ranges::count(out_.metrics, metric) > 0 ? metric->name : std::string();
    }
    std::string found;
    for (const Item& one : out_.group_by) {
      const bool same = one.path_name() == item->path_name() && one.date_part == item->date_part &&
                        (item->grain.empty() || item->grain == one.grain);
      if (same && !found.empty()) return {};
      if (same) found = one.output();
    }
    return found;
  }

  /// A range is widened to whole periods of the finest metric_time grain that is asked for.
  void set_range() {
    out_.start = query_.start_time;
    out_.end = query_.end_time;
    std::optional<Grain> finest;
    for (const Item& item : out_.group_by) {
      if (item.kind != Item::Kind::metric_time) continue;
      const auto grain = standard_grain(item.grain);
      if (grain) finest = finest ? std::min(*finest, *grain) : *grain;
    }
    if (!finest) return;
    if (out_.start) out_.start = first_of_period(*out_.start, *finest);
    if (out_.end) out_.end = last_of_period(*out_.end, *finest);
  }

  const Catalogue& catalogue_;
  contracts::MetricQuery query_;
  ResolvedQuery out_;
  std::vector<std::pair<const Metric*, MeasureAt>> leaves_;
  std::vector<std::pair<Item, std::string>> values_items_;
  std::vector<FieldIssue> issues_;
  std::size_t saved_where_ = 0;
};

}  // namespace

Result<ResolvedQuery> resolve(const Catalogue& catalogue, const contracts::MetricQuery& query) {
  return Resolver(catalogue, query).run();
}

const Dimension* time_of(const MeasureAt& at) {
  if (at.measure->agg_time_dimension.empty()) return nullptr;
  return JoinGraph::dimension_of(*at.model, at.measure->agg_time_dimension);
}

bool is_aggregation_time(const Catalogue& catalogue, const MeasureAt& at, const Item& item) {
  if (item.kind == Item::Kind::metric_time) return true;
  if (item.kind != Item::Kind::time) return false;
  const auto way = reach(catalogue, *at.model, item);
  return way && way->hops.empty() && way->dimension && way->dimension == time_of(at);
}

std::optional<Reached> reach(const Catalogue& catalogue, const SemanticModel& start,
                             const Item& item) {
  auto ways = catalogue.graph().find(start, item.links, item.element);
  if (ways.size() != 1) return std::nullopt;
  return std::move(ways.front());
}

std::optional<Item> read_item(const Catalogue& catalogue, const std::string& text,
                              std::string& problem) {
  if (text.find('(') != std::string::npos) {
    std::size_t at = 0;
    auto call = parse_call(text, at);
    if (const auto* error = std::get_if<TemplateError>(&call)) {
      problem = "'" + text + "' cannot be read: " + error->message;
      return std::nullopt;
    }
    auto item = item_of_call(std::get<TemplateCall>(call), false);
    if (const auto* error = std::get_if<TemplateError>(&item)) {
      problem = "'" + text + "' cannot be read: " + error->message;
      return std::nullopt;
    }
    return std::move(std::get<Item>(item));
  }
  auto parts = split_dunder(lower(text));
  Item item;
  if (parts.size() > 1 && parts.back().starts_with("extract_")) {
    problem =
        "a date part is asked for as TimeDimension('" + parts.front() + "', date_part_name='…')";
    return std::nullopt;
  }
  if (parts.size() > 1 && (standard_grain(parts.back()) || catalogue.custom_grain(parts.back()))) {
    item.grain = parts.back();
    item.kind = Item::Kind::time;
    parts.pop_back();
  }
  item.element = parts.back();
  parts.pop_back();
  item.links = std::move(parts);
  if (item.links.empty() && item.element == "metric_time")
    item.kind = Item::Kind::metric_time;
  else if (item.links.empty() && item.grain.empty())
    item.kind = Item::Kind::entity;
  return item;
}

}  // namespace loquat::semantic

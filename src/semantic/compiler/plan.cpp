#include "compiler/plan.hpp"

#include <algorithm>

#include "index/words.hpp"

namespace loquat::semantic {

using contracts::EntityType;
using contracts::Metric;
using contracts::MetricType;
using contracts::QueryPlan;
using contracts::SemanticModel;

namespace {

/// What dbt's own unique test says of the key that is joined to; empty: there is none.
std::string unique_test(const Catalogue& catalogue, const SemanticModel& model,
                        const std::string& column) {
  const auto& nodes = catalogue.project().nodes;
  const auto node = nodes.find(model.model_unique_id);
  if (node == nodes.end()) return {};
  for (const auto& test : node->second.tests) {
    if (test.kind != "unique" || lower(test.column) != lower(column)) continue;
    switch (test.state) {
      case contracts::TestState::passed:
        return "dbt's unique test on it passed";
      case contracts::TestState::failed:
        return "but dbt's unique test on it FAILED, so rows may be counted twice";
      case contracts::TestState::warned:
        return "but dbt's unique test on it warned, so rows may be counted twice";
      case contracts::TestState::unknown:
        return "dbt has a unique test on it, whose state was not imported";
    }
  }
  return "no unique test of dbt's stands behind it";
}

std::string window_text(const contracts::TimeWindow& window) {
  return std::to_string(window.count) + " " + window.granularity;
}

std::string input_text(const contracts::MetricInput& input) {
  std::string out = input.metric;
  if (!input.alias.empty() && input.alias != input.metric) out += " as " + input.alias;
  if (input.offset_window) out += ", " + window_text(*input.offset_window) + " earlier";
  if (!input.offset_to_grain.empty()) out += ", at the start of the " + input.offset_to_grain;
  for (const std::string& filter : input.filters) out += ", where " + filter;
  return out;
}

class MetricSteps {
 public:
  MetricSteps(const Catalogue& catalogue, std::vector<QueryPlan::MetricStep>& out)
      : catalogue_(catalogue), out_(out) {}

  void add(const Metric& metric) {
    const auto known = std::ranges::find(out_, metric.name, &QueryPlan::MetricStep::name);
    if (known != out_.end()) return;
    QueryPlan::MetricStep step;
    step.name = metric.name;
    step.type = name_of(metric.type);
    step.filters = metric.filters;
    switch (metric.type) {
      case MetricType::simple:
        measured(catalogue_.source_of(metric), step);
        break;
      case MetricType::cumulative:
        cumulative(metric, step);
        break;
      case MetricType::ratio:
        input(*metric.numerator, step);
        input(*metric.denominator, step);
        step.formula = named(*metric.numerator) + " / " + named(*metric.denominator);
        break;
      case MetricType::derived:
        for (const auto& one : metric.inputs) input(one, step);
        step.formula = metric.expr;
        break;
      case MetricType::conversion:
        conversion(metric, step);
        break;
    }
    out_.push_back(std::move(step));
  }

 private:
  static std::string named(const contracts::MetricInput& input) {
    return input.alias.empty() ? input.metric : input.alias;
  }
  void input(const contracts::MetricInput& input, QueryPlan::MetricStep& step) {
    if (const Metric* metric = catalogue_.metric(input.metric)) add(*metric);
    step.inputs.push_back(input_text(input));
  }
  static void measured(const Catalogue::Source& source, QueryPlan::MetricStep& step) {
    const auto& measure = *source.at.measure;
    step.measure = measure.name;
    step.aggregation = name_of(measure.agg);
    step.semantic_model = source.at.model->name;
    step.formula = step.aggregation + "(" + measure.expr + ")";
    if (measure.non_additive)
      step.formula += std::string(", only of the ") +
                      (measure.non_additive->first ? "first " : "last ") +
                      measure.non_additive->name + " of each period";
    if (source.input->fill_nulls_with) step.formula += ", empty periods and groups filled";
    for (const std::string& filter : source.filters)
      if (std::ranges::count(step.filters, filter) == 0) step.filters.push_back(filter);
  }
  void cumulative(const Metric& metric, QueryPlan::MetricStep& step) {
    measured(catalogue_.source_of(metric), step);
    if (metric.window)
      step.formula += ", over the last " + window_text(*metric.window);
    else if (!metric.grain_to_date.empty())
      step.formula += ", since the start of the " + metric.grain_to_date;
    else
      step.formula += ", over all time so far";
  }
  void conversion(const Metric& metric, QueryPlan::MetricStep& step) {
    const auto [base, done] = catalogue_.sides_of(metric);
    const auto& how = *metric.conversion;
    step.semantic_model = base.at.model->name;
    step.measure = base.at.measure->name;
    const bool is_rate = how.calculation == contracts::ConversionCalculation::conversion_rate;
    step.formula = done.at.measure->name + " of " + done.at.model->name + " that follow " +
                   base.at.measure->name + " of " + base.at.model->name + " for the same " +
                   how.entity;
    if (how.window) step.formula += " within " + window_text(*how.window);
    if (is_rate) step.formula += ", divided by all of " + base.at.measure->name;
  }

  const Catalogue& catalogue_;
  std::vector<QueryPlan::MetricStep>& out_;
};

void collect(const Select* select, std::vector<const Select*>& out) {
  if (select == nullptr || std::ranges::count(out, select) > 0) return;
  collect(select->from, out);
  for (const JoinPart& join : select->joins) collect(join.select, out);
  out.push_back(select);
}

QueryPlan::Stage stage_of(const Select& select, bool is_last) {
  QueryPlan::Stage out;
  out.name = is_last ? "result" : select.name;
  out.reads.push_back(select.from ? select.from->name : select.relation);
  for (const JoinPart& join : select.joins)
    out.reads.push_back(lower(join.kind) + " " + (join.select ? join.select->name : join.relation));
  out.filters = select.where;
  for (const NamedExpr& key : select.keys) {
    const bool is_plain = key.expr == key.name;
    out.grouped_by.push_back(is_plain ? key.name : key.name + " = " + key.expr);
  }
  for (const NamedExpr& value : select.values)
    out.values.push_back(value.name + " = " + value.expr);
  const auto adds_up = [](const NamedExpr& value) {
    return value.expr.find('(') != value.expr.npos;
  };
  out.is_aggregated =
      select.grouped || (select.keys.empty() && std::ranges::any_of(select.values, adds_up));
  return out;
}

std::string grain_of(const ResolvedQuery& query) {
  for (const Item& item : query.group_by)
    if (item.kind == Item::Kind::metric_time && item.date_part.empty()) return item.grain;
  return {};
}

}  // namespace

PlanNotes::Read* PlanNotes::last_read(const Select& in) {
  const auto found = std::ranges::find(reads_, &in, &std::pair<const Select*, Read>::first);
  return found == reads_.end() ? nullptr : &found->second;
}

void PlanNotes::read(const Select& in, const SemanticModel& model, std::string time) {
  Read read;
  read.semantic_model = model.name;
  read.relation = model.relation.rendered;
  read.time = std::move(time);
  reads_.emplace_back(&in, std::move(read));
}

void PlanNotes::filter(const Select& in, const std::string& sql) {
  if (Read* read = last_read(in)) read->filters.push_back(sql);
}
void PlanNotes::row_filter(const Select& in, const std::string& sql) {
  if (Read* read = last_read(in)) read->row_filters.push_back(sql);
}
void PlanNotes::range(const Select& in, const std::string& sql) {
  if (Read* read = last_read(in)) read->range = sql;
}

void PlanNotes::join(const Select& in, const SemanticModel& from, const Hop& hop,
                     std::vector<std::string> on) {
  QueryPlan::Join join;
  join.from = from.name;
  join.to = hop.to->name;
  join.relation = hop.to->relation.rendered;
  join.entity = hop.to_entity->name;
  join.on = std::move(on);
  const bool is_one = hop.from->type == EntityType::primary || hop.from->type == EntityType::unique;
  join.cardinality = is_one ? "one to one" : "many to one";
  const bool changes = JoinGraph::validity_of(*hop.to).has_value();
  if (changes) join.cardinality += ", as of the row's time";
  join.why_safe = hop.to_entity->expr + " is the " + std::string(name_of(hop.to_entity->type)) +
                  " key of " + hop.to->name;
  if (changes) {
    join.why_safe += " and its rows are valid one after another: at most one of them at the time";
  } else {
    join.why_safe += ": at most one row of it beside each row";
    if (const auto test = unique_test(catalogue_, *hop.to, hop.to_entity->expr); !test.empty())
      join.why_safe += "; " + test;
  }
  joins_.emplace_back(&in, std::move(join));
}

QueryPlan PlanNotes::plan(const ResolvedQuery& query, const Statement& statement,
                          const std::vector<contracts::RowFilter>& filters) const {
  QueryPlan out;
  MetricSteps steps(catalogue_, out.metrics);
  for (const Metric* metric : query.metrics) steps.add(*metric);
  std::vector<const Select*> selects;
  collect(statement.last, selects);
  for (const Select* select : selects) {
    const bool is_last = select == statement.last;
    out.stages.push_back(stage_of(*select, is_last));
    const std::string& stage = out.stages.back().name;
    for (const auto& [in, read] : reads_)
      if (in == select) {
        out.reads.push_back(read);
        out.reads.back().stage = stage;
      }
    for (const auto& [in, join] : joins_)
      if (in == select) {
        out.joins.push_back(join);
        out.joins.back().stage = stage;
      }
  }
  if (query.start) out.range = "from " + format_date(*query.start);
  if (query.end) out.range += (out.range.empty() ? "to " : " to ") + format_date(*query.end);
  out.grain = grain_of(query);
  for (const auto& filter : filters) out.row_filters.push_back(filter.dimension);
  out.text = text_of(out);
  return out;
}

namespace {

std::string list_of(const std::vector<std::string>& items, std::string_view between) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : std::string(between)) + item;
  return out;
}

void add_metric(std::string& out, const QueryPlan::MetricStep& metric) {
  out += "metric " + metric.name + " (" + metric.type + ") = " + metric.formula;
  if (!metric.semantic_model.empty())
    out += "\n  measure " + metric.measure + " of semantic model " + metric.semantic_model;
  for (const std::string& input : metric.inputs) out += "\n  input " + input;
  for (const std::string& filter : metric.filters) out += "\n  its own filter " + filter;
  out += '\n';
}

void add_read(std::string& out, const QueryPlan::Read& read) {
  out += "\n  semantic model " + read.semantic_model + " (" + read.relation + ")";
  if (!read.time.empty()) out += "; metric_time is " + read.time;
  for (const std::string& filter : read.row_filters) out += "\n  row filter " + filter;
  if (!read.range.empty()) out += "\n  time range " + read.range;
  for (const std::string& filter : read.filters) out += "\n  filter, before adding up: " + filter;
}

void add_join(std::string& out, const QueryPlan::Join& join) {
  out += "\n  join " + join.from + " -> " + join.to + " by " + join.entity + " on " +
         list_of(join.on, " and ") + " (" + join.cardinality + ")\n    safe: " + join.why_safe;
}

}  // namespace

std::string text_of(const QueryPlan& plan) {
  std::string out;
  for (const auto& metric : plan.metrics) add_metric(out, metric);
  out += "time: " + (plan.range.empty() ? "all" : plan.range) +
         (plan.grain.empty() ? ", not grouped by time" : ", by " + plan.grain) + "\n";
  if (!plan.row_filters.empty())
    out += "row filters in force: " + list_of(plan.row_filters, ", ") + "\n";
  int number = 0;
  for (const auto& stage : plan.stages) {
    out += std::to_string(++number) + ". " + stage.name + ": reads " + list_of(stage.reads, ", ");
    std::vector<std::string> told;
    for (const auto& read : plan.reads)
      if (read.stage == stage.name) {
        add_read(out, read);
        for (const auto* list : {&read.filters, &read.row_filters})
          told.insert(told.end(), list->begin(), list->end());
        told.push_back(read.range);
      }
    for (const auto& join : plan.joins)
      if (join.stage == stage.name) add_join(out, join);
    for (const std::string& filter : stage.filters)
      if (std::ranges::count(told, filter) == 0) out += "\n  keeps " + filter;
    if (!stage.grouped_by.empty())
      out += (stage.is_aggregated ? "\n  groups by " : "\n  columns ") +
             list_of(stage.grouped_by, ", ");
    for (const std::string& value : stage.values)
      out += (stage.is_aggregated ? "\n  computes " : "\n  column ") + value;
    out += '\n';
  }
  return out;
}

}  // namespace loquat::semantic

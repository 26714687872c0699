#include "diff.hpp"

#include <map>

namespace loquat::dbt {
namespace {

using Definitions = std::map<std::string, std::string>;

/// Joins what makes up a definition; the separator occurs in no name.
class Definition {
 public:
  Definition& operator<<(const std::string& part) {
    text_ += part;
    text_ += '\x1f';
    return *this;
  }
  Definition& operator<<(std::string_view part) { return *this << std::string(part); }
  Definition& operator<<(bool part) { return *this << std::string(part ? "1" : "0"); }
  Definition& operator<<(const std::vector<std::string>& parts) {
    for (const auto& part : parts) *this << part;
    return *this << std::string("\x1e");
  }
  Definition& operator<<(const std::optional<contracts::TimeWindow>& window) {
    return window ? *this << std::to_string(window->count) << window->granularity
                  : *this << std::string();
  }
  Definition& operator<<(const contracts::MeasureInput& input) {
    *this << input.measure << input.filters << input.alias << input.join_to_timespine;
    return *this << (input.fill_nulls_with ? std::to_string(*input.fill_nulls_with)
                                           : std::string());
  }
  Definition& operator<<(const contracts::MetricInput& input) {
    return *this << input.metric << input.filters << input.alias << input.offset_window
                 << input.offset_to_grain;
  }
  template <class T>
  Definition& operator<<(const std::optional<T>& part) {
    return part ? *this << *part : *this << std::string();
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string define(const contracts::Metric& m) {
  Definition d;
  d << name_of(m.type) << m.label << m.description << m.filters << m.measure << m.numerator
    << m.denominator << m.expr << m.window << m.grain_to_date << name_of(m.period_agg)
    << m.time_granularity << m.meta.json;
  for (const auto& input : m.inputs) d << input;
  if (m.conversion) {
    d << m.conversion->base_measure << m.conversion->conversion_measure << m.conversion->base_metric
      << m.conversion->conversion_metric << m.conversion->entity
      << name_of(m.conversion->calculation) << m.conversion->window;
    for (const auto& property : m.conversion->constant_properties)
      d << property.base << property.conversion;
  }
  return d.text();
}

Definitions definitions_of(const contracts::ProjectModel& project) {
  Definitions all;
  for (const auto& metric : project.metrics) all["metric " + metric.name] = define(metric);
  for (const auto& model : project.semantic_models) {
    Definition relation;
    relation << model.relation.rendered << model.primary_entity << model.label << model.description;
    all["semantic_model " + model.name] = relation.text();
    for (const auto& e : model.entities) {
      Definition d;
      d << name_of(e.type) << e.expr << e.label << e.description;
      all["entity " + model.name + "." + e.name] = d.text();
    }
    for (const auto& dimension : model.dimensions) {
      Definition d;
      d << name_of(dimension.type) << dimension.expr << name_of(dimension.grain) << dimension.label
        << dimension.description << dimension.meta.json << dimension.is_validity_start
        << dimension.is_validity_end;
      all["dimension " + model.name + "." + dimension.name] = d.text();
    }
    for (const auto& measure : model.measures) {
      Definition d;
      d << name_of(measure.agg) << measure.expr << measure.agg_time_dimension;
      if (measure.non_additive)
        d << measure.non_additive->name << measure.non_additive->window_groupings;
      all["measure " + model.name + "." + measure.name] = d.text();
    }
  }
  for (const auto& [id, node] : project.nodes) {
    Definition d;
    d << node.relation.rendered << node.materialized << node.description << node.tags
      << node.depends_on;
    for (const auto& column : node.columns)
      d << column.name << column.data_type << column.description << column.tags;
    all["model " + id] = d.text();
  }
  return all;
}

}  // namespace

ModelDiff diff_models(const contracts::ProjectModel* before, const contracts::ProjectModel& after) {
  const Definitions old = before != nullptr ? definitions_of(*before) : Definitions();
  const Definitions fresh = definitions_of(after);
  ModelDiff diff;
  for (const auto& [name, definition] : fresh) {
    const auto known = old.find(name);
    if (known == old.end())
      diff.added.push_back(name);
    else if (known->second != definition)
      diff.changed.push_back(name);
  }
  for (const auto& [name, _] : old)
    if (!fresh.contains(name)) diff.removed.push_back(name);
  return diff;
}

}  // namespace loquat::dbt

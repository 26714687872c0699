#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "inputs.hpp"
#include "parts.hpp"

namespace loquat::dbt {
namespace {

using namespace contracts;

/// What metrics need to find while they are read: models and their default time, measures taken.
struct KnownModels {
  std::unordered_map<std::string, std::size_t> places;
  std::unordered_map<std::string, std::string> times;
  std::unordered_set<std::string> measures;
  std::vector<Metric> to_create;  ///< of measures with create_metric
};

std::string expr_of(const Place& item) {
  std::string expr = item.text("expr");
  return expr.empty() ? item.text("name") : expr;
}

Grain grain_of(const Place& type_params) {
  return read_enum<Grain>(type_params, "time_granularity").value_or(Grain::day);
}

std::optional<Entity> read_entity(const Place& place) {
  const auto type = read_enum<EntityType>(place, "type");
  Entity out{place.text("name"),  type.value_or(EntityType::foreign), expr_of(place),
             place.text("label"), place.text("description"),          read_meta(place)};
  if (out.name.empty()) place.report("an entity without a name is left out");
  return out.name.empty() || !type ? std::nullopt : std::optional(std::move(out));
}

std::optional<Dimension> read_dimension(const Place& place) {
  const auto type = read_enum<DimensionType>(place, "type");
  Dimension out;
  out.name = place.text("name");
  if (out.name.empty() || !type) {
    if (out.name.empty()) place.report("a dimension without a name is left out");
    return std::nullopt;
  }
  out.type = *type;
  out.expr = expr_of(place);
  const Place params = place.at("type_params");
  if (out.type == DimensionType::time) out.grain = grain_of(params);
  const Place validity = params.at("validity_params");
  out.is_validity_start = validity.flag("is_start");
  out.is_validity_end = validity.flag("is_end");
  out.is_partition = place.flag("is_partition");
  out.label = place.text("label");
  out.description = place.text("description");
  out.meta = read_meta(place);
  return out;
}

void read_aggregation(const Place& place, Measure& out) {
  const Place params = place.at("agg_params");
  out.percentile = params.number("percentile");
  out.percentile_discrete = params.flag("use_discrete_percentile");
  out.percentile_approximate = params.flag("use_approximate_percentile");
  const Place over_time = place.at("non_additive_dimension");
  if (over_time.is_object() && over_time.has("name"))
    out.non_additive =
        NonAdditiveDimension{over_time.text("name"), over_time.text("window_choice") == "min",
                             over_time.texts("window_groupings")};
}

std::optional<Measure> read_measure(const Place& place, const std::string& default_time) {
  const auto agg = read_enum<Aggregation>(place, "agg");
  Measure out;
  out.name = place.text("name");
  if (out.name.empty() || !agg) {
    place.report("a measure without a name or a known agg is left out");
    return std::nullopt;
  }
  const std::size_t before = place.problem_count();
  out.agg = *agg;
  out.expr = expr_of(place);
  out.agg_time_dimension = place.text("agg_time_dimension");
  if (out.agg_time_dimension.empty()) out.agg_time_dimension = default_time;
  read_aggregation(place, out);
  if (place.has_reported_since(before)) {
    place.report("measure '" + out.name + "' is left out: it could give other numbers than meant");
    return std::nullopt;
  }
  out.label = place.text("label");
  out.description = place.text("description");
  out.meta = read_meta(place);
  return out;
}

std::optional<SemanticModel> read_model(const Place& place) {
  SemanticModel out;
  out.name = place.text("name");
  out.relation = read_relation(place.at("node_relation"));
  if (out.name.empty() || out.relation.rendered.empty()) {
    place.report("a semantic model without a name or a relation is left out");
    return std::nullopt;
  }
  out.label = place.text("label");
  out.description = place.text("description");
  out.primary_entity = place.text("primary_entity");
  out.meta = read_meta(place);
  for (const Place& one : place.each("entities"))
    if (auto entity = read_entity(one)) out.entities.push_back(std::move(*entity));
  for (const Place& one : place.each("dimensions"))
    if (auto dimension = read_dimension(one)) out.dimensions.push_back(std::move(*dimension));
  const std::string time = place.at("defaults").text("agg_time_dimension");
  for (const Place& one : place.each("measures"))
    if (auto measure = read_measure(one, time)) out.measures.push_back(std::move(*measure));
  return out;
}

/// Newer layout: the metric brings its own aggregation; a measure of its name is made for it.
void make_measure(const Place& params, Metric& metric, ProjectModel& project, KnownModels& known) {
  const Place own = params.at("metric_aggregation_params");
  const std::string owner = own.text("semantic_model");
  const auto model = known.places.find(owner);
  const auto agg = read_enum<Aggregation>(own, "agg");
  if (model == known.places.end() || !agg) {
    own.report("no semantic model '" + owner + "', or no known agg");
    return;
  }
  Measure out;
  out.name = metric.name;
  out.agg = *agg;
  out.expr = params.text("expr");
  if (out.expr.empty()) out.expr = own.text("expr");
  if (out.expr.empty()) out.expr = out.agg == Aggregation::count ? "1" : metric.name;
  out.agg_time_dimension = own.text("agg_time_dimension");
  if (const auto time = known.times.find(owner);
      out.agg_time_dimension.empty() && time != known.times.end())
    out.agg_time_dimension = time->second;
  out.made_for_metric = true;
  out.label = metric.label;
  out.description = metric.description;
  read_aggregation(own, out);
  MeasureInput input;
  if (known.measures.contains(out.name)) out.name = "metric " + out.name;
  known.measures.insert(out.name);
  input.measure = out.name;
  input.join_to_timespine = params.flag("join_to_timespine");
  input.fill_nulls_with = params.number("fill_nulls_with");
  project.semantic_models[model->second].measures.push_back(std::move(out));
  metric.measure = std::move(input);
}

std::string metric_named_by(const Place& owner, std::string_view key) {
  const Place place = owner.at(key);
  return place.is_object() ? place.text("name") : owner.text(key);
}

void read_cumulative(const Place& params, Metric& out) {
  const Place own = params.at("cumulative_type_params");
  out.window = window_of(own, "window");
  if (!out.window) out.window = window_of(params, "window");
  out.grain_to_date = own.text("grain_to_date");
  if (out.grain_to_date.empty()) out.grain_to_date = params.text("grain_to_date");
  if (const auto agg = read_enum<PeriodAggregation>(own, "period_agg")) out.period_agg = *agg;
  if (own.has("metric")) out.inputs.push_back(metric_input(own.at("metric")));
}

void read_conversion(const Place& params, Metric& out) {
  const Place own = params.at("conversion_type_params");
  Metric::Conversion conversion;
  conversion.base_measure = measure_input(own, "base_measure");
  conversion.conversion_measure = measure_input(own, "conversion_measure");
  conversion.base_metric = metric_named_by(own, "base_metric");
  conversion.conversion_metric = metric_named_by(own, "conversion_metric");
  conversion.entity = own.text("entity");
  if (const auto how = read_enum<ConversionCalculation>(own, "calculation"))
    conversion.calculation = *how;
  conversion.window = window_of(own, "window");
  for (const Place& one : own.each("constant_properties"))
    conversion.constant_properties.push_back(
        {one.text("base_property"), one.text("conversion_property")});
  out.conversion = std::move(conversion);
}

void read_type_params(const Place& params, Metric& out, ProjectModel& project, KnownModels& known) {
  out.is_private = params.flag("is_private");
  out.measure = measure_input(params, "measure");
  if (out.type == MetricType::simple && !out.measure && params.has("metric_aggregation_params"))
    make_measure(params, out, project, known);
  if (params.has("numerator")) out.numerator = metric_input(params.at("numerator"));
  if (params.has("denominator")) out.denominator = metric_input(params.at("denominator"));
  if (out.type == MetricType::derived) out.expr = params.text("expr");
  for (const Place& one : params.each("metrics")) out.inputs.push_back(metric_input(one));
  if (out.type == MetricType::cumulative) read_cumulative(params, out);
  if (out.type == MetricType::conversion) read_conversion(params, out);
}

std::optional<Metric> read_metric(const Place& place, ProjectModel& project, KnownModels& known) {
  const auto type = read_enum<MetricType>(place, "type");
  Metric out;
  out.name = place.text("name");
  if (out.name.empty() || !type) {
    place.report("a metric without a name or a known type is left out");
    return std::nullopt;
  }
  out.type = *type;
  out.label = place.text("label");
  out.description = place.text("description");
  out.meta = read_meta(place);
  out.tags = read_tags(place);
  out.group = read_group(place);
  const std::size_t before = place.problem_count();
  out.filters = filters_of(place);
  out.time_granularity = lower(place.text("time_granularity"));
  read_type_params(place.at("type_params"), out, project, known);
  if (place.has_reported_since(before)) {
    place.report("metric '" + out.name + "' is left out: it could give other numbers than meant");
    return std::nullopt;
  }
  return out;
}

std::optional<SavedQuery> read_saved_query(const Place& place) {
  SavedQuery out;
  out.name = place.text("name");
  if (out.name.empty()) {
    place.report("a saved query without a name is left out");
    return std::nullopt;
  }
  out.label = place.text("label");
  out.description = place.text("description");
  const Place query = place.at("query_params");
  out.metrics = query.texts("metrics");
  out.group_by = query.texts("group_by");
  out.order_by = query.texts("order_by");
  out.where = filters_of(query, "where");
  out.limit = query.integer("limit");
  out.tags = place.texts("tags");
  return out;
}

void read_spine(const Place& place, ProjectModel& out) {
  TimeSpine spine;
  spine.relation = read_relation(place.at("node_relation"));
  const Place primary = place.at("primary_column");
  spine.column = primary.text("name");
  spine.grain = grain_of(primary);
  for (const Place& one : place.each("custom_granularities")) {
    std::string column = one.text("column_name");
    if (column.empty()) column = one.text("name");
    spine.custom_granularities.push_back({one.text("name"), std::move(column)});
  }
  if (spine.relation.rendered.empty() || spine.column.empty())
    place.report("a time spine without a relation or a column is left out");
  else
    out.time_spines.push_back(std::move(spine));
}

/// `ProjectConfiguration.time_spine_table_configurations`, the layout before time spines had YAML.
void read_old_spine(const Place& place, ProjectModel& out) {
  TimeSpine spine;
  const std::string location = place.text("location");
  spine.column = place.text("column_name");
  spine.grain = read_enum<Grain>(place, "grain").value_or(Grain::day);
  std::vector<std::string> parts(1);
  bool is_inside = false;  // of quotes, where a dot is a letter
  for (const char c : location) {
    if (c == '"' || c == '`')
      is_inside = !is_inside;
    else if (c == '.' && !is_inside)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  for (std::string& part : parts) {
    spine.relation.database = std::exchange(spine.relation.schema, spine.relation.name);
    spine.relation.name = std::move(part);
  }
  const bool is_rendered = location.find('"') != std::string::npos;
  spine.relation.rendered = rendered_relation(spine.relation, is_rendered ? location : "");
  if (!location.empty() && !spine.column.empty()) out.time_spines.push_back(std::move(spine));
}

/// A measure with create_metric has no metric of its own in the manifest of older versions.
void note_metrics_to_create(const Place& model, KnownModels& known) {
  for (const Place& one : model.each("measures")) {
    if (!one.is_object() || !one.flag("create_metric")) continue;
    Metric metric;
    metric.name = one.text("name");
    metric.label = one.text("label").empty() ? metric.name : one.text("label");
    metric.description = one.text("description");
    metric.measure = MeasureInput{};
    metric.measure->measure = metric.name;
    known.to_create.push_back(std::move(metric));
  }
}

void read_one_model(const Place& one, ProjectModel& out, KnownModels& known) {
  if (!is_enabled(one)) return;
  auto model = read_model(one);
  if (!model) return;
  if (!known.places.emplace(model->name, out.semantic_models.size()).second) {
    one.report("a second semantic model '" + model->name + "' is left out");
    return;
  }
  if (std::string time = one.at("defaults").text("agg_time_dimension"); !time.empty())
    known.times.emplace(model->name, std::move(time));
  note_metrics_to_create(one, known);
  for (const Measure& measure : model->measures) known.measures.insert(measure.name);
  out.semantic_models.push_back(std::move(*model));
}

void read_one_metric(const Place& one, ProjectModel& out, KnownModels& known,
                     std::unordered_set<std::string>& names) {
  if (!is_enabled(one)) return;
  auto metric = read_metric(one, out, known);
  if (!metric) return;
  if (names.insert(metric->name).second)
    out.metrics.push_back(std::move(*metric));
  else
    one.report("a second metric '" + metric->name + "' is left out");
}

}  // namespace

void read_semantics(const Document& root, ProjectModel& out) {
  KnownModels known;
  root.each("semantic_models", [&](const Place& one) { read_one_model(one, out, known); });
  std::unordered_set<std::string> names;
  root.each("metrics", [&](const Place& one) { read_one_metric(one, out, known, names); });
  for (Metric& metric : known.to_create)
    if (names.insert(metric.name).second) out.metrics.push_back(std::move(metric));
  root.each("saved_queries", [&](const Place& one) {
    if (!is_enabled(one)) return;
    if (auto query = read_saved_query(one)) out.saved_queries.push_back(std::move(*query));
  });
  root.with("project_configuration", [&](const Place& configuration) {
    for (const Place& one : configuration.each("time_spines")) read_spine(one, out);
    if (out.time_spines.empty())
      for (const Place& one : configuration.each("time_spine_table_configurations"))
        read_old_spine(one, out);
  });
}

void read_metric_config(const Document& manifest, ProjectModel& out) {
  std::unordered_map<std::string, Metric*> by_name;
  for (Metric& metric : out.metrics) by_name.emplace(metric.name, &metric);
  manifest.each("metrics", [&](const Place& one) {
    const auto found = by_name.find(one.text("name"));
    if (found == by_name.end()) return;
    Metric* metric = found->second;
    if (metric->tags.empty()) metric->tags = read_tags(one);
    if (metric->group.empty()) metric->group = read_group(one);
    if (metric->meta.json == "{}") metric->meta = read_meta(one);
  });
}

}  // namespace loquat::dbt

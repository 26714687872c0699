#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "loquat/base/clock.hpp"
#include "loquat/base/enum_names.hpp"

/// The imported dbt project as plain data: what `dbt` fills, `semantic` indexes and compiles, and
/// everybody else only reads. Names are dbt's. One import makes one immutable value; a sync swaps
/// the whole.
namespace loquat::contracts {

enum class Grain {  // finest first; the order is meant
  nanosecond,
  microsecond,
  millisecond,
  second,
  minute,
  hour,
  day,
  week,
  month,
  quarter,
  year
};
enum class Aggregation {
  sum,
  min,
  max,
  count,
  count_distinct,
  sum_boolean,
  average,
  median,
  percentile
};
enum class EntityType { primary, unique, foreign, natural };
enum class DimensionType { categorical, time };
enum class MetricType { simple, ratio, derived, cumulative, conversion };
enum class PeriodAggregation { first, last, average };
enum class ConversionCalculation { conversions, conversion_rate };

/// `7 days`. `granularity` is a Grain's name or a custom granularity's.
struct TimeWindow {
  std::int64_t count = 1;
  std::string granularity;
};

/// What `config.meta` says, as far as we know its words; the rest is kept as JSON text.
struct Meta {
  std::vector<std::string> synonyms;
  std::optional<std::string> unit;
  std::optional<bool>
      personal_data;  ///< pii, contains_pii, or a tag of that kind; nothing: not said
  std::string json = "{}";
};

/// A relation as the engine knows it.
struct Relation {
  std::string database;
  std::string schema;
  std::string name;      ///< the alias
  std::string rendered;  ///< dbt's relation_name, quoted
};

struct Entity {
  std::string name;
  EntityType type = EntityType::primary;
  std::string expr;  ///< column or SQL expression; never empty after import
  std::string label, description;
  Meta meta;
};

struct Dimension {
  std::string name;
  DimensionType type = DimensionType::categorical;
  std::string expr;
  Grain grain = Grain::day;  ///< time dimensions only
  bool is_validity_start = false;
  bool is_validity_end = false;
  bool is_partition = false;
  std::string label, description;
  Meta meta;
};

struct NonAdditiveDimension {
  std::string name;                           ///< a time dimension of the same semantic model
  bool first = false;                         ///< window_choice: min (first) or max (last)
  std::vector<std::string> window_groupings;  ///< entity names
};

/// A measure of the older YAML, or one made at import for a measure-less simple metric of the newer
/// YAML.
struct Measure {
  std::string name;
  Aggregation agg = Aggregation::sum;
  std::string expr;  ///< never empty after import ("1" for a bare count)
  std::optional<double> percentile;
  bool percentile_discrete = false;
  bool percentile_approximate = false;
  std::string
      agg_time_dimension;  ///< empty: the measure has none (refused where metric_time is needed)
  std::optional<NonAdditiveDimension> non_additive;
  bool made_for_metric = false;  ///< from metric_aggregation_params or create_metric
  std::string label, description;
  Meta meta;
};

struct SemanticModel {
  std::string name, label, description;
  Relation relation;
  std::string primary_entity;  ///< declared without a column of its own; else empty
  std::vector<Entity> entities;
  std::vector<Dimension> dimensions;
  std::vector<Measure> measures;
  Meta meta;
  std::string model_unique_id;  ///< the manifest node behind it; empty if unknown
};

struct MeasureInput {
  std::string measure;
  std::vector<std::string> filters;  ///< dbt template strings, joined by AND
  std::string alias;
  bool join_to_timespine = false;
  std::optional<double> fill_nulls_with;
};

struct MetricInput {
  std::string metric;
  std::vector<std::string> filters;
  std::string alias;
  std::optional<TimeWindow> offset_window;
  std::string offset_to_grain;  ///< empty: none
};

struct ConstantProperty {
  std::string base, conversion;  ///< dimension or entity names on either side
};

struct Metric {
  std::string name, label, description;
  MetricType type = MetricType::simple;
  std::vector<std::string> filters;
  Meta meta;
  std::vector<std::string> tags;
  std::string group;             ///< dbt group (owner); may be empty
  std::string time_granularity;  ///< default grain of metric_time for this metric; may be empty
  bool is_private = false;

  std::optional<MeasureInput> measure;                ///< simple, cumulative over a measure
  std::optional<MetricInput> numerator, denominator;  ///< ratio
  std::string expr;                                   ///< derived
  std::vector<MetricInput> inputs;                    ///< derived; cumulative over a metric has one
  std::optional<TimeWindow> window;                   ///< cumulative
  std::string grain_to_date;                          ///< cumulative
  PeriodAggregation period_agg = PeriodAggregation::first;
  struct Conversion {
    std::optional<MeasureInput> base_measure, conversion_measure;
    std::string base_metric, conversion_metric;  ///< newer YAML; empty where measures are given
    std::string entity;
    ConversionCalculation calculation = ConversionCalculation::conversion_rate;
    std::optional<TimeWindow> window;
    std::vector<ConstantProperty> constant_properties;
  };
  std::optional<Conversion> conversion;
};

struct CustomGranularity {
  std::string name, column;
};
struct TimeSpine {
  Relation relation;
  std::string column;
  Grain grain = Grain::day;
  std::vector<CustomGranularity> custom_granularities;
};

struct SavedQuery {
  std::string name, label, description;
  std::vector<std::string> metrics, group_by, where, order_by, tags;
  std::optional<std::int64_t> limit;
};

struct ColumnNode {
  std::string name, description, data_type;  ///< data_type from the catalog if known
  std::vector<std::string> tags;
  Meta meta;
};

enum class TestState { unknown, passed, warned, failed };
struct DataTest {
  std::string unique_id, kind,
      column;  ///< kind: unique, not_null, relationships, accepted_values, other
  TestState state = TestState::unknown;
  std::vector<std::string> accepted_values;
};

/// A model, seed, snapshot or source of the manifest.
struct ModelNode {
  std::string unique_id, name, resource_type, materialized, description, group, owner;
  Relation relation;
  std::vector<ColumnNode> columns;
  std::vector<std::string> tags, depends_on;
  std::vector<DataTest> tests;
  std::optional<std::int64_t> row_count;
  std::optional<WallTime> max_loaded_at;  ///< sources: freshness
  std::string freshness_state;            ///< pass, warn, error or empty
  Meta meta;
};

struct Exposure {
  std::string unique_id, name, type, url, owner;
  std::vector<std::string> depends_on;
};

/// Something in an artifact that could not be read and was left out.
struct ImportProblem {
  std::string artifact;  ///< manifest, semantic_manifest, catalog, run_results, sources
  std::string pointer;   ///< JSON pointer of the place
  std::string message;
};

/// One import, whole. Immutable once shared.
struct ProjectModel {
  std::string version;  ///< content hash: equal artifacts give equal versions; answers carry it as
                        ///< model_version
  std::string project_name, dbt_version;
  std::optional<WallTime> generated_at;
  WallTime imported_at{};
  std::vector<SemanticModel> semantic_models;
  std::vector<Metric> metrics;
  std::vector<TimeSpine> time_spines;
  std::vector<SavedQuery> saved_queries;
  std::map<std::string, ModelNode> nodes;  ///< by unique_id
  std::vector<Exposure> exposures;
  std::map<std::string, std::string> group_owners;
  Meta meta;  ///< dbt_project vars/meta that we know (fiscal_year_start_month, week_starts_on)
  int fiscal_year_start_month = 1;
  int week_starts_on = 1;  ///< ISO: 1 is Monday
  std::vector<ImportProblem> problems;
};

}  // namespace loquat::contracts

namespace loquat {
LOQUAT_ENUM(contracts::Grain, 11,
            {{{contracts::Grain::nanosecond, "nanosecond"},
              {contracts::Grain::microsecond, "microsecond"},
              {contracts::Grain::millisecond, "millisecond"},
              {contracts::Grain::second, "second"},
              {contracts::Grain::minute, "minute"},
              {contracts::Grain::hour, "hour"},
              {contracts::Grain::day, "day"},
              {contracts::Grain::week, "week"},
              {contracts::Grain::month, "month"},
              {contracts::Grain::quarter, "quarter"},
              {contracts::Grain::year, "year"}}});
LOQUAT_ENUM(contracts::Aggregation, 9,
            {{{contracts::Aggregation::sum, "sum"},
              {contracts::Aggregation::min, "min"},
              {contracts::Aggregation::max, "max"},
              {contracts::Aggregation::count, "count"},
              {contracts::Aggregation::count_distinct, "count_distinct"},
              {contracts::Aggregation::sum_boolean, "sum_boolean"},
              {contracts::Aggregation::average, "average"},
              {contracts::Aggregation::median, "median"},
              {contracts::Aggregation::percentile, "percentile"}}});
LOQUAT_ENUM(contracts::EntityType, 4,
            {{{contracts::EntityType::primary, "primary"},
              {contracts::EntityType::unique, "unique"},
              {contracts::EntityType::foreign, "foreign"},
              {contracts::EntityType::natural, "natural"}}});
LOQUAT_ENUM(contracts::DimensionType, 2,
            {{{contracts::DimensionType::categorical, "categorical"},
              {contracts::DimensionType::time, "time"}}});
LOQUAT_ENUM(contracts::MetricType, 5,
            {{{contracts::MetricType::simple, "simple"},
              {contracts::MetricType::ratio, "ratio"},
              {contracts::MetricType::derived, "derived"},
              {contracts::MetricType::cumulative, "cumulative"},
              {contracts::MetricType::conversion, "conversion"}}});
LOQUAT_ENUM(contracts::PeriodAggregation, 3,
            {{{contracts::PeriodAggregation::first, "first"},
              {contracts::PeriodAggregation::last, "last"},
              {contracts::PeriodAggregation::average, "average"}}});
LOQUAT_ENUM(contracts::ConversionCalculation, 2,
            {{{contracts::ConversionCalculation::conversions, "conversions"},
              {contracts::ConversionCalculation::conversion_rate, "conversion_rate"}}});
}  // namespace loquat

#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "compiler/dialect.hpp"
#include "compiler/plan.hpp"
#include "compiler/resolve.hpp"
#include "compiler/statement.hpp"
#include "index/catalogue.hpp"
#include "loquat/contracts/row_filter.hpp"

namespace loquat::semantic {

/// What a plan was built from; kept while it is built.
struct Proof {
  std::vector<std::string> metrics, semantic_models, relations, source_columns, filters;
};

/// How far a metric looks back: by a window, or to the start of a period.
struct TimeShift {
  std::optional<contracts::TimeWindow> window;
  std::string to_grain;
  [[nodiscard]] bool empty() const { return !window && to_grain.empty(); }
  [[nodiscard]] std::string text() const;
};

/// What a metric is computed by, the same for all its parts.
struct Context {
  std::vector<Item> keys;
  std::vector<const Filter*> filters;
  std::optional<Date> start, end;
  TimeShift shift;  ///< applied to the time spine before aggregation
};

/// A metric's value as an expression over the inside of a select.
struct Value {
  Select* from = nullptr;
  std::string expr;
  std::string name;
  std::optional<double> fill;  ///< put in again after selects are joined
};

/// Rows of one semantic model, and what was joined to them so far.
struct Scope {
  Select* select = nullptr;
  const contracts::SemanticModel* model = nullptr;
  std::string alias;
  bool qualified = false;      ///< columns need their table's alias
  bool is_unfiltered = false;  ///< rows were opened, and no row filter stands on them yet
  std::string time;            ///< the aggregation time, not truncated; empty: none
  contracts::Grain time_grain = contracts::Grain::day;
  bool time_is_truncated = false;  ///< `time` holds period starts of time_grain already
  const contracts::TimeSpine* spine = nullptr;  ///< set if `time` is made from its column
  bool has_spine_columns = false;               ///< `time` is the column itself, beside the others
  std::string moved_grain, moved_period;        ///< a custom grain that was moved, and its column
  const contracts::Dimension* own_time = nullptr;
  std::vector<std::pair<std::string, std::string>> joined;  ///< way -> alias
};

/// Builds the selects of one query. Names were checked before; what only comes to light here (a
/// metric's own filter that does not fit) is kept in `problems`.
class Builder {
 public:
  /// `row_filters` and `notes` (null: none are taken) must outlive the builder.
  Builder(const Catalogue& catalogue, const DialectWords& words,
          const std::vector<contracts::RowFilter>& row_filters, PlanNotes* notes = nullptr)
      : catalogue_(catalogue), words_(words), row_filters_(row_filters), notes_(notes) {}

  [[nodiscard]] Value metric_value(const contracts::Metric& metric, const Context& context,
                                   const std::string& name);
  /// One select whose inside holds all of `values`, changed to read from it.
  [[nodiscard]] Select* combine(std::vector<Value>& values, const std::vector<Item>& keys);
  /// Distinct values of dimensions, without a metric.
  [[nodiscard]] Select* distinct_values(const ResolvedQuery& query);
  /// Periods of the time spine under the names of `times`.
  [[nodiscard]] Select* periods(const std::vector<Item>& times, const Context& context);
  /// The same, with filters on the time that `at` is aggregated by.
  [[nodiscard]] Select* periods(const std::vector<Item>& times, const Context& context,
                                const MeasureAt* at, const std::vector<const Filter*>& filters);

  /// Values of one dimension of `model`, under the row filters.
  [[nodiscard]] Select* values_of(const contracts::SemanticModel& model, const std::string& expr,
                                  std::string_view search);
  /// Why a row filter could not be put on; empty: all are.
  [[nodiscard]] const std::string& forbidden() const { return forbidden_; }
  [[nodiscard]] SelectPool& pool() { return pool_; }
  [[nodiscard]] const DialectWords& words() const { return words_; }
  [[nodiscard]] Proof& proof() { return proof_; }
  [[nodiscard]] const std::vector<FieldIssue>& problems() const { return problems_; }

 private:
  using Source = Catalogue::Source;

  // rows of a model (scope.cpp)
  Scope open(const MeasureAt& at, Select& select, const Context& context,
             const std::vector<const Filter*>& filters, bool force_qualified);
  Scope open_model(const contracts::SemanticModel& model, Select& select, bool qualified);
  bool needs_joins(const MeasureAt& at, const Item& item) const;
  std::string item_expr(Scope& scope, Item item);
  std::string time_expr(Scope& scope, const Item& item, const std::string& raw,
                        contracts::Grain grain, bool truncated);
  std::string custom_grain_expr(Scope& scope, const Item& item, const std::string& raw);
  std::string metric_filter_expr(Scope& scope, const Item& item);
  std::string join_way(Scope& scope, const Reached& way);
  void add_partitions(const contracts::SemanticModel& from, const std::string& from_alias,
                      const contracts::SemanticModel& to, const std::string& to_alias,
                      Conditions& on);
  void add_validity(Scope& scope, const contracts::SemanticModel& model, const std::string& alias,
                    Conditions& on);
  std::string column_expr(const contracts::SemanticModel& model, const std::string& expr,
                          const std::string& alias, bool qualified);
  std::string filter_sql(Scope& scope, const Filter& filter);
  void add_filters(Scope& scope, const std::vector<const Filter*>& filters);
  std::string range_sql(const std::string& time, contracts::Grain grain, bool truncated,
                        const Context& context) const;
  void add_range(Scope& scope, const Context& context);
  std::vector<const Filter*> filters_of(const std::vector<std::string>& texts,
                                        const Context& context);

  // row filters (row_filters.cpp)
  struct Policy {
    Reached way;
    const contracts::RowFilter* filter = nullptr;
  };
  const std::vector<Policy>& policies_for(const contracts::SemanticModel& model);
  void add_policies(Scope& scope);

  // aggregates (aggregate.cpp)
  Value source_value(const Source& source, const Context& context, const std::string& name);
  Value aggregate(const Source& source, const Context& context, const std::string& name);
  bool shift_rows(Select& select, const MeasureAt& at, const Context& context, Scope& scope);
  bool shift_by_custom(Select& select, const MeasureAt& at, const Context& context, Scope& scope);
  Select* moved_days(const CustomGrain& custom, std::int64_t count);
  Value semi_additive(const Source& source, const Context& context, const std::string& name);
  std::string aggregation(const contracts::Measure& measure, const std::string& expr,
                          bool grouped) const;

  // metrics over metrics (metrics.cpp)
  Value ratio(const contracts::Metric& metric, const Context& context, const std::string& name);
  Value derived(const contracts::Metric& metric, const Context& context, const std::string& name);
  Value input_value(const contracts::MetricInput& input, const Context& context,
                    const std::vector<const Filter*>& filters, const std::string& name);

  // time (time.cpp)
  bool spine_relation(Select& select, contracts::Grain base, const Context& context, Scope& scope);
  std::vector<Item> time_keys(const MeasureAt& at, const Context& context) const;
  std::vector<Item> time_keys(const contracts::Metric& metric, const Context& context) const;
  Value filled_by_spine(Value value, const std::vector<Item>& times, const Context& context);
  bool may_shift_after(const contracts::Metric& metric, const TimeShift& shift,
                       const Context& context) const;
  Value shifted_after(const contracts::Metric& metric, const TimeShift& shift,
                      const Context& context, const std::string& name);
  bool is_time_filter(const contracts::Metric& metric, const Filter& filter) const;
  contracts::Grain spine_grain(contracts::Grain own) const;
  Value shifted(const contracts::Metric& metric, const TimeShift& shift, const Context& context,
                const std::string& name);
  std::string shift_expr(const TimeShift& shift, const std::string& time) const;
  Value filled(Value value, const Source& source, const std::vector<Item>& times,
               const Context& context);
  Value cumulative(const contracts::Metric& metric, const Context& context,
                   const std::string& name);
  Value cumulated(const contracts::Metric& metric, const Source& source, const Context& context,
                  const std::string& name, const std::vector<Item>& times);

  // conversion (conversion.cpp)
  Value conversion(const contracts::Metric& metric, const Context& context,
                   const std::string& name);
  Value conversions(const contracts::Metric& metric, const Source& base, const Source& conversion,
                    const Context& context, const std::string& name);

  void problem(std::string message);
  static void note(std::vector<std::string>& list, const std::string& value);

  const Catalogue& catalogue_;
  const DialectWords& words_;
  const std::vector<contracts::RowFilter>& row_filters_;
  PlanNotes* notes_;
  std::map<const contracts::SemanticModel*, std::vector<Policy>> policies_;
  std::string forbidden_;
  SelectPool pool_;
  std::map<std::string, Select*> shared_;  ///< selects by what they compute
  std::map<Select*, Scope> scopes_;        ///< of the selects that can take further measures
  std::map<std::string, Select*> filter_metrics_;
  Proof proof_;
  std::vector<FieldIssue> problems_;
  int depth_ = 0;
};

}  // namespace loquat::semantic

#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "semantic/planner/reading.hpp"

namespace loquat::semantic::planner {

/// Reads one draft once: weighs its evidence against the model, in the order of `run`. What belongs
/// to metrics, dimensions, values, time, operations and context has a file each.
class DraftReader {
 public:
  DraftReader(const Setting& setting, const Draft& draft, bool as_change);
  Reading run();

 private:
  static constexpr double kNoMetric = 2.0;
  static constexpr double kUnreachable = 1.2;
  static constexpr double kMisfit = 1.2;  ///< a part of the grammar that finds nothing to act on
  static constexpr double kReachFit = 0.35;

  struct Choice {
    std::uint32_t dimension = 0;
    bool found = false, reached = false;
    std::vector<std::uint32_t> rivals;
  };
  struct Swap {
    std::string from, to;
    bool value = false;
  };

  // reading.cpp
  void lack(Lack kind, std::string what, double cost);
  void changed(std::string what);
  void misfit(std::string what, double cost = kMisfit);
  [[nodiscard]] std::string words_of(const Edge& edge) const;
  void finish();
  void forget_old_ranks();
  [[nodiscard]] Frame swapped(const Swap& swap) const;
  void check_kept_dimensions();
  /// Of a path or a name, what stands behind the last `__`.
  static std::string local_of(const std::string& name);

  // reading_parts.cpp
  void parts_named();
  [[nodiscard]] bool denies_a_flag(const Edge& edge) const;
  void replace(const Edge& edge);
  void drop_part(const std::string& part);
  void other_one();
  void other_values(std::size_t at, std::vector<Frame>& choices) const;
  void other_metrics(std::vector<Frame>& choices) const;

  // reading_metrics.cpp
  void metrics();
  [[nodiscard]] bool continues_the_last(const Edge& edge) const;
  void count_entity();
  [[nodiscard]] std::string counted_by(const Edge& edge) const;
  [[nodiscard]] std::string entity_meant(const Edge& edge) const;
  [[nodiscard]] static bool over_time(const contracts::Metric& metric);
  [[nodiscard]] bool said_with_and() const { return draft_.add; }
  void drop_metric_parts();
  [[nodiscard]] bool reachable(std::uint32_t dimension) const;

  // reading_dimensions.cpp
  [[nodiscard]] Choice choose(const std::vector<Alternative>& alternatives) const;
  [[nodiscard]] bool same_thing(std::uint32_t a, std::uint32_t b) const;
  void dimensions();
  void prefer_entity(const DimensionSaid& said, Choice& choice) const;
  [[nodiscard]] bool says_key(const Edge& edge) const;
  [[nodiscard]] bool has_name(const DimensionEntry& key) const;
  [[nodiscard]] bool own_rows(const DimensionEntry& entry) const;
  [[nodiscard]] bool measured(const contracts::Measure& measure) const;
  [[nodiscard]] bool uses(const contracts::Metric& metric, const std::string& measure,
                          int depth) const;
  [[nodiscard]] bool removes() const;
  [[nodiscard]] bool filtered_by(const std::string& name) const;
  [[nodiscard]] std::string_view word_before(const Edge& edge) const;
  bool limits(const DimensionSaid& said, const DimensionEntry& entry);
  bool append_number(const std::string& subject, double number);
  [[nodiscard]] bool occurs(const DimensionEntry& entry, double number) const;
  [[nodiscard]] static std::string plain_number(double value);
  void left_empty(const DimensionSaid& said, const DimensionEntry& entry);
  [[nodiscard]] bool follows_a_filter(const Edge& edge) const;

  // reading_groups.cpp
  bool groups_unsaid(const DimensionSaid& said, std::uint32_t dimension);
  void note_rivals(const Choice& choice, const std::vector<std::string>& groups);
  void put_groups(std::vector<std::string> groups);
  void axis(const DimensionEntry& entry, const DimensionSaid& said);
  [[nodiscard]] bool says_only_date(const Edge& edge) const;
  void put_axis(const DimensionEntry& entry, const DimensionSaid& said);
  [[nodiscard]] const DimensionEntry* other_date(const DimensionEntry& entry,
                                                 const Edge& edge) const;
  [[nodiscard]] bool own_axis(const contracts::Metric& metric, const DimensionEntry& entry) const;
  [[nodiscard]] bool qualifies_value(const DimensionSaid& said, std::uint32_t dimension) const;
  [[nodiscard]] bool same_model(std::uint32_t column, const DimensionEntry& entry) const;
  void drop_dimension(const std::string& name);

  // reading_values.cpp
  void values();
  [[nodiscard]] double value_fit(const Edge& edge, const Alternative& option,
                                 std::uint32_t dimension) const;
  void note_value_rivals(const Edge& edge, const Alternative& best, std::uint32_t dimension,
                         double best_fit);
  void share_of_value(const std::string& dimension, std::size_t count);
  [[nodiscard]] bool mentioned(std::uint32_t dimension) const;
  bool merged_into_last(const Filter& filter);
  bool taken_back(Filter& last, const Filter& filter);
  void add_filter(Filter filter);

  // reading_time.cpp
  void grains();
  void weekday(const Edge& edge);
  void filter_weekdays();
  void date_by_verb();
  void periods();
  void exclude_period(const Edge& edge);
  static bool place_in(const DateRange& whole, DateRange& out);
  void second_period(const DateRange& second);
  void compare_with(DateRange other);
  void relative_comparison();

  // reading_operations.cpp
  [[nodiscard]] bool is_a_rate(const std::string& name) const;
  void operations();
  [[nodiscard]] std::string part_of_something_else() const;
  [[nodiscard]] bool part_before(std::size_t at) const;
  [[nodiscard]] bool says_total(const Edge& edge) const;
  [[nodiscard]] bool shares_a_part() const;
  [[nodiscard]] bool is_flag(const Edge& edge) const;
  void thresholds(bool grouped);
  [[nodiscard]] std::string threshold_metric(const Edge& threshold) const;
  [[nodiscard]] bool compares_something() const;
  [[nodiscard]] bool compares_unlike() const;
  [[nodiscard]] bool asks_for_one() const;
  void rank(bool grouped);
  [[nodiscard]] Grain grain_for_range() const;
  void fill_gaps();
  [[nodiscard]] bool is_one_period() const;
  void growth();
  void draft_previous_comparison();

  // reading_context.cpp
  void context();
  bool explained(std::size_t token);
  [[nodiscard]] bool is_value(std::size_t token) const;
  [[nodiscard]] bool names_another(std::size_t token, std::uint32_t metric) const;
  void needed_grain();
  [[nodiscard]] std::string calculation() const;
  void interrogative();
  void counted_without_date();

  const Setting& setting_;
  const Lexicon& lexicon_;
  const Draft& draft_;
  Reading reading_;
  Frame frame_;
  std::vector<std::uint32_t> metric_ids_;
  std::vector<std::string> within_;
  std::vector<const Edge*> used_thresholds_;
  std::vector<Swap> swaps_;
  bool dropped_for_share_ = false, days_filtered_ = false, rivals_are_whole_ = false;
  bool replaced_groups_ = false;
  bool headless_ = false;  ///< a metric whose thing is not said
};

}  // namespace loquat::semantic::planner

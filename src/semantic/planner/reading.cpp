// long: one reading of one question, in the order in which evidence is weighed.
#include "semantic/planner/reading.hpp"

#include <algorithm>
#include <cmath>

namespace loquat::semantic::planner {
namespace {

constexpr double kNoMetric = 2.0;
constexpr double kUnreachable = 1.2;
constexpr double kMisfit = 1.2;  ///< a part of the grammar that finds nothing to act on
/// Two dimensions closer than this answer the same words equally well.
constexpr double kSameFit = 0.1;
constexpr double kReachFit = 0.35;

std::string local_of(const std::string& name) {
  const auto at = name.rfind("__");
  return at == std::string::npos ? name : name.substr(at + 2);
}

class DraftReader {
 public:
  DraftReader(const Setting& setting, const Draft& draft, bool as_change)
      : setting_(setting), lexicon_(setting.lexicon), draft_(draft) {
    reading_.draft = draft;
    reading_.score = draft.score;
    reading_.doubt = draft.doubt;
    reading_.follow_up = as_change;
    reading_.unknown = draft.unknown;
    if (as_change) frame_ = to_frame(lexicon_, setting.request.previous->query);
  }

  Reading run() {
    metrics();
    dimensions();
    values();
    grains();
    periods();
    operations();
    context();
    needed_grain();
    finish();
    return std::move(reading_);
  }

 private:
  void lack(Lack kind, std::string what, double cost) {
    reading_.score -= cost;
    if (reading_.lack != Lack::nothing) return;
    reading_.lack = kind;
    reading_.lacking = std::move(what);
  }
  void changed(std::string what) { reading_.changed.push_back(std::move(what)); }

  // ---------------------------------------------------------------- metrics
  void metrics() {
    std::vector<std::string> said;
    for (const Edge* edge : draft_.metrics) {
      const std::string& name = lexicon_.metrics[edge->metric].metric->name;
      said.push_back(name);
      reading_.doubt += edge->missing > 0 ? 0.08 + 0.05 * std::min(edge->missing, 3.0) : 0;
    }
    if (!draft_.metrics_joined) reading_.score -= 2.2;
    if (reading_.follow_up && !said.empty()) {
      const bool add = draft_.add || (draft_.opener && said_with_and());
      if (draft_.remove) {
        std::erase_if(frame_.metrics, [&](const std::string& name) {
          return std::find(said.begin(), said.end(), name) != said.end();
        });
      } else if (!add) {
        frame_.metrics.clear();
        drop_metric_parts();
      }
      changed("metric");
    }
    if (!draft_.remove || !reading_.follow_up)
      for (const std::string& name : said)
        if (std::find(frame_.metrics.begin(), frame_.metrics.end(), name) == frame_.metrics.end())
          frame_.metrics.push_back(name);
    const bool lists_values = draft_.inventory || draft_.which;
    if (frame_.metrics.empty() && !(lists_values && !draft_.dimensions.empty()))
      lack(Lack::metric, "", kNoMetric);
    else if (frame_.metrics.empty())
      reading_.score -= 0.5;
    for (const std::string& name : frame_.metrics) {
      const std::uint32_t id = lexicon_.metric_id(name);
      if (id < lexicon_.metrics.size()) metric_ids_.push_back(id);
    }
  }

  /// `also revenue`; a lone "and" asks for the other metric, it does not add one.
  [[nodiscard]] bool said_with_and() const { return draft_.add; }

  void drop_metric_parts() {
    frame_.having.clear();
    if (frame_.sort_descending) frame_.sort_descending.reset();
  }

  [[nodiscard]] bool reachable(std::uint32_t dimension) const {
    return std::all_of(metric_ids_.begin(), metric_ids_.end(),
                       [&](std::uint32_t id) { return lexicon_.metrics[id].reaches[dimension]; });
  }

  // ------------------------------------------------------------- dimensions
  struct Choice {
    std::uint32_t dimension = 0;
    bool found = false, reached = false;
    std::vector<std::uint32_t> rivals;
  };

  [[nodiscard]] Choice choose(const std::vector<Alternative>& alternatives) const {
    Choice choice;
    double best = -1;
    const double top = alternatives.empty() ? 0 : alternatives[0].score;
    for (const Alternative& option : alternatives) {
      const bool hidden = lexicon_.dimensions[option.target].info.personal_data &&
                          !setting_.request.may_see_personal_data;
      if (!reachable(option.target) || option.score < top - kReachFit || hidden) continue;
      if (option.score > best) best = option.score;
    }
    for (const Alternative& option : alternatives) {
      const bool hidden = lexicon_.dimensions[option.target].info.personal_data &&
                          !setting_.request.may_see_personal_data;
      if (!reachable(option.target) || option.score < best - kSameFit || best < 0 || hidden)
        continue;
      if (option.score < top - kReachFit) continue;
      if (!choice.found) {
        choice.dimension = option.target;
        choice.found = choice.reached = true;
      } else if (!same_thing(choice.dimension, option.target)) {
        choice.rivals.push_back(option.target);
      }
    }
    if (!choice.found && !alternatives.empty()) {
      choice.dimension = alternatives[0].target;
      choice.found = true;
    }
    return choice;
  }

  /// A row's name and its key, or one column over two paths, are no different answers.
  [[nodiscard]] bool same_thing(std::uint32_t a, std::uint32_t b) const {
    const DimensionEntry& left = lexicon_.dimensions[a];
    const DimensionEntry& right = lexicon_.dimensions[b];
    if (left.column == right.column) return true;
    if (left.hops < right.hops && left.info.semantic_model != right.info.semantic_model)
      return false;
    const bool keys =
        left.info.is_entity || right.info.is_entity || left.names_entity || right.names_entity;
    return keys && left.info.semantic_model == right.info.semantic_model;
  }

  void dimensions() {
    std::vector<std::string> groups, within;
    bool ranked_seen = false;
    for (const DimensionSaid& said : draft_.dimensions) {
      if (said.edge->alternatives.empty()) continue;  // a personal column; refused elsewhere
      const Choice choice = choose(said.edge->alternatives);
      const DimensionEntry& entry = lexicon_.dimensions[choice.dimension];
      if (!choice.reached) {
        reading_.unreachable.push_back(entry.info.name);
        lack(Lack::path, entry.info.label.empty() ? entry.info.name : entry.info.label,
             kUnreachable);
        continue;
      }
      if (entry.info.is_time) {
        axis(entry, said);
        continue;
      }
      if (entry.boolean && !said.split) {
        add_filter(
            {said.excluded ? Filter::Kind::is_false : Filter::Kind::is_true, entry.info.name, {}});
        continue;
      }
      if (said.excluded && reading_.follow_up && draft_.remove) {
        drop_dimension(entry.info.name);
        continue;
      }
      if (!said.split && qualifies_value(said, choice.dimension)) continue;
      if (said.excluded) {
        lack(Lack::value, entry.info.label, kMisfit);
        continue;
      }
      if (!said.split) reading_.doubt += 0.04;
      if (std::find(groups.begin(), groups.end(), entry.info.name) != groups.end()) continue;
      if (ranked_seen && said.per) within.push_back(entry.info.name);
      ranked_seen = ranked_seen || said.ranked;
      groups.push_back(entry.info.name);
      if (!choice.rivals.empty()) note_rivals(choice, groups);
    }
    within_ = std::move(within);
    put_groups(std::move(groups));
  }

  void note_rivals(const Choice& choice, const std::vector<std::string>& groups) {
    reading_.ambiguous_dimension = true;
    for (const std::uint32_t rival : choice.rivals) {
      Frame other = frame_;
      other.groups = groups;
      other.groups.back() = lexicon_.dimensions[rival].info.name;
      reading_.rivals.push_back(std::move(other));
    }
  }

  void put_groups(std::vector<std::string> groups) {
    if (groups.empty()) return;
    if (reading_.follow_up) {
      changed("grouping");
      if (!draft_.add) {
        frame_.groups.clear();
        if (draft_.grains.empty() && frame_.grain && !draft_.rank) frame_.grain.reset();
        frame_.date_part.clear();
      }
    }
    for (std::string& name : groups)
      if (std::find(frame_.groups.begin(), frame_.groups.end(), name) == frame_.groups.end())
        frame_.groups.push_back(std::move(name));
  }

  /// `orders by delivery date`, `delivered in June`: another date than the metric's own.
  void axis(const DimensionEntry& entry, const DimensionSaid& said) {
    for (const std::uint32_t id : metric_ids_)
      if (own_axis(*lexicon_.metrics[id].metric, entry)) return;
    const bool time_said = !draft_.times.empty() || !draft_.grains.empty();
    if (!said.split && !time_said && !reading_.follow_up) {
      reading_.score -= kMisfit;
      return;
    }
    frame_.axis = entry.info.name;
    if (said.split && draft_.grains.empty() && !frame_.grain) frame_.grain = Grain::day;
    reading_.doubt += 0.05;
    changed("date");
  }

  [[nodiscard]] bool own_axis(const contracts::Metric& metric, const DimensionEntry& entry) const {
    if (!metric.measure) return false;
    for (const auto& model : lexicon_.index().project().semantic_models)
      for (const auto& measure : model.measures)
        if (measure.name == metric.measure->measure)
          return measure.agg_time_dimension == local_of(entry.info.name) &&
                 entry.info.semantic_model == model.name;
    return false;
  }

  /// `the HARVEST10 promotion`, `depot Elm Hill`, `organic products`: the noun of a value.
  [[nodiscard]] bool qualifies_value(const DimensionSaid& said, std::uint32_t dimension) const {
    const DimensionEntry& entry = lexicon_.dimensions[dimension];
    for (const ValueSaid& value : draft_.values)
      for (const Alternative& option : value.edge->alternatives)
        if (option.column == entry.column || same_model(option.column, entry)) return true;
    for (const DimensionSaid& other : draft_.dimensions) {
      if (other.edge == said.edge || other.split || other.edge->alternatives.empty()) continue;
      const Choice choice = choose(other.edge->alternatives);
      const DimensionEntry& flag = lexicon_.dimensions[choice.dimension];
      const bool beside = other.edge->end <= said.edge->begin
                              ? said.edge->begin - other.edge->end <= 2
                              : other.edge->begin - said.edge->end <= 3;
      if (flag.boolean && beside && same_model(flag.column, entry)) return true;
    }
    return false;
  }

  [[nodiscard]] bool same_model(std::uint32_t column, const DimensionEntry& entry) const {
    if (!entry.info.is_entity && !entry.names_entity) return false;
    const std::string of_entity = local_of(entry.info.name) + "__";
    return std::any_of(
        lexicon_.dimensions.begin(), lexicon_.dimensions.end(), [&](const DimensionEntry& other) {
          if (other.column != column) return false;
          return entry.info.is_entity
                     ? other.info.name.starts_with(of_entity) ||
                           other.info.name.find("__" + of_entity) != std::string::npos
                     : other.info.semantic_model == entry.info.semantic_model;
        });
  }

  void drop_dimension(const std::string& name) {
    std::erase(frame_.groups, name);
    std::erase_if(frame_.filters, [&](const Filter& filter) { return filter.dimension == name; });
    changed("grouping");
  }

  // ----------------------------------------------------------------- values
  void values() {
    struct Found {
      std::string dimension;
      std::vector<std::string> texts;
      bool excluded = false;
    };
    std::vector<Found> found;
    for (const ValueSaid& said : draft_.values) {
      const Alternative* best = nullptr;
      std::uint32_t dimension = 0;
      double best_fit = -1e9;
      for (const Alternative& option : said.edge->alternatives)
        for (std::uint32_t id = 0; id < lexicon_.dimensions.size(); ++id) {
          const DimensionEntry& entry = lexicon_.dimensions[id];
          if (entry.column != option.column || !reachable(id)) continue;
          double fit = option.score - 0.2 * static_cast<double>(entry.hops);
          if (mentioned(id)) fit += 1;
          if (fit > best_fit + 1e-9) {
            best_fit = fit;
            best = &option;
            dimension = id;
          }
        }
      if (best == nullptr) {
        lack(Lack::path, lexicon_.values[said.edge->alternatives[0].target].text, kUnreachable);
        continue;
      }
      const std::string& name = lexicon_.dimensions[dimension].info.name;
      const std::string& text = lexicon_.values[best->target].text;
      auto same = std::find_if(found.begin(), found.end(), [&](const Found& item) {
        return item.dimension == name && item.excluded == said.excluded;
      });
      if (same == found.end()) {
        found.push_back({name, {}, said.excluded});
        same = found.end() - 1;
      }
      if (std::find(same->texts.begin(), same->texts.end(), text) == same->texts.end())
        same->texts.push_back(text);
    }
    for (Found& item : found) {
      const bool side_by_side =
          item.texts.size() > 1 && !item.excluded && (draft_.compare || draft_.each);
      if (side_by_side) {
        reading_.score += 0.4;
        if (std::find(frame_.groups.begin(), frame_.groups.end(), item.dimension) ==
            frame_.groups.end())
          frame_.groups.push_back(item.dimension);
      }
      share_of_value(item.dimension, item.texts.size());
      if (dropped_for_share_) continue;
      add_filter({item.excluded ? Filter::Kind::not_in : Filter::Kind::is_in, item.dimension,
                  std::move(item.texts)});
    }
  }

  /// "What share of revenue is organic": the part needs the whole beside it.
  void share_of_value(const std::string& dimension, std::size_t count) {
    dropped_for_share_ = false;
    if (!draft_.share || reading_.follow_up || !frame_.groups.empty() || count == 0) return;
    if (!draft_.grains.empty()) return;
    frame_.groups.push_back(dimension);
    dropped_for_share_ = true;
  }

  [[nodiscard]] bool mentioned(std::uint32_t dimension) const {
    const std::uint32_t column = lexicon_.dimensions[dimension].column;
    for (const DimensionSaid& said : draft_.dimensions)
      for (const Alternative& option : said.edge->alternatives)
        if (option.target == dimension || lexicon_.dimensions[option.target].column == column)
          return true;
    return false;
  }

  void add_filter(Filter filter) {
    if (reading_.follow_up) {
      changed("filter");
      std::erase_if(frame_.filters,
                    [&](const Filter& other) { return other.dimension == filter.dimension; });
    }
    frame_.filters.push_back(std::move(filter));
  }

  // ------------------------------------------------------------------- time
  void grains() {
    const Edge* chosen = nullptr;
    for (const Edge* edge : draft_.grains) {
      if (edge->weak && draft_.grains.size() > 1) continue;
      chosen = edge;
    }
    if (chosen == nullptr && !draft_.grains.empty()) chosen = draft_.grains.front();
    if (chosen != nullptr) {
      if (chosen->weak && !draft_.which && !reading_.follow_up) reading_.score -= 0.3;
      frame_.grain = chosen->grain;
      if (reading_.follow_up) {
        changed("grain");
        frame_.date_part.clear();
        frame_.rank.reset();
      }
    }
    for (const Edge* edge : draft_.parts) weekday(*edge);
  }

  void weekday(const Edge& edge) {
    if (!edge.weekday || draft_.compare || draft_.each) {
      frame_.date_part = edge.part;
      if (reading_.follow_up) frame_.grain.reset();
      return;
    }
    std::string days = std::to_string(*edge.weekday);
    for (const Edge* other : draft_.parts)
      if (other != &edge && other->weekday) days += ", " + std::to_string(*other->weekday);
    const std::string subject = "{{ TimeDimension('" + frame_.axis + "', 'day') }}";
    Filter filter{
        Filter::Kind::raw, "", {"EXTRACT(isodow FROM " + subject + ") IN (" + days + ")"}};
    if (frame_.filters.empty() || frame_.filters.back().values != filter.values) {
      for (const Edge* other : draft_.parts)
        if (other == &edge)
          break;
        else if (other->weekday)
          return;
      frame_.filters.push_back(std::move(filter));
    }
  }

  void periods() {
    std::vector<DateRange> ranges;
    for (const Edge* edge : draft_.times)
      if (std::find(ranges.begin(), ranges.end(), edge->range) == ranges.end())
        ranges.push_back(edge->range);
    if (!ranges.empty()) {
      if (reading_.follow_up) changed("period");
      const bool against_previous =
          draft_.compare && reading_.follow_up && ranges.size() == 1 && frame_.range.start;
      if (against_previous) {
        compare_with(ranges[0]);
      } else {
        frame_.comparison.reset();
        frame_.range = ranges[0];
        if (ranges.size() == 2) second_period(ranges[1]);
        if (ranges.size() > 2) reading_.score -= kMisfit;
      }
    } else if (draft_.everything && reading_.follow_up) {
      frame_.range = {};
      changed("period");
    }
    if (draft_.previous_period || draft_.last_year) relative_comparison();
    if (!frame_.range.start && frame_.range.end && setting_.request.data_start &&
        *setting_.request.data_start <= *frame_.range.end)
      frame_.range.start = setting_.request.data_start;
  }

  void second_period(const DateRange& second) {
    if (draft_.compare) {
      compare_with(second);
      return;
    }
    DateRange& first = frame_.range;
    if (!first.start || !first.end || !second.start || !second.end) {
      reading_.score -= kMisfit;
    } else if (*first.start <= *second.start && *second.end <= *first.end) {
      first = second;
    } else if (*second.start <= *first.start && *first.end <= *second.end) {
      return;
    } else if (language::days_between(*first.end, *second.start) == 1) {
      first.end = second.end;
    } else {
      reading_.score -= kMisfit;
    }
  }

  void compare_with(const DateRange& other) {
    if (!other.start || !other.end || !frame_.range.start || !frame_.range.end) {
      reading_.score -= kMisfit;
      return;
    }
    const bool year_apart = language::add_months(*frame_.range.start, -12) == *other.start &&
                            language::add_months(*frame_.range.end, -12) == *other.end;
    frame_.comparison =
        MetricQuery::Comparison{year_apart ? MetricQuery::Comparison::To::same_period_last_year
                                           : MetricQuery::Comparison::To::previous_period,
                                *other.start, *other.end};
  }

  void relative_comparison() {
    if (!frame_.range.start || !frame_.range.end) {
      lack(Lack::period, "", kMisfit);
      return;
    }
    const Date start = *frame_.range.start, end = *frame_.range.end;
    using To = MetricQuery::Comparison::To;
    if (draft_.last_year) {
      frame_.comparison =
          MetricQuery::Comparison{To::same_period_last_year, language::add_months(start, -12),
                                  language::add_months(end, -12)};
      return;
    }
    for (const Grain grain : {Grain::year, Grain::quarter, Grain::month}) {
      if (language::period_start(start, grain, setting_.calendar) != start) continue;
      const Date last = language::add_days(language::shift(start, grain, 1), -1);
      if (end > last) continue;
      const Date from = language::shift(start, grain, -1);
      const Date to = end == last ? language::add_days(start, -1) : language::shift(end, grain, -1);
      const bool to_date = end == last || end == setting_.calendar.today;
      if (!to_date) continue;
      frame_.comparison = MetricQuery::Comparison{To::previous_period, from, to};
      return;
    }
    const int length = language::days_between(start, end) + 1;
    frame_.comparison = MetricQuery::Comparison{
        To::previous_period, language::add_days(start, -length), language::add_days(start, -1)};
  }

  // ------------------------------------------------------------- operations
  void operations() {
    const bool grouped = !frame_.groups.empty() || frame_.grain || !frame_.date_part.empty();
    if (draft_.rank != nullptr) rank(grouped);
    if (draft_.sort != nullptr) {
      frame_.sort_descending = draft_.sort->descending;
      if (reading_.follow_up) changed("order");
    }
    if (draft_.share) {
      frame_.share = true;
      if (!grouped) reading_.score -= kMisfit;
      if (reading_.follow_up) changed("share");
    }
    if (draft_.running_total) {
      frame_.running_total = true;
      if (!frame_.grain) frame_.grain = grain_for_range();
      if (reading_.follow_up) changed("running total");
    }
    if (draft_.over_time && !frame_.grain) {
      frame_.grain = grain_for_range();
      if (reading_.follow_up) changed("grain");
    }
    if (draft_.fill_gaps) fill_gaps();
    if (draft_.growth) growth();
    for (const Edge* edge : draft_.thresholds) {
      if (frame_.metrics.empty()) continue;
      frame_.having.push_back({frame_.metrics[0], edge->sign, edge->number});
      if (!grouped) reading_.score -= kMisfit;
      if (reading_.follow_up) changed("threshold");
    }
    if (draft_.inventory && !frame_.metrics.empty() && !reading_.follow_up) reading_.score -= 0.1;
  }

  void rank(bool grouped) {
    if (!grouped) {
      reading_.score -= kMisfit;
      return;
    }
    Rank rank;
    rank.descending = draft_.rank->descending;
    rank.count = static_cast<std::int64_t>(draft_.rank->number);
    if (rank.count == 0) {
      const bool about_time = frame_.groups.empty() && !draft_.grains.empty();
      rank.count = draft_.singular_rank || about_time ? 1 : 10;
    }
    if (reading_.follow_up && frame_.rank && draft_.rank->number == 0)
      rank.count = frame_.rank->count;
    rank.within = within_;
    if (rank.within.empty() && draft_.last_split_grain != nullptr && !frame_.groups.empty())
      rank.within = {time_column(frame_)};
    frame_.rank = rank;
    if (reading_.follow_up) changed("ranking");
    for (const std::string& name : frame_.groups) {
      const bool known =
          std::any_of(frame_.filters.begin(), frame_.filters.end(),
                      [&](const Filter& filter) { return filter.dimension == name; });
      // Nobody's rows are no competitor in a ranking.
      const bool asked =
          std::find(rank.within.begin(), rank.within.end(), name) == rank.within.end();
      if (!known && asked) frame_.filters.push_back({Filter::Kind::not_null, name, {}});
    }
  }

  [[nodiscard]] Grain grain_for_range() const {
    if (const auto learnt = enum_from<Grain>(setting_.request.preferred_grain)) return *learnt;
    if (!frame_.range.start || !frame_.range.end) return Grain::month;
    const int days = language::days_between(*frame_.range.start, *frame_.range.end) + 1;
    if (days <= 45) return Grain::day;
    return days <= 120 ? Grain::week : Grain::month;
  }

  /// A metric of the model that is the same but fills gaps is the governed way to do it.
  void fill_gaps() {
    if (!frame_.grain) frame_.grain = Grain::day;
    for (std::string& name : frame_.metrics) {
      const MetricEntry* entry = lexicon_.metric(name);
      if (entry == nullptr || !entry->metric->measure) continue;
      if (entry->metric->measure->join_to_timespine) return;
      for (const MetricEntry& other : lexicon_.metrics) {
        const contracts::Metric& metric = *other.metric;
        const bool same = metric.type == entry->metric->type && metric.measure &&
                          metric.measure->measure == entry->metric->measure->measure &&
                          metric.filters == entry->metric->filters &&
                          metric.measure->filters == entry->metric->measure->filters;
        if (!same || !metric.measure->join_to_timespine) continue;
        name = metric.name;
        return;
      }
    }
    frame_.fill_gaps = true;
  }

  /// Growth is a comparison where a period is known; else a metric has to say it.
  void growth() {
    if (frame_.metrics.empty()) return;
    if (frame_.comparison) return;
    if (!frame_.range.start || !frame_.range.end) {
      lack(Lack::period, "growth", kMisfit);
      return;
    }
    draft_previous_comparison();
  }
  void draft_previous_comparison() {
    relative_comparison();
    reading_.score -= 0.3;
    reading_.doubt += 0.1;
  }

  // ---------------------------------------------------------------- context
  /// Words that no name has may still be what a description says of the metric.
  void context() {
    std::vector<std::size_t> left;
    for (const std::size_t token : reading_.unknown) {
      if (explained(token)) {
        reading_.by_context.push_back(token);
        reading_.doubt += 0.12;
      } else {
        left.push_back(token);
      }
    }
    reading_.unknown = std::move(left);
  }

  bool explained(std::size_t token) {
    for (const Edge* edge : draft_.metrics) {
      const MetricEntry& entry = lexicon_.metrics[edge->metric];
      const bool beside = token == edge->end || token + 1 == edge->begin;
      for (const Hit& hit : lexicon_.hits(setting_.tokens[token])) {
        if (hit.likeness < 0.8) continue;
        const auto in = [&](const std::vector<std::uint32_t>& list) {
          return std::find(list.begin(), list.end(), hit.word) != list.end();
        };
        if (in(entry.context)) {
          reading_.score += kUnknownCost + 0.2;
          return true;
        }
        if (beside && edge->missing > 0 && !edge->head_said && (in(entry.around))) {
          reading_.score += kUnknownCost + 0.35;
          return true;
        }
      }
    }
    return false;
  }

  void needed_grain() {
    if (frame_.grain || frame_.metrics.empty()) return;
    for (const std::uint32_t id : metric_ids_)
      if (const auto grain = grain_needed(lexicon_, *lexicon_.metrics[id].metric)) {
        frame_.grain = grain;
        return;
      }
  }

  // ----------------------------------------------------------------- finish
  void finish() {
    if (reading_.follow_up) {
      const bool nothing = reading_.changed.empty();
      if (nothing) lack(Lack::detail, "", kNoMetric);
      check_kept_dimensions();
    }
    reading_.frame = frame_;
    reading_.query = to_query(lexicon_, frame_);
    for (Frame& rival : reading_.rivals) {
      Frame whole = frame_;
      whole.groups = rival.groups;
      rival = std::move(whole);
    }
    reading_.time_phrase = language::say(frame_.range);
  }

  /// After the metric changed, what was kept must still be reachable.
  void check_kept_dimensions() {
    const auto check = [&](const std::string& name) {
      const DimensionEntry* entry = lexicon_.dimension(name);
      if (entry == nullptr) return;
      const auto id = static_cast<std::uint32_t>(entry - lexicon_.dimensions.data());
      if (reachable(id)) return;
      reading_.unreachable.push_back(name);
      lack(Lack::path, entry->info.label.empty() ? name : entry->info.label, kUnreachable);
    };
    for (const std::string& name : frame_.groups) check(name);
    for (const Filter& filter : frame_.filters) check(filter.dimension);
  }

  const Setting& setting_;
  const Lexicon& lexicon_;
  const Draft& draft_;
  Reading reading_;
  Frame frame_;
  std::vector<std::uint32_t> metric_ids_;
  std::vector<std::string> within_;
  bool dropped_for_share_ = false;
};

}  // namespace

Reading read_draft(const Setting& setting, const Draft& draft, bool as_change) {
  return DraftReader(setting, draft, as_change).run();
}

}  // namespace loquat::semantic::planner

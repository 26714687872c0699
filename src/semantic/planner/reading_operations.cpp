#include <algorithm>

#include "semantic/language/calendar.hpp"
#include "semantic/planner/draft_reader.hpp"

/// Ranks, thresholds, shares, growth and other calculations.
namespace loquat::semantic::planner {
namespace {

/// `only reefer containers` limits what was asked; it hardly asks for something else.
constexpr double kOnlyMetric = 0.8;

}  // namespace

bool DraftReader::is_a_rate(const std::string& name) const {
  const MetricEntry* entry = lexicon_.metric(name);
  if (entry == nullptr) return false;
  const contracts::Metric& metric = *entry->metric;
  if (metric.type == contracts::MetricType::ratio) return true;
  return metric.conversion &&
         metric.conversion->calculation == contracts::ConversionCalculation::conversion_rate;
}

void DraftReader::operations() {
  const bool grouped = !frame_.groups.empty() || frame_.grain || !frame_.date_part.empty();
  if (draft_.rank != nullptr) rank(grouped);
  if (draft_.sort != nullptr) {
    frame_.sort_descending = draft_.sort->descending;
    if (reading_.follow_up) changed("order");
  }
  if (reading_.follow_up && draft_.only && !draft_.metrics.empty()) reading_.score -= kOnlyMetric;
  // A rate is a share itself: `share of appointments kept`.
  const bool is_rate = !frame_.metrics.empty() &&
                       std::all_of(frame_.metrics.begin(), frame_.metrics.end(),
                                   [this](const std::string& name) { return is_a_rate(name); });
  if (draft_.share && !is_rate) {
    frame_.share = true;
    if (!grouped) misfit("a share without a split");
    if (shares_a_part()) misfit("the share: of all rows, or of those that are filtered");
    if (const std::string other = part_of_something_else(); !other.empty()) misfit(other);
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
  thresholds(grouped);
  if (draft_.compare && (!compares_something() || compares_unlike())) misfit("the comparison");
  if (draft_.inventory && !frame_.metrics.empty() && !reading_.follow_up) reading_.score -= 0.1;
  // A list of values has no figures to rank, share or place in time.
  const bool figures = draft_.share || draft_.rank != nullptr || draft_.growth ||
                       !draft_.times.empty() || !draft_.grains.empty() || draft_.running_total;
  if (frame_.metrics.empty() && figures) lack(Lack::metric, "", kNoMetric);
}

/// `no-shows as a percentage of appointments`, `the organic share by month`: shares of another
/// whole than the metric's own total. A metric of the model may say them; a total does not.
std::string DraftReader::part_of_something_else() const {
  if (reading_.follow_up) return "";
  const auto& path = draft_.path;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i]->kind != EdgeKind::operation || path[i]->op != Op::share) continue;
    const bool filter_before =
        i > 0 && (path[i - 1]->kind == EdgeKind::value || is_flag(*path[i - 1]));
    const bool split = !frame_.groups.empty() || frame_.grain;
    if (filter_before && split && !dropped_for_share_) return words_of(*path[i]);
    const bool metric_before =
        std::any_of(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(i),
                    [](const Edge* edge) { return edge->kind == EdgeKind::metric; });
    // Landed flights percentage by route: of the landed ones or of all?
    const bool metric_right_before = part_before(i);
    const std::size_t end = path[i]->end;
    const bool of = setting_.tokens[end - 1].text == "of" ||
                    (end < setting_.tokens.size() && setting_.tokens[end].text == "of");
    if (metric_right_before && split && !says_total(*path[i])) return words_of(*path[i]);
    if (!metric_before || !of) continue;
    for (std::size_t k = i + 1; k < path.size(); ++k) {
      if (path[k]->kind == EdgeKind::filler) continue;
      return words_of(*path[k]);
    }
  }
  return "";
}

/// Before `at` stand a name and, before that, what its rows are limited to.
bool DraftReader::part_before(std::size_t at) const {
  const auto& path = draft_.path;
  const auto back = [&]() -> const Edge* {
    while (at > 0 && path[at - 1]->kind == EdgeKind::filler) --at;
    return at == 0 ? nullptr : path[--at];
  };
  const Edge* name = back();
  const bool named = name != nullptr && !is_flag(*name) &&
                     (name->kind == EdgeKind::metric || name->kind == EdgeKind::dimension);
  const Edge* part = named ? back() : nullptr;
  return part != nullptr && (part->kind == EdgeKind::value || is_flag(*part));
}

bool DraftReader::says_total(const Edge& edge) const {
  for (std::size_t i = edge.begin; i < edge.end; ++i)
    if (setting_.tokens[i].stem == "total" || setting_.tokens[i].stem == "all" ||
        setting_.tokens[i].stem == "whole")
      return true;
  return false;
}

/// `share of overdue invoices by account type`: of all invoices there, or of all overdue ones?
bool DraftReader::shares_a_part() const {
  if (reading_.follow_up || dropped_for_share_) return false;
  if (frame_.groups.empty() && !frame_.grain) return false;
  bool share = false, part = false;
  for (const Edge* edge : draft_.path) {
    if (edge->kind == EdgeKind::operation && edge->op == Op::share)
      share = setting_.tokens[edge->end - 1].text == "of" ||
              (edge->end < setting_.tokens.size() && setting_.tokens[edge->end].text == "of");
    else if (edge->kind == EdgeKind::metric)
      return share && part;
    else if (edge->kind == EdgeKind::value || is_flag(*edge))
      part = part || share;
  }
  return false;
}

bool DraftReader::is_flag(const Edge& edge) const {
  return edge.kind == EdgeKind::dimension && !edge.alternatives.empty() &&
         lexicon_.dimensions[edge.alternatives[0].target].boolean;
}

void DraftReader::thresholds(bool grouped) {
  for (const ThresholdSaid& said : draft_.thresholds) {
    const Edge& edge = *said.edge;
    if (std::find(used_thresholds_.begin(), used_thresholds_.end(), &edge) !=
        used_thresholds_.end())
      continue;
    if (frame_.metrics.empty() || !grouped || edge.sign == "=") {
      misfit(words_of(edge));
      continue;
    }
    if (reading_.follow_up) {
      frame_.having.clear();
      changed("threshold");
    }
    frame_.having.push_back({threshold_metric(edge), edge.sign, edge.number});
    if (edge.number_to) frame_.having.push_back({threshold_metric(edge), "<=", *edge.number_to});
  }
}

/// The metric that stands right after the number, or before the sign: more than 100 orders.
std::string DraftReader::threshold_metric(const Edge& threshold) const {
  for (const Edge* metric : draft_.metrics)
    if (metric->begin >= threshold.end && metric->begin - threshold.end <= 1)
      return lexicon_.metrics[metric->metric].metric->name;
  const Edge* nearest = nullptr;
  for (const Edge* metric : draft_.metrics)
    if (metric->end <= threshold.begin && (nearest == nullptr || metric->begin > nearest->begin))
      nearest = metric;
  if (nearest != nullptr) return lexicon_.metrics[nearest->metric].metric->name;
  return frame_.metrics[0];
}

/// Something stands side by side: periods, values, groups or metrics.
bool DraftReader::compares_something() const {
  return frame_.comparison || !frame_.groups.empty() || frame_.grain || !frame_.date_part.empty() ||
         frame_.metrics.size() > 1;
}

/// `compare hotel and restaurant revenue`: a name beside a value is no two of a kind.
bool DraftReader::compares_unlike() const {
  if (reading_.follow_up || draft_.values.size() != 1 || draft_.metrics.size() > 1) return false;
  if (draft_.times.size() > 1 || frame_.comparison || frame_.grain) return false;
  return std::none_of(draft_.dimensions.begin(), draft_.dimensions.end(),
                      [](const DimensionSaid& said) { return said.split; });
}

/// `which one is the highest?`
bool DraftReader::asks_for_one() const {
  for (std::size_t i = 0; i + 1 < setting_.tokens.size(); ++i) {
    const std::string& text = setting_.tokens[i].text;
    if ((text == "which" || text == "what") && setting_.tokens[i + 1].text == "one") return true;
  }
  return false;
}

void DraftReader::rank(bool grouped) {
  if (!grouped) {
    misfit(words_of(*draft_.rank));
    return;
  }
  Rank rank;
  rank.descending = draft_.rank->descending;
  rank.count = static_cast<std::int64_t>(draft_.rank->number);
  if (rank.count == 0) {
    const bool about_time =
        frame_.groups.empty() && (!draft_.grains.empty() || !draft_.parts.empty());
    rank.count = draft_.singular_rank || about_time || asks_for_one() ? 1 : 10;
  }
  if (reading_.follow_up && frame_.rank && draft_.rank->number == 0 && !asks_for_one())
    rank.count = frame_.rank->count;
  rank.within = within_;
  if (rank.within.empty() && draft_.last_split_grain != nullptr && !frame_.groups.empty())
    rank.within = {time_column(frame_)};
  frame_.rank = rank;
  if (reading_.follow_up) changed("ranking");
  for (const std::string& name : frame_.groups) {
    const bool known = std::any_of(frame_.filters.begin(), frame_.filters.end(),
                                   [&](const Filter& filter) { return filter.dimension == name; });
    // Nobody's rows are no competitor in a ranking.
    const bool asked = std::find(rank.within.begin(), rank.within.end(), name) == rank.within.end();
    if (!known && asked) frame_.filters.push_back({Filter::Kind::not_null, name, {}});
  }
}

Grain DraftReader::grain_for_range() const {
  if (const auto learnt = enum_from<Grain>(setting_.request.preferred_grain)) return *learnt;
  if (!frame_.range.start || !frame_.range.end) return Grain::month;
  const int days = language::days_between(*frame_.range.start, *frame_.range.end) + 1;
  if (days <= 45) return Grain::day;
  return days <= 120 ? Grain::week : Grain::month;
}

/// A metric of the model that is the same but fills gaps is the governed way to do it.
void DraftReader::fill_gaps() {
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

/// One whole month, quarter or year, or one that is under way.
bool DraftReader::is_one_period() const {
  for (const Grain grain : {Grain::day, Grain::week, Grain::month, Grain::quarter, Grain::year}) {
    const Date start = *frame_.range.start;
    if (language::period_start(start, grain, setting_.calendar) != start) continue;
    const Date last = language::add_days(language::shift(start, grain, 1), -1);
    if (*frame_.range.end == last || *frame_.range.end == setting_.calendar.today) return true;
  }
  return false;
}

/// Growth is a comparison where a period is known; else a metric has to say it.
void DraftReader::growth() {
  if (frame_.metrics.empty()) return;
  if (frame_.comparison) return;
  // How did it change from January to February: not that whole time against the one before.
  const bool from_to = std::any_of(draft_.times.begin(), draft_.times.end(), [&](const Edge* edge) {
    for (std::size_t i = edge->begin; i < edge->end; ++i)
      if (setting_.tokens[i].text == "to" || setting_.tokens[i].text == "and") return true;
    return false;
  });
  if (frame_.range.start && frame_.range.end && !frame_.grain && (from_to || !is_one_period()))
    return misfit("a change over several periods");
  if (!frame_.range.start || !frame_.range.end) {
    lack(Lack::period, "growth", kMisfit);
    return;
  }
  draft_previous_comparison();
}

void DraftReader::draft_previous_comparison() {
  relative_comparison();
  reading_.score -= 0.3;
  reading_.doubt += 0.1;
}

}  // namespace loquat::semantic::planner

#include <algorithm>

#include "semantic/planner/draft_reader.hpp"

/// Filters by values.
namespace loquat::semantic::planner {
namespace {

/// A value that stands in two columns closer than this is asked about.
constexpr double kSameValueFit = 0.25;
constexpr double kDirection = 0.5;

}  // namespace

void DraftReader::values() {
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
        const double fit = value_fit(*said.edge, option, id);
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
    note_value_rivals(*said.edge, *best, dimension, best_fit);
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

double DraftReader::value_fit(const Edge& edge, const Alternative& option,
                              std::uint32_t dimension) const {
  const DimensionEntry& entry = lexicon_.dimensions[dimension];
  double fit = option.score - 0.2 * static_cast<double>(entry.hops);
  if (mentioned(dimension)) fit += 1;
  const std::string_view before = word_before(edge);
  const bool from = before == "from", to = before == "to" || before == "into";
  if (from || to) {
    if (entry.direction == Direction::origin) fit += from ? kDirection : -kDirection;
    if (entry.direction == Direction::destination) fit += to ? kDirection : -kDirection;
  }
  return fit;
}

/// The same text in two columns that are as near: nobody can tell which was meant.
void DraftReader::note_value_rivals(const Edge& edge, const Alternative& best,
                                    std::uint32_t dimension, double best_fit) {
  const DimensionEntry& chosen = lexicon_.dimensions[dimension];
  std::vector<std::uint32_t> rivals;
  for (const Alternative& option : edge.alternatives)
    for (std::uint32_t id = 0; id < lexicon_.dimensions.size(); ++id) {
      const DimensionEntry& entry = lexicon_.dimensions[id];
      if (entry.column != option.column || id == dimension || !reachable(id)) continue;
      if (option.target != best.target) continue;
      const double gap = best_fit - value_fit(edge, option, id);
      const bool same_kind = entry.concept_word != 0 && entry.concept_word == chosen.concept_word;
      if (gap > (same_kind ? 0.3 : kSameValueFit) || entry.path == chosen.path) {
        const bool beside = entry.path == chosen.path && entry.column != chosen.column;
        if (!beside || gap > kSameValueFit) continue;
      }
      if (entry.column == chosen.column && entry.hops != chosen.hops) continue;
      if (std::find(rivals.begin(), rivals.end(), id) == rivals.end()) rivals.push_back(id);
    }
  if (rivals.empty()) return;
  if (reading_.follow_up && filtered_by(chosen.info.name)) return;
  reading_.ambiguous_dimension = true;
  for (const std::uint32_t rival : rivals)
    swaps_.push_back({chosen.info.name, lexicon_.dimensions[rival].info.name, true});
}

/// "What share of revenue is organic": the part needs the whole beside it.
void DraftReader::share_of_value(const std::string& dimension, std::size_t count) {
  dropped_for_share_ = false;
  if (!draft_.share || reading_.follow_up || !frame_.groups.empty() || count == 0) return;
  if (!draft_.grains.empty()) return;
  frame_.groups.push_back(dimension);
  dropped_for_share_ = true;
}

bool DraftReader::mentioned(std::uint32_t dimension) const {
  const std::uint32_t column = lexicon_.dimensions[dimension].column;
  for (const DimensionSaid& said : draft_.dimensions)
    for (const Alternative& option : said.edge->alternatives)
      if (option.target == dimension || lexicon_.dimensions[option.target].column == column)
        return true;
  return false;
}

/// `add Northgate`, `not Northgate`: one value more or less of the list that is there.
bool DraftReader::merged_into_last(const Filter& filter) {
  for (Filter& last : frame_.filters) {
    if (last.dimension != filter.dimension) continue;
    if (last.kind == Filter::Kind::not_in && filter.kind == Filter::Kind::is_in && draft_.add)
      return taken_back(last, filter);
    if (last.kind != Filter::Kind::is_in) continue;
    if (filter.kind == Filter::Kind::is_in && draft_.add) {
      for (const std::string& value : filter.values)
        if (std::find(last.values.begin(), last.values.end(), value) == last.values.end())
          last.values.push_back(value);
      return true;
    }
    if (filter.kind != Filter::Kind::not_in) continue;
    std::vector<std::string> left;
    for (const std::string& value : last.values)
      if (std::find(filter.values.begin(), filter.values.end(), value) == filter.values.end())
        left.push_back(value);
    if (left.size() == last.values.size()) continue;
    if (left.empty()) {
      if (!removes()) continue;
      std::erase_if(frame_.filters, [&](const Filter& other) {
        return other.dimension == filter.dimension && other.kind == Filter::Kind::is_in;
      });
      return true;
    }
    last.values = std::move(left);
    return true;
  }
  return false;
}

/// `include Expedia again`: what was left out comes back.
bool DraftReader::taken_back(Filter& last, const Filter& filter) {
  const std::size_t before = last.values.size();
  std::erase_if(last.values, [&](const std::string& value) {
    return std::find(filter.values.begin(), filter.values.end(), value) != filter.values.end();
  });
  if (last.values.size() == before) return false;
  const std::string dimension = last.dimension;
  if (last.values.empty())
    std::erase_if(frame_.filters, [&](const Filter& other) {
      return other.dimension == dimension && other.kind == Filter::Kind::not_in;
    });
  return true;
}

void DraftReader::add_filter(Filter filter) {
  if (reading_.follow_up) {
    changed("filter");
    if (merged_into_last(filter)) return;
    // Nothing was left out that could come back, and a filter would leave more out.
    if (draft_.include && filter.kind == Filter::Kind::is_in)
      return misfit(filter.values.empty() ? filter.dimension : "\"" + filter.values[0] + "\"");
    std::erase_if(frame_.filters,
                  [&](const Filter& other) { return other.dimension == filter.dimension; });
  }
  frame_.filters.push_back(std::move(filter));
}

}  // namespace loquat::semantic::planner

#include <algorithm>

#include "semantic/language/calendar.hpp"
#include "semantic/planner/draft_reader.hpp"

/// What holds for all of them, and the end.
namespace loquat::semantic::planner {

std::string DraftReader::local_of(const std::string& name) {
  const auto at = name.rfind("__");
  return at == std::string::npos ? name : name.substr(at + 2);
}

DraftReader::DraftReader(const Setting& setting, const Draft& draft, bool as_change)
    : setting_(setting), lexicon_(setting.lexicon), draft_(draft) {
  reading_.draft = draft;
  reading_.score = draft.score;
  reading_.doubt = draft.doubt;
  reading_.follow_up = as_change;
  reading_.unknown = draft.unknown;
  if (as_change) frame_ = to_frame(lexicon_, setting.request.previous->query);
}

Reading DraftReader::run() {
  parts_named();
  metrics();
  dimensions();
  values();
  grains();
  periods();
  operations();
  context();
  needed_grain();
  interrogative();
  counted_without_date();
  finish();
  return std::move(reading_);
}

void DraftReader::lack(Lack kind, std::string what, double cost) {
  reading_.score -= cost;
  if (reading_.lack != Lack::nothing) return;
  reading_.lack = kind;
  reading_.lacking = std::move(what);
}

void DraftReader::changed(std::string what) {
  auto& list = reading_.changed;
  if (std::find(list.begin(), list.end(), what) == list.end()) list.push_back(std::move(what));
}

/// A part of the question that finds nothing to act on: never dropped without a word.
void DraftReader::misfit(std::string what, double cost) {
  lack(Lack::misfit, std::move(what), cost);
}

std::string DraftReader::words_of(const Edge& edge) const {
  std::string text;
  for (std::size_t i = edge.begin; i < edge.end; ++i)
    text += (text.empty() ? "" : " ") + setting_.tokens[i].shown;
  return "\"" + text + "\"";
}

void DraftReader::finish() {
  if (headless_) reading_.doubt += 0.4;
  if (reading_.follow_up) {
    const bool nothing = reading_.changed.empty();
    if (nothing) lack(Lack::detail, "", kNoMetric);
    forget_old_ranks();
    check_kept_dimensions();
  }
  reading_.frame = frame_;
  reading_.query = to_query(lexicon_, frame_);
  if (!rivals_are_whole_) {
    reading_.rivals.clear();
    for (const Swap& swap : swaps_) reading_.rivals.push_back(swapped(swap));
  }
  reading_.time_phrase = language::say(frame_.range);
}

/// A ranking leaves out nobody's rows; when its group goes, so does that.
void DraftReader::forget_old_ranks() {
  const Frame last = to_frame(lexicon_, setting_.request.previous->query);
  std::erase_if(frame_.filters, [&](const Filter& filter) {
    const auto in = [&](const std::vector<std::string>& list) {
      return std::find(list.begin(), list.end(), filter.dimension) != list.end();
    };
    return filter.kind == Filter::Kind::not_null && in(last.groups) && !in(frame_.groups);
  });
}

Frame DraftReader::swapped(const Swap& swap) const {
  Frame other = frame_;
  if (swap.value) {
    for (Filter& filter : other.filters)
      if (filter.dimension == swap.from) filter.dimension = swap.to;
  } else {
    std::replace(other.groups.begin(), other.groups.end(), swap.from, swap.to);
    for (Filter& filter : other.filters)
      if (filter.dimension == swap.from && filter.kind == Filter::Kind::not_null)
        filter.dimension = swap.to;
  }
  return other;
}

/// After the metric changed, what was kept must still be reachable.
void DraftReader::check_kept_dimensions() {
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

Reading read_draft(const Setting& setting, const Draft& draft, bool as_change) {
  return DraftReader(setting, draft, as_change).run();
}

}  // namespace loquat::semantic::planner

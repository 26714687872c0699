#include "semantic/planner/lexicon.hpp"

#include <algorithm>
#include <tuple>

#include "semantic/language/time_words.hpp"
#include "semantic/language/word_forms.hpp"

namespace loquat::semantic::planner {
namespace {

using language::abbreviates;
using language::edit_distance;

/// Each spelling with one letter left out: two words at one edit share one of these.
std::vector<std::string> deletions(std::string_view word) {
  std::vector<std::string> out{std::string(word)};
  for (std::size_t i = 0; i < word.size(); ++i)
    out.push_back(std::string(word.substr(0, i)) + std::string(word.substr(i + 1)));
  return out;
}

/// Words that only say when, and so name no metric by themselves.
bool places_in_time(std::string_view word) {
  for (const std::string_view known :
       {"before", "after", "since", "until", "ago", "earlier", "later", "previous", "prior", "last",
        "next", "date", "vs", "versus"})
    if (word == known) return true;
  return false;
}

constexpr std::size_t kMistypedLengthMin = 4;
/// Shorter words are mistyped less often than they are other words: move is not mode.
constexpr std::size_t kSurelyMistypedMin = 5;

}  // namespace

std::vector<Hit> Lexicon::hits(const Token& token) const {
  std::vector<Hit> found;
  const auto add = [&](std::uint32_t word, double likeness) {
    for (const Hit& hit : found)
      if (hit.word == word) return;
    found.push_back({word, likeness});
  };
  if (const auto at = by_text_.find(token.text); at != by_text_.end()) add(at->second, 1);
  by_stem_.find(token.stem, [&](std::uint32_t id) {
    if (words[id].stem == token.stem) add(id, 0.97);
  });
  const bool exact = !found.empty();
  const bool filler = language::is_filler(token);
  if (token.number || (filler && exact)) return found;
  if (token.root.size() >= 4 && !filler)
    by_root_.find(token.root, [&](std::uint32_t id) {
      if (words[id].root == token.root) add(id, 0.85);
    });
  if (const auto at = by_letter_.find(token.text.empty() ? ' ' : token.text[0]);
      at != by_letter_.end())
    for (const std::uint32_t id : at->second) {
      // A word of a label or description is written in full: sales is not short for salesperson.
      if (!words[id].natural && (!words[id].expanded || full_forms_.at(id) == token.stem) &&
          abbreviates(words[id].text, token.stem))
        add(id, 0.84);
      else if (!exact && !filler && abbreviates(token.text, words[id].text))
        add(id, 0.65);
    }
  const bool understood =
      std::any_of(found.begin(), found.end(), [](const Hit& hit) { return hit.likeness > 0.84; });
  if (understood || filler || token.text.size() < kMistypedLengthMin) return found;
  add_mistyped(token, found);
  return found;
}

void Lexicon::add_mistyped(const Token& token, std::vector<Hit>& found) const {
  constexpr std::size_t kSlipsMax = 12;  // more words than that are all guesses
  std::vector<Hit> slips;
  for (const std::string& key : deletions(token.text))
    by_deletion_.find(key, [&](std::uint32_t id) {
      const std::string& text = words[id].text;
      const std::size_t limit = language::slips_allowed(std::min(token.text.size(), text.size()));
      const bool short_swap =
          token.text.size() < kSurelyMistypedMin && token.text.size() == text.size();
      if (short_swap || limit == 0) return;
      const std::size_t edits = edit_distance(token.text, text, limit);
      const auto same = [&](const Hit& hit) { return hit.word == id; };
      if (edits > limit || std::any_of(slips.begin(), slips.end(), same)) return;
      slips.push_back({id, edits == 1 ? 0.86 : 0.7});
    });
  std::sort(slips.begin(), slips.end(), [](const Hit& a, const Hit& b) {
    return std::tie(b.likeness, a.word) < std::tie(a.likeness, b.word);
  });
  if (slips.size() > kSlipsMax) slips.resize(kSlipsMax);
  for (const Hit& slip : slips) {
    const auto same = [&](const Hit& hit) { return hit.word == slip.word; };
    if (std::none_of(found.begin(), found.end(), same)) found.push_back(slip);
  }
}

ValueRange Lexicon::narrowed(ValueRange range, std::uint32_t depth, std::uint32_t word) const {
  // Values that end at `depth` come first; their next word counts as the least.
  const auto next = [&](std::uint32_t id) -> std::uint64_t {
    const ValueEntry& value = values[id];
    return value.words_count == depth ? 0 : value_words_[value.words_begin + depth] + 1ULL;
  };
  const auto first = value_order_.begin() + range.begin, last = value_order_.begin() + range.end;
  const auto low = std::lower_bound(
      first, last, word + 1ULL, [&](std::uint32_t id, std::uint64_t at) { return next(id) < at; });
  const auto high = std::upper_bound(
      low, last, word + 1ULL, [&](std::uint64_t at, std::uint32_t id) { return at < next(id); });
  return {static_cast<std::uint32_t>(low - value_order_.begin()),
          static_cast<std::uint32_t>(high - value_order_.begin())};
}

std::vector<Hit> Lexicon::joined_hits(const Token& left, const Token& right) const {
  std::vector<Hit> found;
  const std::string joined = left.text + right.text;
  if (joined.size() < kMistypedLengthMin || left.number || right.number) return found;
  if (const auto at = by_text_.find(joined); at != by_text_.end()) found.push_back({at->second, 1});
  const std::string stem = language::stem_of(joined);
  by_stem_.find(stem, [&](std::uint32_t id) {
    if (words[id].stem == stem && (found.empty() || found[0].word != id))
      found.push_back({id, 0.97});
  });
  return found;
}

const MetricEntry* Lexicon::metric(std::string_view name) const {
  const std::uint32_t id = metric_id(name);
  return id < metrics.size() ? &metrics[id] : nullptr;
}
std::uint32_t Lexicon::metric_id(std::string_view name) const {
  const auto at = metric_by_name_.find(std::string(name));
  return at == metric_by_name_.end() ? static_cast<std::uint32_t>(metrics.size()) : at->second;
}
std::uint32_t Lexicon::count_of(std::string_view entity) const {
  const auto at = count_by_entity_.find(std::string(entity));
  return at == count_by_entity_.end() ? static_cast<std::uint32_t>(metrics.size()) : at->second;
}
bool Lexicon::builds_on(std::uint32_t variant, std::uint32_t base) const {
  const contracts::Metric& derived = *metrics[variant].metric;
  const contracts::Metric& root = *metrics[base].metric;
  const bool over_time = derived.type == contracts::MetricType::cumulative && derived.measure &&
                         root.measure && derived.measure->measure == root.measure->measure;
  const auto uses = [&](const std::optional<contracts::MetricInput>& input) {
    return input && input->metric == root.name;
  };
  return over_time || uses(derived.numerator) || uses(derived.denominator) ||
         std::any_of(
             derived.inputs.begin(), derived.inputs.end(),
             [&](const contracts::MetricInput& input) { return input.metric == root.name; });
}

const DimensionEntry* Lexicon::dimension(std::string_view name) const {
  const auto at = dimension_by_name_.find(std::string(name));
  return at == dimension_by_name_.end() ? nullptr : &dimensions[at->second];
}
const std::vector<std::uint32_t>* Lexicon::values_of(std::uint32_t column) const {
  const auto at = values_by_column_.find(column);
  return at == values_by_column_.end() ? nullptr : &at->second;
}

std::uint32_t Lexicon::word_id(const Token& token) {
  const auto [at, fresh] =
      by_text_.try_emplace(token.text, static_cast<std::uint32_t>(words.size()));
  if (fresh) {
    Word word;
    word.text = token.text;
    word.stem = token.stem;
    word.root = token.root;
    word.filler = language::is_filler(token);
    word.light = language::is_light_noun(token);
    word.function = language::is_function_text(token.text);
    word.time_unit = token.number || language::unit_of(token) || places_in_time(token.text);
    words.push_back(std::move(word));
  }
  return at->second;
}

std::vector<std::uint32_t> Lexicon::word_ids(std::string_view name) {
  std::vector<std::uint32_t> ids;
  for (const Token& token : language::words_of_name(name)) ids.push_back(word_id(token));
  return ids;
}

void Lexicon::index_words() {
  for (std::uint32_t id = 0; id < words.size(); ++id) {
    const Word& word = words[id];
    by_stem_.add(word.stem, id);
    if (word.filler) continue;
    // A word that only values have is not said by a related one.
    if (id < words_of_the_model_) by_root_.add(word.root, id);
    if (word.text.size() < kMistypedLengthMin) continue;
    for (const std::string& key : deletions(word.text)) by_deletion_.add(key, id);
  }
  by_stem_.seal();
  by_root_.seal();
  by_deletion_.seal();
  for (const Term& term : terms)
    // Initials are said as they are: AST is not short for August.
    if ((term.kind == TermKind::metric || term.kind == TermKind::dimension) &&
        term.source != Source::initials)
      for (const std::uint32_t id : term.words)
        if (!words[id].text.empty() && !words[id].filler)
          add_once(by_letter_[words[id].text[0]], id);
}

}  // namespace loquat::semantic::planner

namespace loquat::semantic {
std::shared_ptr<const Vocabulary> Vocabulary::build(std::shared_ptr<const ModelIndex> index,
                                                    DimensionValues values) {
  return std::make_shared<const planner::Lexicon>(std::move(index), std::move(values));
}
}  // namespace loquat::semantic

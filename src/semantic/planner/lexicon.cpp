#include "semantic/planner/lexicon.hpp"

#include <algorithm>

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
  if (const auto at = by_stem_.find(token.stem); at != by_stem_.end())
    for (const std::uint32_t id : at->second) add(id, 0.97);
  const bool exact = !found.empty();
  const bool filler = language::is_filler(token);
  if (token.number || (filler && exact)) return found;
  if (token.root.size() >= 4 && !filler)
    if (const auto at = by_root_.find(token.root); at != by_root_.end())
      for (const std::uint32_t id : at->second) add(id, 0.85);
  if (const auto at = by_letter_.find(token.text.empty() ? ' ' : token.text[0]);
      at != by_letter_.end())
    for (const std::uint32_t id : at->second) {
      if (abbreviates(words[id].text, token.stem))
        add(id, 0.84);
      else if (!exact && !filler && abbreviates(token.text, words[id].text))
        add(id, 0.65);
    }
  const bool understood =
      std::any_of(found.begin(), found.end(), [](const Hit& hit) { return hit.likeness > 0.84; });
  if (understood || filler || token.text.size() < kMistypedLengthMin) return found;
  for (const std::string& key : deletions(token.text)) {
    const auto at = by_deletion_.find(key);
    if (at == by_deletion_.end()) continue;
    for (const std::uint32_t id : at->second) {
      const std::size_t limit =
          language::slips_allowed(std::min(token.text.size(), words[id].text.size()));
      const std::size_t edits = edit_distance(token.text, words[id].text, limit);
      const bool short_swap =
          token.text.size() < kSurelyMistypedMin && token.text.size() == words[id].text.size();
      if (short_swap) continue;
      if (limit > 0 && edits <= limit) add(id, edits == 1 ? 0.86 : 0.7);
    }
  }
  return found;
}

std::vector<Hit> Lexicon::joined_hits(const Token& left, const Token& right) const {
  std::vector<Hit> found;
  const std::string joined = left.text + right.text;
  if (joined.size() < kMistypedLengthMin || left.number || right.number) return found;
  if (const auto at = by_text_.find(joined); at != by_text_.end()) found.push_back({at->second, 1});
  if (const auto at = by_stem_.find(language::stem_of(joined)); at != by_stem_.end())
    for (const std::uint32_t id : at->second)
      if (found.empty() || found[0].word != id) found.push_back({id, 0.97});
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
const std::vector<std::string>* Lexicon::values_of(std::uint32_t column) const {
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
    word.time_unit = token.number || language::unit_of(token);
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
    add_once(by_stem_[word.stem], id);
    if (word.filler) continue;
    add_once(by_root_[word.root], id);
    if (word.text.size() < kMistypedLengthMin) continue;
    for (std::string& key : deletions(word.text)) add_once(by_deletion_[std::move(key)], id);
  }
  for (const Term& term : terms)
    if (term.kind == TermKind::metric || term.kind == TermKind::dimension)
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

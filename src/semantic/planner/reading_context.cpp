#include <algorithm>

#include "semantic/language/time_words.hpp"
#include "semantic/planner/draft_reader.hpp"

/// Words that only a description explains, and what a question word asks for.
namespace loquat::semantic::planner {

/// Words that no name has may still be what a description says of the metric.
void DraftReader::context() {
  std::vector<std::size_t> left;
  for (const std::size_t token : reading_.unknown) {
    if (explained(token)) {
      reading_.by_context.push_back(token);
      headless_ = false;
      reading_.doubt += 0.12;
    } else {
      left.push_back(token);
    }
  }
  reading_.unknown = std::move(left);
}

bool DraftReader::explained(std::size_t token) {
  for (const Edge* edge : draft_.metrics) {
    const MetricEntry& entry = lexicon_.metrics[edge->metric];
    const bool beside = token == edge->end || token + 1 == edge->begin;
    if (names_another(token, edge->metric) || is_value(token)) continue;
    for (const Hit& hit : lexicon_.hits(setting_.tokens[token])) {
      // A mistyped word is no evidence for what a description says.
      if (lexicon_.words[hit.word].root != setting_.tokens[token].root) continue;
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

/// A word that is a value of the data limits rows; no description explains it away.
bool DraftReader::is_value(std::size_t token) const {
  bool found = false;
  for (const Hit& hit : lexicon_.hits(setting_.tokens[token])) {
    if (hit.likeness < 0.9) continue;
    lexicon_.whole_values(lexicon_.narrowed(lexicon_.all_values(), 0, hit.word), 1,
                          [&](std::uint32_t) { found = true; });
  }
  return found;
}

/// A word that by itself is the whole name of another metric is no mere context.
bool DraftReader::names_another(std::size_t token, std::uint32_t metric) const {
  for (const Hit& hit : lexicon_.hits(setting_.tokens[token])) {
    if (hit.likeness < 0.9) continue;
    for (const std::uint32_t id : lexicon_.words[hit.word].terms) {
      const Term& term = lexicon_.terms[id];
      if (term.kind == TermKind::metric && term.target != metric && term.words.size() == 1 &&
          term.source != Source::synonym)
        return true;
    }
  }
  return false;
}

void DraftReader::needed_grain() {
  if (frame_.grain || frame_.metrics.empty()) return;
  for (const std::uint32_t id : metric_ids_)
    if (const auto grain = grain_needed(lexicon_, *lexicon_.metrics[id].metric)) {
      frame_.grain = grain;
      return;
    }
}

/// Revenue / nights, revenue + refunds: a figure that no metric has.
std::string DraftReader::calculation() const {
  const auto& tokens = setting_.tokens;
  for (const Edge* edge : draft_.path)
    for (std::size_t i = std::max<std::size_t>(edge->begin, 1); i < edge->end; ++i) {
      const Token& token = tokens[i];
      const Token& left = tokens[i - 1];
      if (token.before != '/' && token.before != '+' && token.before != '*') continue;
      const bool written_so = token.number || left.number || left.text.size() == 1 ||
                              left.text == "and" || language::unit_of(token).has_value() ||
                              edge->kind == EdgeKind::time ||
                              (edge->kind == EdgeKind::value && i > edge->begin);
      if (!written_so) return "\"" + left.shown + " " + token.before + " " + token.shown + "\"";
    }
  return "";
}

/// `why`, `when`, `where`, `who` ask for more than a figure: for something that has to be there.
void DraftReader::interrogative() {
  std::size_t at = 0;
  const auto& tokens = setting_.tokens;
  const auto text = [&](std::size_t i) {
    return i < tokens.size() ? std::string_view(tokens[i].text) : std::string_view();
  };
  while (text(at) == "and" || text(at) == "but" || text(at) == "so" || text(at) == "ok" ||
         text(at) == "then")
    ++at;
  const bool how_come = text(at) == "how" && text(at + 1) == "come";
  if (text(at) == "why" || how_come) return misfit("\"" + tokens[at].shown + "\"", 3);
  if (const auto sign = calculation(); !sign.empty()) misfit(sign);
  // What if everything were different: figures of what is not there.
  for (const Edge* edge : draft_.path) {
    const std::size_t i = edge->begin;
    if (edge->kind != EdgeKind::filler || tokens[i].text != "if") continue;
    const std::string_view before = i > 0 ? std::string_view(tokens[i - 1].text) : "";
    const bool asks = before == "see" || before == "know" || before == "me" || before == "check" ||
                      before == "wonder" || before == "wondering" || before == "ask" ||
                      before == "tell" || before == "us";
    const bool polite = i + 1 < tokens.size() && tokens[i + 1].text == "possible";
    if (!asks && !polite) return misfit("\"" + tokens[i].shown + "\"");
  }
  const bool in_time = frame_.grain || !frame_.date_part.empty() || frame_.axis != "metric_time";
  const bool split = !frame_.groups.empty();
  const bool answered = text(at) == "when"                         ? in_time
                        : text(at) == "where" || text(at) == "who" ? split
                                                                   : true;
  if (!answered) misfit("\"" + tokens[at].shown + "\"");
}

/// Customers and depots stand there; a period says nothing of them unless a date is named.
void DraftReader::counted_without_date() {
  const bool timed = frame_.range.start || frame_.range.end || frame_.grain ||
                     !frame_.date_part.empty() || frame_.comparison;
  if (!timed || frame_.axis != "metric_time") return;
  for (const std::uint32_t id : metric_ids_)
    if (const MetricEntry& entry = lexicon_.metrics[id]; !entry.has_date)
      misfit("a period: " + entry.counted_entity + " is counted as it stands, by no date");
}

}  // namespace loquat::semantic::planner

// long: one matcher, from touched words to weighed edges.
#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "semantic/language/time_words.hpp"
#include "semantic/language/word_forms.hpp"
#include "semantic/planner/edges.hpp"

/// Finds the model's names and the data's values in the words of a question.
namespace loquat::semantic::planner {
namespace {

/// One token of the question that may stand for one word of a term.
struct Touch {
  std::size_t token = 0, width = 1;
  std::uint32_t word = 0;
  double likeness = 1;
};

/// A stretch of the question matched against one term.
struct Window {
  std::size_t begin = 0, end = 0;
  double said = 0;     ///< evidence of the words said
  double missing = 0;  ///< weight of the term's words not said
  double doubt = 0;
  std::size_t content = 0;
  bool head_said = false;
  bool per_unsaid = false;
  bool anchored = false;  ///< more was said than times and numbers
};

constexpr std::size_t kGapMax = 3;
constexpr std::size_t kChainMax = 7;

class Matcher {
 public:
  Matcher(const Lexicon& lexicon, const std::vector<Token>& tokens, Edges& edges)
      : lexicon_(lexicon), tokens_(tokens), edges_(edges), touches_at_(tokens.size()) {}

  void run() {
    collect();
    for (auto& [id, touches] : touched_) {
      const Term& term = lexicon_.terms[id];
      match_name(term, touches);
    }
    match_values();
    yield_to_bases();
    flush(metrics_);
    flush(dimensions_);
    flush(values_);
    flush(negated_);
  }

 private:
  void collect() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      const std::vector<Hit> hits = lexicon_.hits(tokens_[i]);
      for (const Hit& hit : hits) touch({i, 1, hit.word, hit.likeness});
      if (hits.empty()) negated(i);
      if (i + 1 < tokens_.size())
        for (const Hit& hit : lexicon_.joined_hits(tokens_[i], tokens_[i + 1]))
          touch({i, 2, hit.word, hit.likeness});
    }
  }

  /// `uninsured`, `nonsmoking`: a yes or no of the model, turned round.
  void negated(std::size_t at) {
    const std::string& text = tokens_[at].text;
    std::string rest;
    constexpr std::size_t kRestMin = 5;
    for (const std::string_view prefix : {"un", "non", "in", "dis"})
      if (text.starts_with(prefix) && text.size() >= prefix.size() + kRestMin && rest.empty())
        rest = text.substr(prefix.size());
    if (rest.empty()) return;
    const std::vector<Token> inner = language::tokenize(rest);
    if (inner.size() != 1) return;
    for (const Hit& hit : lexicon_.hits(inner[0])) {
      if (hit.likeness < 0.84) continue;
      for (const std::uint32_t id : lexicon_.words[hit.word].terms) {
        const Term& term = lexicon_.terms[id];
        if (term.kind != TermKind::dimension || term.words.size() > 2) continue;
        const DimensionEntry& entry = lexicon_.dimensions[term.target];
        if (!entry.boolean) continue;
        Edge& edge = slot(negated_, at, at + 1, EdgeKind::dimension);
        edge.negated = true;
        edge.score = 0.7;
        edge.alternatives.push_back({term.target, hit.likeness, entry.column});
      }
    }
  }

  void touch(const Touch& touch) {
    touches_at_[touch.token].push_back(touch);
    const Word& word = lexicon_.words[touch.word];
    for (const std::uint32_t term : word.terms) touched_[term].push_back(touch);
    for (const std::uint32_t dimension : word.qualifies) qualifiers_[dimension].push_back(touch);
  }

  /// A value may be mistyped; a word that is only related to it, or short for it, is another word.
  [[nodiscard]] bool writes_alike(const Touch& touch) const {
    if (touch.likeness > 0.9) return true;
    const std::string& text = tokens_[touch.token].text;
    return text.size() >= 5 && tokens_[touch.token].root != lexicon_.words[touch.word].root &&
           language::edit_distance(text, lexicon_.words[touch.word].text, 2) <=
               language::slips_allowed(text.size());
  }

  /// A vague noun that is a value of the data as it stands: business, group, current.
  [[nodiscard]] bool may_be_a_value(const Touch& touch) const {
    return touch.likeness > 0.99 && language::is_vague_text(tokens_[touch.token].text);
  }

  /// What has been said of a value so far.
  struct Spoken {
    std::size_t begin = 0, at = 0;
    std::uint32_t depth = 0;
    double said = 0, doubt = 0;
    bool content = false;
  };

  /// Values are said whole and in order; their `and` and `of` may be left out.
  void match_values() {
    for (std::size_t at = 0; at < tokens_.size(); ++at) {
      Spoken spoken;
      spoken.begin = spoken.at = at;
      go_on(lexicon_.all_values(), spoken);
    }
  }

  void go_on(ValueRange range, const Spoken& spoken) {
    constexpr std::uint32_t kDepthMax = 16;
    if (range.empty() || spoken.depth > kDepthMax) return;
    if (spoken.depth > 0) propose_values(range, spoken);
    if (spoken.at < tokens_.size())
      for (const Touch& touch : touches_at_[spoken.at]) {
        if (!writes_alike(touch)) continue;
        const ValueRange rest = lexicon_.narrowed(range, spoken.depth, touch.word);
        if (rest.empty()) continue;
        const bool filler = lexicon_.words[touch.word].filler;
        Spoken more = spoken;
        more.at += touch.width;
        ++more.depth;
        more.said += (filler ? 0.3 : 1.0) * static_cast<double>(touch.width) * touch.likeness;
        more.doubt += 1 - touch.likeness;
        more.content = more.content || !filler || may_be_a_value(touch);
        go_on(rest, more);
      }
    if (!spoken.content) return;
    for (const std::uint32_t word : lexicon_.filler_words_in_values()) {
      Spoken more = spoken;
      ++more.depth;
      go_on(lexicon_.narrowed(range, spoken.depth, word), more);
    }
  }

  void propose_values(ValueRange range, const Spoken& spoken) {
    if (!spoken.content && spoken.depth < 2) return;
    lexicon_.whole_values(range, spoken.depth, [&](std::uint32_t id) {
      const double bonus = spoken.depth > 1 ? kWholeNameBonus : 0;
      Edge& edge = slot(values_, spoken.begin, spoken.at, EdgeKind::value);
      const double score = spoken.said + bonus - kEdgeCost - 0.5 * spoken.doubt;
      for (const std::uint32_t column : lexicon_.values[id].columns)
        edge.alternatives.push_back({id, score, column});
      if (score > edge.score || edge.alternatives.empty()) edge.doubt = spoken.doubt;
      edge.score = std::max(edge.score, score);
    });
  }

  void match_name(const Term& term, std::vector<Touch> touches) {
    if (term.kind == TermKind::dimension) {
      if (const auto at = qualifiers_.find(term.target); at != qualifiers_.end())
        touches.insert(touches.end(), at->second.begin(), at->second.end());
    }
    std::sort(touches.begin(), touches.end(), [](const Touch& a, const Touch& b) {
      return std::tie(a.token, b.likeness, a.word) < std::tie(b.token, a.likeness, b.word);
    });
    std::vector<std::size_t> positions;
    for (const Touch& touch : touches)
      if (positions.empty() || positions.back() != touch.token) positions.push_back(touch.token);
    for (std::size_t i = 0; i < positions.size(); ++i) {
      for (std::size_t j = i; j < positions.size() && j < i + kChainMax; ++j) {
        if (j > i && !bridges(term, positions[j - 1], positions[j])) break;
        const auto window = weigh(term, touches, positions, i, j);
        if (window) propose(term, *window);
      }
    }
  }

  /// Between two words of one name only fillers may stand, and no `by` that splits.
  [[nodiscard]] bool bridges(const Term& term, std::size_t left, std::size_t right) const {
    if (right - left > kGapMax + 1) return false;
    for (std::size_t k = left + 1; k < right; ++k) {
      if (!language::is_filler(tokens_[k])) return false;
      if (is_split_word(tokens_[k])) return false;
      if (tokens_[k].text == "and" || tokens_[k].text == "or") return false;
    }
    const char mark = tokens_[right].before;
    return term.kind == TermKind::metric ? mark != '?' && mark != '.' && mark != ';'
                                         : mark == ' ' || mark == '-' || mark == '_';
  }

  [[nodiscard]] std::optional<Window> weigh(const Term& term, const std::vector<Touch>& touches,
                                            const std::vector<std::size_t>& positions,
                                            std::size_t from, std::size_t to) const {
    Window window;
    window.begin = positions[from];
    std::vector<bool> used(term.words.size());
    std::size_t next_free = 0;
    for (std::size_t p = from; p <= to; ++p) {
      if (positions[p] < next_free) continue;
      const Touch* best = nullptr;
      std::size_t best_word = term.words.size();
      for (const Touch& touch : touches) {
        if (touch.token != positions[p]) continue;
        std::size_t word = term.words.size();
        for (std::size_t w = 0; w < term.words.size(); ++w)
          if (!used[w] && term.words[w] == touch.word) {
            word = w;
            break;
          }
        const bool own = word < term.words.size();
        const bool better =
            best == nullptr || (own && best_word == term.words.size()) ||
            (own && touch.likeness * double(touch.width) > best->likeness * double(best->width));
        const bool qualifies = term.kind == TermKind::dimension && qualifies_term(touch, term);
        if ((own || qualifies) && better) {
          best = &touch;
          best_word = word;
        }
      }
      if (best == nullptr) return std::nullopt;
      if (best_word < term.words.size()) used[best_word] = true;
      const double worth = worth_at(*best);
      const double likeness = borne_out(term, *best) ? 0.97 : best->likeness;
      window.said += worth * static_cast<double>(best->width) * likeness;
      window.doubt += (1 - likeness) * worth;
      if (best_word < term.words.size()) {
        if (worth > 0.5) ++window.content;
        if (worth == 1 && !lexicon_.words[best->word].time_unit) window.anchored = true;
      }
      window.end = best->token + best->width;
      next_free = window.end;
    }
    bool any = false;
    for (std::size_t w = 0; w < term.words.size(); ++w) {
      any = any || used[w];
      const Word& word = lexicon_.words[term.words[w]];
      if (used[w] && w == term.head) window.head_said = true;
      if (!used[w] && word.text == "per") window.per_unsaid = true;
      // A filler that is a noun or verb tells names apart too: group revenue, list price.
      if (!used[w] && word.filler && !word.light && !word.function &&
          term.source != Source::synonym)
        window.missing += 0.6 * word.rarity;
      if (!used[w] && (!word.filler || word.light))
        window.missing += !word.light             ? word.rarity
                          : word.text.size() == 3 ? 0.3
                                                  : 0.7 * word.rarity;
    }
    if (!any) return std::nullopt;
    // `revenue per …` does not yet say the metric revenue per order.
    const auto hollow = [&](std::size_t token) {
      return language::is_filler(tokens_[token]) && !language::is_light_noun(tokens_[token]);
    };
    if (window.missing > 0.3 && positions[from] != positions[to] &&
        (hollow(positions[to]) || hollow(positions[from])))
      return std::nullopt;
    if (window.missing == 0 && window.content == 0 && window.said < 0.3) return std::nullopt;
    return window;
  }

  /// A plural that is a filler only by its stem (shows) is a noun where the model has it.
  [[nodiscard]] double worth_at(const Touch& touch) const {
    const Token& token = tokens_[touch.token];
    const bool plural = token.text != token.stem && !language::is_filler_text(token.text) &&
                        touch.likeness > 0.9 && !language::is_light_noun(token);
    return plural ? 1 : worth_of(token);
  }

  /// A terse word (rev) whose full form (revenue) stands in the metric's own description.
  [[nodiscard]] bool borne_out(const Term& term, const Touch& touch) const {
    if (term.kind != TermKind::metric || touch.likeness > 0.9) return false;
    // `ad rev` for the label Ad revenue of spot_rev: the metric's own name writes it so.
    const auto& said = lexicon_.metrics[term.target].said;
    const Token& token = tokens_[touch.token];
    if (language::abbreviates(token.text, lexicon_.words[touch.word].text) &&
        std::any_of(said.begin(), said.end(),
                    [&](std::uint32_t word) { return lexicon_.words[word].text == token.text; }))
      return true;
    if (!language::abbreviates(lexicon_.words[touch.word].text, tokens_[touch.token].stem))
      return false;
    const auto& context = lexicon_.metrics[term.target].context;
    return std::any_of(context.begin(), context.end(), [&](std::uint32_t word) {
      return lexicon_.words[word].stem == tokens_[touch.token].stem;
    });
  }

  [[nodiscard]] bool qualifies_term(const Touch& touch, const Term& term) const {
    const auto& list = lexicon_.words[touch.word].qualifies;
    return std::find(list.begin(), list.end(), term.target) != list.end() && touch.likeness > 0.9;
  }

  void propose(const Term& term, const Window& window) {
    const double head_factor = window.head_said ? 0.55 : 1;
    const double missing = window.missing;
    const double lack =
        head_factor * (missing < 1 ? 0.45 * missing : std::min(0.45 + 0.15 * (missing - 1), 1.2));
    double score = window.said - kEdgeCost - lack - 0.5 * window.doubt;
    if (missing == 0 && window.content >= 2) score += kWholeNameBonus;
    if (term.source == Source::synonym) score -= 0.03 * static_cast<double>(window.content);
    if (term.kind == TermKind::metric) {
      if (!window.anchored && missing > 0) return;
      if (window.content == 0) score -= 0.2;
      const bool loose = term.source == Source::synonym && term.words.size() == 1 && missing == 0 &&
                         heads_another(term);
      if (loose) score -= 0.2;
      // Who wants a rate says so: rate, share, per.
      const auto type = lexicon_.metrics[term.target].metric->type;
      if (missing > 0.3 && type == contracts::MetricType::ratio &&
          (!window.head_said || window.per_unsaid))
        score -= term.source == Source::label && window.head_said ? 0.25 : 0.5;
      if (score < 0.1) return;
      propose_metric(term, window, score, loose);
    } else {
      if (score < 0.1) return;
      propose_dimension(term, window, score);
    }
  }

  /// A one-word synonym that is also what another metric's own name or label is about.
  [[nodiscard]] bool heads_another(const Term& term) const {
    const Word& word = lexicon_.words[term.words[0]];
    return std::any_of(word.terms.begin(), word.terms.end(), [&](std::uint32_t id) {
      const Term& other = lexicon_.terms[id];
      return other.kind == TermKind::metric && other.target != term.target &&
             other.source == Source::label && other.head < other.words.size() &&
             other.words[other.head] == term.words[0];
    });
  }

  void propose_metric(const Term& term, const Window& window, double score, bool loose) {
    const auto key = std::make_tuple(window.begin, window.end, term.target);
    Edge& edge = metrics_[key];
    if (edge.score >= score) return;
    edge = Edge{};
    edge.begin = window.begin;
    edge.end = window.end;
    edge.kind = EdgeKind::metric;
    edge.metric = term.target;
    edge.score = score;
    edge.missing = window.missing;
    edge.loose_synonym = loose;
    edge.by_synonym = term.source == Source::synonym;
    // Billed, for billed amount: what is left out says nothing.
    const bool light = term.head < term.words.size() && lexicon_.words[term.words[term.head]].light;
    edge.head_said = window.head_said || window.missing == 0 || light;
    edge.doubt = window.doubt;
  }

  void propose_dimension(const Term& term, const Window& window, double score) {
    Edge& edge = slot(dimensions_, window.begin, window.end, EdgeKind::dimension);
    if (term.kind == TermKind::personal_column) {
      if (window.missing > 0) return;
      edge.personal = edge.personal || edge.alternatives.empty();
      edge.score = std::max(edge.score, score - 0.1);
      return;
    }
    const DimensionEntry& entry = lexicon_.dimensions[term.target];
    double fit = score - 0.12 * static_cast<double>(entry.hops > 0 ? entry.hops - 1 : 0);
    if (entry.names_entity) fit += 0.04;
    const auto same =
        std::find_if(edge.alternatives.begin(), edge.alternatives.end(),
                     [&](const Alternative& other) { return other.target == term.target; });
    if (same == edge.alternatives.end())
      edge.alternatives.push_back({term.target, fit, entry.column});
    else
      same->score = std::max(same->score, fit);
    if (score > edge.score) {
      edge.score = score;
      edge.doubt = window.doubt;
      edge.missing = window.missing;
      edge.head_said = window.head_said;
    }
  }

  /// Only of such a metric can another one be the base.
  [[nodiscard]] bool is_computed(std::uint32_t metric) const {
    const contracts::Metric& known = *lexicon_.metrics[metric].metric;
    return known.type == contracts::MetricType::cumulative || known.numerator ||
           known.denominator || !known.inputs.empty();
  }

  /// Revenue is revenue, not revenue to date, growth of revenue or revenue per order, unless the
  /// words that make the difference are said.
  void yield_to_bases() {
    constexpr double kVariantCost = 0.6;
    constexpr double kLightMissing = 0.35;  // amt, cnt: no word that makes a difference
    std::vector<const Edge*> bases;
    for (const auto& [key, edge] : metrics_)
      if (!edge.by_synonym) bases.push_back(&edge);
    for (auto& [key, edge] : metrics_) {
      if (edge.missing < kLightMissing || !is_computed(edge.metric)) continue;
      for (const Edge* known : bases) {
        const Edge& base = *known;
        if (base.metric == edge.metric || base.missing > edge.missing) continue;
        if (!says_no_more(edge, base) || !lexicon_.builds_on(edge.metric, base.metric)) continue;
        edge.score -= kVariantCost;
        break;
      }
    }
  }

  /// True if `edge` covers `base` and beyond it only fillers, times and numbers.
  [[nodiscard]] bool says_no_more(const Edge& edge, const Edge& base) const {
    if (base.begin < edge.begin || base.end > edge.end) return false;
    for (std::size_t at = edge.begin; at < edge.end; ++at) {
      if (at >= base.begin && at < base.end) continue;
      const Token& token = tokens_[at];
      if (!language::is_filler(token) && !token.number && !language::unit_of(token)) return false;
    }
    return true;
  }

  static Edge& slot(std::map<std::tuple<std::size_t, std::size_t, std::uint32_t>, Edge>& edges,
                    std::size_t begin, std::size_t end, EdgeKind kind) {
    Edge& edge = edges[std::make_tuple(begin, end, 0U)];
    edge.begin = begin;
    edge.end = end;
    edge.kind = kind;
    return edge;
  }

  void flush(std::map<std::tuple<std::size_t, std::size_t, std::uint32_t>, Edge>& found) {
    for (auto& [key, edge] : found) {
      std::sort(edge.alternatives.begin(), edge.alternatives.end(),
                [](const Alternative& a, const Alternative& b) {
                  return std::tie(b.score, a.target, a.column) <
                         std::tie(a.score, b.target, b.column);
                });
      if (edge.kind == EdgeKind::dimension && !edge.alternatives.empty())
        edge.personal = only_personal(edge);
      edges_.push_back(std::move(edge));
    }
  }

  /// `customers` may mean their names, but it need not.
  [[nodiscard]] bool only_personal(const Edge& edge) const {
    constexpr double kAsGood = 0.2;
    return std::none_of(edge.alternatives.begin(), edge.alternatives.end(),
                        [&](const Alternative& option) {
                          return !lexicon_.dimensions[option.target].info.personal_data &&
                                 option.score > edge.alternatives[0].score - kAsGood;
                        });
  }

  const Lexicon& lexicon_;
  const std::vector<Token>& tokens_;
  Edges& edges_;
  std::vector<std::vector<Touch>> touches_at_;
  std::map<std::uint32_t, std::vector<Touch>> touched_, qualifiers_;
  std::map<std::tuple<std::size_t, std::size_t, std::uint32_t>, Edge> metrics_, dimensions_,
      values_, negated_;
};

}  // namespace

double worth_of(const Token& token) {
  if (language::is_light_noun(token)) return 0.6;
  return language::is_filler(token) ? 0.3 : 1;
}

bool is_split_word(const Token& token) {
  return token.text == "by" || token.text == "per" || token.text == "across" ||
         token.text == "each" || token.text == "every";
}

void add_vocabulary_edges(const Lexicon& lexicon, const std::vector<Token>& tokens, Edges& edges) {
  Matcher(lexicon, tokens, edges).run();
}

}  // namespace loquat::semantic::planner

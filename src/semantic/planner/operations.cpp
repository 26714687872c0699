// long: one grammar of analytic English, read from top to bottom.
#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>

#include "semantic/language/time_words.hpp"
#include "semantic/language/word_forms.hpp"
#include "semantic/planner/edges.hpp"

/// The analytic grammar of English: ranking, shares, comparison, thresholds and their like.
namespace loquat::semantic::planner {
namespace {

using Names = std::initializer_list<std::string_view>;

/// Taken off a number that stands alone; given back where a dimension of numbers is beside it.
constexpr double kBareNumber = 2.0;

class OperationReader {
 public:
  OperationReader(const std::vector<Token>& tokens, Edges& edges)
      : tokens_(tokens), edges_(edges) {}

  void run() {
    for (at_ = 0; at_ < tokens_.size(); ++at_) {
      rank();
      superlative();
      share();
      running_total();
      comparison();
      threshold();
      fill_gaps();
      exclusion();
      trend();
      inventory();
      order_words();
      parts_of_the_last();
      small_words();
    }
  }

 private:
  [[nodiscard]] std::string_view text(std::size_t ahead) const {
    return at_ + ahead < tokens_.size() ? std::string_view(tokens_[at_ + ahead].text)
                                        : std::string_view();
  }
  [[nodiscard]] std::string_view stem(std::size_t ahead) const {
    return at_ + ahead < tokens_.size() ? std::string_view(tokens_[at_ + ahead].stem)
                                        : std::string_view();
  }
  [[nodiscard]] bool in(std::size_t ahead, Names names) const {
    return std::find(names.begin(), names.end(), text(ahead)) != names.end();
  }
  [[nodiscard]] bool stem_in(std::size_t ahead, Names names) const {
    return std::find(names.begin(), names.end(), stem(ahead)) != names.end();
  }
  [[nodiscard]] bool has(std::size_t ahead) const { return at_ + ahead < tokens_.size(); }
  [[nodiscard]] bool count_at(std::size_t ahead) const {
    return has(ahead) && tokens_[at_ + ahead].number && !tokens_[at_ + ahead].ordinal &&
           *tokens_[at_ + ahead].number >= 1 && *tokens_[at_ + ahead].number <= 10000;
  }
  /// True if all of `words` follow from here.
  [[nodiscard]] bool says(std::initializer_list<std::string_view> words) const {
    std::size_t ahead = 0;
    for (const std::string_view word : words)
      if (text(ahead++) != word) return false;
    return true;
  }

  Edge& add(Op op, std::size_t width, double extra = 0) {
    Edge edge;
    edge.begin = at_;
    edge.end = at_ + width;
    edge.kind = EdgeKind::operation;
    edge.op = op;
    for (std::size_t i = 0; i < width; ++i)
      edge.score += language::is_filler(tokens_[at_ + i]) ? 0.1 : 1;
    edge.score += extra - kEdgeCost;
    edges_.push_back(std::move(edge));
    return edges_.back();
  }

  void rank() {
    const bool top = in(0, {"top", "best", "highest", "largest", "biggest", "greatest", "leading"});
    const bool bottom = in(0, {"bottom", "worst", "lowest", "smallest", "weakest", "fewest"});
    if (top || bottom) {
      if (stem(2) == "percent") return;
      if (count_at(1)) finish_rank(add(Op::rank, 2), bottom, *tokens_[at_ + 1].number);
      return;
    }
    if (!count_at(0)) return;
    std::size_t next = 1;
    if (in(next, {"most", "least"})) {
      finish_rank(add(Op::rank, 2), text(1) == "least", *tokens_[at_].number);
      return;
    }
    const bool after_top = in(next, {"top", "best", "highest", "largest", "biggest", "greatest"});
    const bool after_bottom = in(next, {"bottom", "worst", "lowest", "smallest", "weakest"});
    if (after_top || after_bottom)
      finish_rank(add(Op::rank, 2), after_bottom, *tokens_[at_].number);
  }

  static void finish_rank(Edge& edge, bool bottom, double count) {
    edge.descending = !bottom;
    edge.number = count;
  }

  void superlative() {
    const bool high = in(0, {"top", "best", "highest", "largest", "biggest", "greatest", "most",
                             "strongest", "leading", "longest", "heaviest", "busiest"});
    const bool low = in(0, {"bottom", "worst", "lowest", "smallest", "least", "fewest", "weakest",
                            "shortest", "lightest"});
    if (!high && !low) return;
    finish_rank(add(Op::rank, 1), low, 0);
    if (in(1, {"popular", "common", "frequent", "successful", "important"}))
      finish_rank(add(Op::rank, 2), low, 0);
    if (text(1) == "to" && in(2, {"least", "lowest", "smallest", "highest", "largest", "most"})) {
      Edge& edge = add(Op::sort, 3);
      edge.descending = high;
    }
  }

  void share() {
    std::size_t at = 0;
    if (in(at, {"as", "in"})) ++at;
    if (in(at, {"a", "the"})) ++at;
    if (in(at, {"what", "which"})) ++at;
    const bool percent = stem(at) == "percent";
    const bool part = stem_in(at, {"share", "proportion", "fraction", "contribution"});
    if (percent && text(at + 1) == "change") return;
    if (!percent && !part) return;
    std::size_t end = at + 1;
    if (text(end) == "of" || text(end) == "in") {
      std::size_t of = end + 1;
      if (in(of, {"the", "our", "all", "grand", "overall"})) ++of;
      if (in(of, {"grand", "overall"})) ++of;
      if (stem_in(of, {"total", "whole", "sum", "all", "overall"}))
        end = of + 1;
      else if (text(end) == "of")
        end = end + 1;
    }
    add(Op::share, end);
    if (end != at + 1) add(Op::share, at + 1);
  }

  void running_total() {
    if (says({"running", "total"}) || says({"running", "sum"}) || says({"running", "totals"}))
      add(Op::running_total, text(2) == "of" ? 3 : 2, 0.7);
    if (in(0, {"cumulative", "cumulated", "cumulatively", "accumulated", "cum"}))
      add(Op::running_total, stem_in(1, {"total", "sum"}) ? 2 : 1);
  }

  void comparison() {
    std::size_t width = 0;
    if (stem_in(0, {"compare", "compared", "comparing", "comparison", "versus", "vs", "v",
                    "against", "relative"}))
      width = in(1, {"to", "with", "against", "of", "between"}) ? 2 : 1;
    if (says({"in", "comparison"})) width = in(2, {"to", "with"}) ? 3 : 2;
    if (width > 0) add(Op::compare, width);
    const std::size_t from = width;
    std::size_t at = from;
    if (text(at) == "the") ++at;
    const bool prior = in(at, {"previous", "prior", "preceding", "last"});
    if (prior && stem(at + 1) == "period") add(Op::previous_period, at + 2);
    relative_to_before(at, width > 0);
    const bool same = text(at) == "same";
    const bool spoken = stem_in(at + 1, {"period", "time"}) ||
                        (has(at + 1) && language::unit_of(tokens_[at_ + at + 1]));
    if (same && spoken) {
      std::size_t end = at + 2;
      if (in(end, {"of", "in", "the"})) ++end;
      if (in(end, {"last", "previous", "prior"}) && stem(end + 1) == "year")
        end += 2;
      else if (stem_in(end, {"year"}) && in(end + 1, {"before", "ago", "earlier"}))
        end += 2;
      else if (in(end, {"a", "one"}) && stem(end + 1) == "year" &&
               in(end + 2, {"before", "ago", "earlier", "prior"}))
        end += 3;
      else
        return;
      add(Op::same_period_last_year, std::min(end, tokens_.size() - at_));
    }
    if (says({"year", "over", "year"}) || says({"year", "on", "year"}))
      add(Op::same_period_last_year, 3);
    if (in(0, {"yoy"})) add(Op::same_period_last_year, 1);
    if (says({"a", "year", "ago"}) && from == 0 && at_ > 0) add(Op::same_period_last_year, 3, -0.5);
    if (stem_in(0, {"go", "be", "move"}) && in(1, {"up", "down"})) add(Op::growth, 2, 0.8);
    if (stem_in(0, {"grow", "increase", "decrease", "decline", "change", "rise", "drop"}))
      add(Op::growth, 1);
  }

  /// `the month before`, `a year earlier`; after a comparison also `the previous month`.
  void relative_to_before(std::size_t at, bool compares) {
    const bool article = at > 0 && text(at - 1) == "the";
    if (in(at, {"a", "one"})) ++at;
    const bool named = compares && in(at, {"previous", "prior", "preceding"});
    if (named) ++at;
    if (!has(at)) return;
    const auto unit = language::unit_of(tokens_[at_ + at]);
    const bool period = stem(at) == "period";
    if (!unit && !period) return;
    const bool before = in(at + 1, {"before", "earlier", "prior"});
    if (!before && !named) return;
    if (before && at == 0 && !article && !period && !compares) return;
    const std::size_t end = at + (before ? 2 : 1);
    const bool year = unit == language::Grain::year;
    add(year ? Op::same_period_last_year : Op::previous_period, end, 0.3);
  }

  void threshold() {
    struct Form {
      Names words;
      std::string_view sign;
    };
    static const std::array<Form, 21> kForms = {{{{"more", "than"}, ">"},
                                                 {{"greater", "than"}, ">"},
                                                 {{"larger", "than"}, ">"},
                                                 {{"higher", "than"}, ">"},
                                                 {{"bigger", "than"}, ">"},
                                                 {{"less", "than"}, "<"},
                                                 {{"fewer", "than"}, "<"},
                                                 {{"lower", "than"}, "<"},
                                                 {{"smaller", "than"}, "<"},
                                                 {{"at", "least"}, ">="},
                                                 {{"at", "most"}, "<="},
                                                 {{"no", "more", "than"}, "<="},
                                                 {{"no", "less", "than"}, ">="},
                                                 {{"over"}, ">"},
                                                 {{"above"}, ">"},
                                                 {{"exceeding"}, ">"},
                                                 {{"under"}, "<"},
                                                 {{"below"}, "<"},
                                                 {{">"}, ">"},
                                                 {{"<"}, "<"},
                                                 {{"exceeded"}, ">"}}};
    for (const Form& form : kForms) {
      if (!says(form.words)) continue;
      put_threshold(form.words.size(), form.sign);
    }
    if (text(0) == ">=" || text(0) == "<=") put_threshold(1, text(0));
    const auto number_at = [&](std::size_t ahead) {
      return has(ahead) && tokens_[at_ + ahead].number && !tokens_[at_ + ahead].ordinal;
    };
    // `between 1 and 15 March`: days, no figures.
    const bool days =
        has(4) && (language::is_month(tokens_[at_ + 4]) ||
                   (text(4) == "of" && has(5) && language::is_month(tokens_[at_ + 5])));
    if (text(0) == "between" && number_at(1) && text(2) == "and" && number_at(3) && !days) {
      Edge& edge = add(Op::threshold, 4, 0.5);
      edge.sign = ">=";
      edge.number = *tokens_[at_ + 1].number;
      edge.number_to = *tokens_[at_ + 3].number;
    }
    const bool number = number_at(0);
    // `5 star hotels`: worth little more than an unknown word until a dimension takes it.
    if (number) {
      Edge& edge = add(Op::threshold, 1, -kBareNumber);
      set_threshold(edge, "=", *tokens_[at_].number);
    }
    if (text(0) == "or" &&
        in(1, {"more", "above", "longer", "over", "higher", "larger", "bigger", "less", "fewer",
               "below", "shorter", "under", "lower", "smaller"}))
      add(Op::or_beyond, 2, 0.5).sign =
          in(1, {"more", "above", "longer", "over", "higher", "larger", "bigger"}) ? ">=" : "<=";
    if (number && text(1) == "or" && in(2, {"more", "less", "fewer", "above", "below"}))
      set_threshold(add(Op::threshold, 3, 0.5),
                    in(2, {"more", "above"}) ? ">=" : "<=", *tokens_[at_].number);
  }

  void put_threshold(std::size_t words, std::string_view sign) {
    if (!has(words) || !tokens_[at_ + words].number || tokens_[at_ + words].ordinal) return;
    // The number belongs to the threshold even where it looks like a year.
    set_threshold(add(Op::threshold, words + 1, 0.5), sign, *tokens_[at_ + words].number);
  }
  static void set_threshold(Edge& edge, std::string_view sign, double value) {
    edge.sign = std::string(sign);
    edge.number = value;
  }

  void fill_gaps() {
    std::size_t at = 0;
    if (!in(at, {"including", "include", "with", "also", "even", "showing", "incl"})) return;
    ++at;
    if (in(at, {"show", "include", "list"})) ++at;
    if (in(at, {"for", "the", "all", "those"})) ++at;
    const std::size_t subject = at;
    if (has(at) && language::unit_of(tokens_[at_ + at])) ++at;
    if (in(at, {"that", "which"})) ++at;
    if (in(at, {"without", "with"})) {
      const bool with = text(at) == "with";
      ++at;
      if (in(at, {"any", "none", "no", "zero"}))
        ++at;
      else if (with)
        return;
      else if (at == subject + 1)
        return;
      add(Op::fill_gaps, at, 1);
      return;
    }
    if (in(at, {"a", "an"}) && text(at + 1) == "zero") ++at;
    if (in(at, {"zero", "zeros", "zeroes", "empty", "gaps", "missing"})) {
      ++at;
      // `with a zero where there were none`
      if (in(at, {"where", "when", "if"})) {
        while (in(at, {"where", "when", "if", "there", "were", "was", "are", "is", "it", "nothing",
                       "none", "no"}))
          ++at;
        if (in(at, {"data", "rows"})) ++at;
      }
      if (has(at) && language::unit_of(tokens_[at_ + at])) ++at;
      add(Op::fill_gaps, at, 1);
    }
  }

  void exclusion() {
    if (in(0, {"except", "excluding", "exclude", "without", "excl", "besides"}))
      add(Op::exclude, text(1) == "for" ? 2 : 1);
    if (says({"other", "than"}) || says({"apart", "from"}) || says({"but", "not"}) ||
        says({"leaving", "out"}) || says({"not", "from"}) || says({"not", "in"}) ||
        says({"not", "counting"}) || says({"not", "including"}))
      add(Op::exclude, 2);
    if (says({"w", "o"})) add(Op::exclude, 2);
    if (in(0, {"not", "non", "never"})) add(Op::negate, 1);
    if (in(0, {"no"})) add(Op::negate, 1);
  }

  void trend() {
    if (says({"over", "time"})) add(Op::over_time, 2, 0.3);
    if (stem_in(0, {"trend", "develop", "developed", "development", "evolve", "evolved",
                    "evolution", "timeline", "trended", "trending", "history", "progress",
                    "progression", "progressed"}))
      add(Op::over_time, 1);
    if (says({"all", "time"}) || says({"of", "all", "time"}) || says({"since", "the", "beginning"}))
      add(Op::everything, text(0) == "of" || text(0) == "since" ? 3 : 2, 0.8);
    if (in(0, {"ever"})) add(Op::everything, 1);
  }

  void inventory() {
    if (says({"are", "there"}) || says({"exist"}) || says({"do", "we", "have"}) ||
        says({"are", "available"}) || says({"do", "you", "have"}) || says({"do", "you", "know"}))
      add(Op::inventory, text(0) == "exist" ? 1 : text(2) == "have" || text(2) == "know" ? 3 : 2);
    if (in(0, {"list", "distinct", "possible"})) add(Op::inventory, 1);
    if (in(0, {"available", "exist", "exists"})) add(Op::inventory, 1);
    if (says({"how", "many"})) add(Op::how_many, 2, 0.1);
    if (stem_in(0, {"number", "count"})) add(Op::how_many, text(1) == "of" ? 2 : 1, 0.05);
  }

  /// `highest first`, `from largest to smallest`, `in descending order`.
  void order_words() {
    const bool high = in(0, {"highest", "largest", "biggest", "greatest", "most", "best"});
    const bool low = in(0, {"lowest", "smallest", "least", "fewest", "worst"});
    if ((high || low) && text(1) == "first") add(Op::sort, 2, 0.3).descending = high;
    std::size_t at = 0;
    if (in(at, {"in", "sorted", "ordered", "sort", "order"})) ++at;
    if (in(at, {"in"})) ++at;
    if (in(at, {"descending", "decreasing", "ascending", "increasing"}) && at > 0) {
      const bool down = in(at, {"descending", "decreasing"});
      add(Op::sort, text(at + 1) == "order" ? at + 2 : at + 1, 0.3).descending = down;
    }
  }

  /// Parts of the last question by their names: the filter, the grouping, the limit.
  void parts_of_the_last() {
    struct Part {
      std::string_view word, part;
    };
    static constexpr std::array<Part, 16> kParts = {{{"filter", "filter"},
                                                     {"restriction", "filter"},
                                                     {"condition", "filter"},
                                                     {"grouping", "grouping"},
                                                     {"breakdown", "grouping"},
                                                     {"split", "grouping"},
                                                     {"group", "grouping"},
                                                     {"limit", "ranking"},
                                                     {"ranking", "ranking"},
                                                     {"comparison", "comparison"},
                                                     {"period", "period"},
                                                     {"timeframe", "period"},
                                                     {"percent", "share"},
                                                     {"share", "share"},
                                                     {"sorting", "order"},
                                                     {"threshold", "threshold"}}};
    const bool asked = at_ > 0 && near_removal();
    if (!asked) return;
    for (const Part& part : kParts)
      if (stem(0) == part.word) add(Op::query_part, 1, 0.3).part = std::string(part.part);
    const bool range = in(0, {"time", "date"}) && stem_in(1, {"filter", "range", "restriction"});
    if (range) add(Op::query_part, 2, 0.6).part = "period";
  }

  [[nodiscard]] bool near_removal() const {
    for (std::size_t back = 1; back <= 3 && back <= at_; ++back) {
      const std::string& word = tokens_[at_ - back].text;
      for (const std::string_view known :
           {"remove", "drop", "clear", "reset", "without", "forget", "no", "ignore"})
        if (word == known) return true;
    }
    return false;
  }

  void small_words() {
    if (says({"the", "other", "one"}) || says({"the", "other", "way"}))
      add(Op::other_one, 3, 0.8);
    else if (says({"the", "other"}) && !has(2))
      add(Op::other_one, 2, 0.8);
    else if (says({"other", "one"}))
      add(Op::other_one, 2, 0.8);
    if (says({"in", "total"})) add(Op::in_total, 2, 0.1);
    if (in(0, {"overall", "altogether"})) add(Op::in_total, 1);
    if (is_split_word(tokens_[at_])) {
      const bool loose = in(0, {"each", "every"});
      add(loose ? Op::each : Op::split, 1, 0.05);
    }
    if (says({"for", "each"}) || says({"for", "every"}) || says({"in", "each"}) ||
        says({"broken", "down"}) || says({"split", "by"}) || says({"grouped", "by"}) ||
        says({"group", "by"}) || says({"sliced", "by"}) || says({"according", "to"}))
      add(Op::split, 2, 0.1);
    if (says({"broken", "down", "by"}) || says({"break", "down", "by"}) ||
        says({"split", "up", "by"}) || says({"break", "it", "down"}))
      add(Op::split, 3, 0.2);
    if (in(0, {"respectively", "individually", "separately"})) add(Op::each, 1);
    if (in(0, {"and", "or", "plus"})) add(Op::conjoin, 1, 0.05);
    if (in(0, {"only", "just", "solely", "exclusively"})) add(Op::only, 1);
    if (in(0, {"which", "what"}) && has(1)) add(Op::which, 1, 0.1);
    if (in(0, {"also", "additionally"})) add(Op::add, 1, 0.1);
    if (in(0, {"too"}) && !has(1) && at_ > 0) add(Op::add, 1, 0.1);
    if (says({"as", "well"}) || says({"in", "addition"}))
      add(Op::add, text(2) == "as" ? 3 : 2, 0.2);
    if (in(0, {"add"}) || (at_ <= 1 && in(0, {"include", "readd"})))
      add(Op::add, in(1, {"back"}) ? 2 : 1).part = "include";
    if (in(0, {"average", "avg", "maximum", "median"})) return;  // content: a metric must say so
    if (at_ == 0) openers();
    if (says({"i", "meant"}) || says({"i", "mean"})) add(Op::opener, 2, 0.6);
    if (says({"instead", "of"}) || says({"rather", "than"})) add(Op::in_place_of, 2, 0.8);
    if (says({"in", "place", "of"})) add(Op::in_place_of, 3, 1);
    if (in(0, {"remove", "drop", "clear", "reset", "forget"}) && at_ <= 2) add(Op::remove, 1);
    if (at_ <= 2 && (says({"take", "out"}) || says({"take", "away"}) || says({"take", "off"}) ||
                     says({"leave", "out"}) || says({"leave", "off"})))
      add(Op::remove, 2, 0.4);
    if (at_ <= 2 && says({"get", "rid", "of"})) add(Op::remove, 3, 0.4);
    polite_clause();
    if (in(0, {"sorted", "ordered", "sort", "order", "ranked", "rank"}) && text(1) == "by")
      add(Op::sort, 2);
    if (in(0, {"descending", "desc", "ascending", "asc", "alphabetically"}))
      add(Op::sort, 1).descending = in(0, {"descending", "desc"});
    if (text(0) == "how" && in(1, {"fast", "quickly", "big", "large", "often", "well", "high",
                                   "long", "good", "bad", "strong", "strongly", "rapidly"}))
      add(Op::which, 2, -0.9);
    if (in(0, {"together", "combined", "altogether", "instead", "same", "again", "other", "so",
               "far", "anyway", "rather"}))
      add(in(0, {"instead", "same"}) ? Op::opener : Op::which, 1, -0.9);
    // The reason is named as a value; how it is brought in says nothing more.
    if (says({"due", "to"}) || says({"because", "of"}) || says({"caused", "by"}) ||
        says({"owing", "to"}))
      add(Op::which, 2);
    if (says({"to", "date"})) add(Op::everything, 2, 0.1);
  }

  /// `if you would be so kind`, `if that is possible`, `when you have a minute`: says nothing of
  /// data.
  void polite_clause() {
    if (!in(0, {"if", "when", "whenever"}) || !in(1, {"you", "possible", "that", "it", "its"}))
      return;
    constexpr std::size_t kLongest = 8;
    std::size_t words = 1;
    while (has(words) && words < kLongest && tokens_[at_ + words].before != ',' &&
           in(words, {"you",  "would",  "could", "can", "be",     "so",   "kind",   "possible",
                      "that", "it",     "is",    "its", "have",   "a",    "minute", "moment",
                      "time", "please", "do",    "not", "don",    "mind", "might",  "okay",
                      "ok",   "fine",   "s",     "any", "chance", "get",  "one",    "good"}))
      ++words;
    if (words > 1) add(Op::which, words);
  }

  void openers() {
    if (says({"what", "about"}) || says({"how", "about"}) || says({"and", "for"}) ||
        says({"same", "for"}) || says({"and", "what"}))
      add(Op::opener, says({"and", "what"}) && text(2) == "about" ? 3 : 2, 0.4);
    if (in(0,
           {"and", "now", "instead", "sorry", "no", "but", "rather", "make", "ok", "okay", "then"}))
      add(Op::opener, 1, 0.1);
  }

  const std::vector<Token>& tokens_;
  Edges& edges_;
  std::size_t at_ = 0;
};

double worth_of_span(const std::vector<Token>& tokens, std::size_t begin, std::size_t end) {
  double worth = 0;
  for (std::size_t i = begin; i < end; ++i) worth += language::is_filler(tokens[i]) ? 0.05 : 1;
  return std::max(worth, 1.0);  // `in May`: a month is no filler
}

}  // namespace

void add_operation_edges(const std::vector<Token>& tokens, Edges& edges) {
  OperationReader(tokens, edges).run();
}

/// The month of `this month` is no grain, whatever becomes of the period.
static bool is_one_period(const std::vector<Token>& tokens, std::size_t at) {
  if (at == 0) return false;
  for (const std::string_view word :
       {"this", "last", "previous", "next", "current", "past", "prior", "same"})
    if (tokens[at - 1].text == word) return true;
  return false;
}

void add_time_edges(const std::vector<Token>& tokens, const language::Calendar& calendar,
                    Edges& edges) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    Edge edge;
    edge.begin = i;
    if (const auto phrase = language::time_phrase_at(tokens, i, calendar)) {
      edge.kind = EdgeKind::time;
      edge.end = phrase->end;
      edge.range = phrase->range;
      edge.weak = phrase->weak;
      edge.has_year = phrase->has_year;
      edge.score = worth_of_span(tokens, i, edge.end) + 0.02 * double(edge.end - i) - kEdgeCost -
                   (phrase->weak ? 0.7 : 0);
      edges.push_back(edge);
    }
    if (const auto phrase = language::grain_phrase_at(tokens, i);
        phrase && !(phrase->weak && is_one_period(tokens, i))) {
      edge.kind = EdgeKind::grain;
      edge.end = phrase->end;
      edge.grain = phrase->grain;
      edge.fiscal = phrase->fiscal;
      edge.weak = phrase->weak;
      edge.score = worth_of_span(tokens, i, edge.end) + 0.05 * double(edge.end - i) - kEdgeCost -
                   (phrase->weak ? 0.6 : 0);
      edges.push_back(edge);
    }
    if (const auto phrase = language::date_part_at(tokens, i)) {
      edge.kind = EdgeKind::date_part;
      edge.end = phrase->end;
      edge.part = phrase->part;
      edge.weekdays = phrase->days;
      edge.weak = false;
      edge.score = worth_of_span(tokens, i, edge.end) + 0.05 * double(edge.end - i) - kEdgeCost;
      edges.push_back(edge);
    }
  }
}

}  // namespace loquat::semantic::planner

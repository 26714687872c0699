#include "semantic/language/word_forms.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace loquat::semantic::language {
namespace {

// Irregular English forms and the spellings of analysis that mean one word.
const std::unordered_map<std::string_view, std::string_view>& irregular() {
  static const std::unordered_map<std::string_view, std::string_view> forms = {
      {"grew", "grow"},
      {"grown", "grow"},
      {"growth", "grow"},
      {"growing", "grow"},
      {"sold", "sell"},
      {"selling", "sell"},
      {"bought", "buy"},
      {"paid", "pay"},
      {"spent", "spend"},
      {"made", "make"},
      {"got", "get"},
      {"gotten", "get"},
      {"sent", "send"},
      {"left", "leave"},
      {"lost", "lose"},
      {"won", "win"},
      {"people", "person"},
      {"children", "child"},
      {"men", "man"},
      {"women", "woman"},
      {"mice", "mouse"},
      {"feet", "foot"},
      {"data", "data"},
      {"avg", "average"},
      {"mean", "average"},
      {"pct", "percent"},
      {"percentage", "percent"},
      {"max", "maximum"},
      {"min", "minimum"},
      {"num", "number"},
      {"nr", "number"},
      {"yr", "year"},
      {"yrs", "year"},
      {"mo", "month"},
      {"mos", "month"},
      {"mth", "month"},
      {"mths", "month"},
      {"wk", "week"},
      {"wks", "week"},
      {"qtr", "quarter"},
      {"qtrs", "quarter"},
      {"hrs", "hour"},
      {"mins", "minute"},
      {"indices", "index"},
      {"criteria", "criterion"},
      {"analyses", "analysis"},
      {"diagnoses", "diagnosis"},
      {"series", "series"},
      {"news", "news"},
      {"gone", "go"},
      {"went", "go"},
      {"came", "come"},
      {"took", "take"},
      {"taken", "take"},
      {"gave", "give"},
      {"brought", "bring"},
      {"ran", "run"},
      {"began", "begin"},
      {"fell", "fall"},
      {"rose", "rise"},
      {"died", "die"},
      {"deaths", "death"},
      {"lives", "life"},
      {"wrote", "write"},
      {"written", "write"},
      {"chose", "choose"},
      {"chosen", "choose"},
      {"drove", "drive"},
      {"driven", "drive"},
      {"ate", "eat"},
      {"eaten", "eat"},
      {"flew", "fly"},
      {"flown", "fly"},
      {"drew", "draw"},
      {"drawn", "draw"},
      {"stole", "steal"},
      {"stolen", "steal"},
      {"built", "build"},
      {"caught", "catch"},
      {"taught", "teach"},
      {"held", "hold"},
      {"kept", "keep"},
      {"met", "meet"},
      {"lent", "lend"},
      {"begun", "begin"},
      {"fallen", "fall"},
      {"risen", "rise"},
      {"fed", "feed"},
      {"dealt", "deal"},
      {"kind", "type"},
      {"kinds", "type"},
      {"halves", "half"},
      {"shelves", "shelf"},
      {"knives", "knife"},
      {"loaves", "loaf"},
      {"calves", "calf"},
      {"wolves", "wolf"}};
  return forms;
}

bool is_vowel(char c) { return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u'; }
bool has_vowel(std::string_view word) {
  return std::any_of(word.begin(), word.end(), [](char c) { return is_vowel(c) || c == 'y'; });
}

bool strip(std::string& word, std::string_view ending, std::size_t rest_min) {
  if (!word.ends_with(ending) || word.size() < ending.size() + rest_min) return false;
  if (!has_vowel(std::string_view(word).substr(0, word.size() - ending.size()))) return false;
  word.resize(word.size() - ending.size());
  return true;
}

/// Words of grammar: they name nothing by themselves, in no model.
const std::unordered_set<std::string_view>& function_words() {
  static const std::unordered_set<std::string_view> words = {
      // articles, pronouns, auxiliaries
      "a", "an", "the", "our", "my", "your", "their", "its", "his", "her", "we", "i", "you", "they",
      "it", "us", "me", "them", "he", "she", "is", "are", "was", "were", "be", "been", "being",
      "am", "do", "does", "did", "done", "have", "has", "had", "having", "can", "could", "would",
      "will", "shall", "should", "may", "might", "must", "there", "here", "this", "that", "these",
      "those", "some", "any", "all", "both", "s", "re", "ve", "ll", "d", "who", "whom", "whose",
      "which", "what", "how", "when", "where", "why", "whether", "if", "so", "then", "than", "as",
      // prepositions and conjunctions
      "of", "in", "on", "at", "to", "for", "from", "with", "by", "per", "and", "or", "but", "into",
      "over", "under", "within", "during", "through", "across", "among", "between", "about", "via",
      "off", "out", "up", "down", "upon", "around", "along", "toward", "towards", "while"};
  return words;
}

const std::unordered_set<std::string_view>& filler_words() {
  static const std::unordered_set<std::string_view> words = {
      // politeness and asking
      "please", "pls", "plz", "thanks", "thank", "hi", "hello", "hey", "dear", "kindly", "ok",
      "okay", "well", "just", "also", "too", "really", "actually", "exactly", "quickly", "now",
      "again", "show", "give", "tell", "list", "display", "get", "find", "see", "know", "want",
      "need", "like", "wonder", "wondering", "ask", "let", "look", "looking", "check", "pull",
      "fetch", "bring", "plot", "chart", "graph", "draw", "table", "report", "breakdown", "view",
      "overview", "figure", "figures", "number", "numbers", "amount", "value", "values", "count",
      "total", "totals", "sum", "overall", "altogether", "much", "many", "current", "currently",
      "existing", "respectively", "each", "every", "individual", "different", "various", "specific",
      "given", "calculate", "compute", "count", "summarize", "summarise", "visualize", "visualise",
      "present", "break", "split", "group", "grouped", "broken", "sliced", "slice", "segmented",
      "sorted", "happen", "happened", "occur", "occurred", "make", "take", "come", "go", "place",
      "placed", "record", "recorded", "generate", "generated", "reach", "achieve", "achieved",
      "produce", "earn", "earned", "yield", "bring", "register", "registered", "coming", "made",
      "took", "got", "been", "kind", "sort", "type", "types", "kinds", "level", "company",
      "business", "data", "result", "results", "info", "information", "details", "detail", "one",
      "ones", "thing", "things", "thx", "ty", "thanx", "thnx", "tnx", "cheers", "mind", "telling",
      "showing", "giving", "lot", "lots", "maybe", "perhaps", "possibly", "simply", "basically",
      "btw", "fyi", "hmm", "um", "uh", "oh", "yes", "yeah", "yep", "sure", "curious", "interested",
      "wanna", "gimme", "lemme", "whats", "hows", "im", "theres", "weve", "hiya", "try", "trying",
      "understand", "such", "very", "quite", "rather", "right", "good", "morning", "afternoon",
      "evening", "grateful", "appreciate", "appreciated", "sorry", "excuse", "trouble", "bother",
      "quick", "question", "honestly", "roughly", "approximately", "approx", "anyway", "folks",
      "hw", "wat", "wht", "u", "ur", "abt", "asked", "asking", "needed", "wanted", "going", "based",
      "according", "judging", "judged", "aged", "divide", "divided", "distributed", "often",
      "receive", "received",
      // verbs that say no more than that something was done
      "operate", "operated", "run", "ran", "running", "conduct", "conducted", "perform",
      "performed", "handle", "handled"};
  return words;
}

}  // namespace

std::string stem_of(std::string_view folded) {
  if (const auto found = irregular().find(folded); found != irregular().end())
    return std::string(found->second);
  std::string word(folded);
  if (word.size() <= 3 || word.find_first_of("0123456789") != std::string::npos) return word;
  if (word.ends_with("ies") && word.size() > 4) return word.replace(word.size() - 3, 3, "y");
  for (const std::string_view ending : {"sses", "ches", "shes", "xes", "zes"})
    if (word.ends_with(ending)) return word.substr(0, word.size() - 2);
  if (word.ends_with('s') && !word.ends_with("ss") && !word.ends_with("us") &&
      !word.ends_with("is"))
    word.pop_back();
  if (const auto found = irregular().find(word); found != irregular().end())
    return std::string(found->second);
  return word;
}

std::string root_of(std::string_view stem) {
  std::string word(stem);
  if (word.size() <= 3) return word;
  for (const std::string_view ending : {"ations", "ation", "ments", "ment", "ings", "ing", "ness",
                                        "ions", "ion", "ers", "er", "or", "ed", "ly", "al"})
    if (strip(word, ending, ending == "ly" ? 5 : 3)) break;
  if (word.size() > 4 && word[word.size() - 1] == word[word.size() - 2] && !is_vowel(word.back()) &&
      word.back() != 's')
    word.pop_back();
  while (word.size() > 3 && (word.back() == 'e' || word.back() == 'y' || word.back() == 'i'))
    word.pop_back();
  return word;
}

std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  const std::size_t gap = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  constexpr std::size_t kLengthMax = 40;
  if (gap > limit || a.size() > kLengthMax || b.size() > kLengthMax) return limit + 1;
  std::array<std::array<std::size_t, kLengthMax + 1>, 3> rows{};
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i + 2) % 3];
    const auto& two_above = rows[(i + 1) % 3];
    row[0] = i;
    std::size_t best = row[0];
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], two_above[j - 2] + 1);
      best = std::min(best, row[j]);
    }
    if (best > limit) return limit + 1;
  }
  return rows[a.size() % 3][b.size()];
}

std::size_t slips_allowed(std::size_t length) {
  if (length < 4) return 0;
  return length < 8 ? 1 : 2;
}

bool abbreviates(std::string_view terse, std::string_view full) {
  if (terse.size() < 2 || full.size() <= terse.size() || terse[0] != full[0]) return false;
  const bool one_shorter = full.size() == terse.size() + 1;
  if (one_shorter) return terse.size() == 3 && full.starts_with(terse) && full.back() == 'e';
  constexpr std::size_t kShortMax = 5;
  if (full.starts_with(terse))
    return terse.size() >= 3 && terse.size() <= kShortMax && terse.back() != 's';
  // The first consonants, none skipped: shp, clm, dlv.
  if (terse.size() >= 3) {
    std::size_t next = 1;
    for (std::size_t i = 1; i < full.size() && next < terse.size(); ++i) {
      if (is_vowel(full[i])) continue;
      if (full[i] != terse[next]) break;
      ++next;
    }
    if (next == terse.size()) return true;
  }
  // A skeleton keeps the consonants in order and skips hardly any, never two in a row: amt, qty,
  // cnt, actv; inv is no inactive.
  if (std::any_of(terse.begin() + 1, terse.end(), is_vowel)) return false;
  std::size_t at = 0, skipped = 0;
  for (const char c : full) {
    if (at == terse.size()) break;
    if (c == terse[at]) {
      ++at;
      skipped = 0;
    } else if (!is_vowel(c) && ++skipped > 1) {
      return false;
    }
  }
  if (at < terse.size()) return false;
  const auto consonants = [](std::string_view word) {
    return static_cast<std::size_t>(
        std::count_if(word.begin() + 1, word.end(), [](char c) { return !is_vowel(c); }));
  };
  return consonants(full) <= 2 * consonants(terse) && consonants(terse) >= 1;
}

bool is_vague_text(std::string_view text) {
  static const std::unordered_set<std::string_view> words = {
      "business", "company",   "group",   "grouped",  "individual", "individuals", "current",
      "existing", "different", "various", "specific", "given",      "data",        "result",
      "results",  "details",   "placed",  "recorded", "registered", "generated",   "split",
      "total",    "overall",   "report",  "table",    "level",      "type",        "kind",
      "place",    "record",    "present", "view",     "overview",   "info",        "information"};
  return words.contains(text);
}

bool is_participle(std::string_view text) {
  constexpr std::size_t kShortest = 5;
  if (text.ends_with("ed") && text.size() >= kShortest) return true;
  static const std::unordered_set<std::string_view> words = {
      "sold", "bought", "paid",  "spent", "sent",    "lost",  "won",  "made",
      "left", "taken",  "given", "flown", "written", "drawn", "held", "kept"};
  return words.contains(text);
}

bool is_function_text(std::string_view text) { return function_words().contains(text); }

bool is_filler_text(std::string_view text) {
  return function_words().contains(text) || filler_words().contains(text);
}

bool is_filler(const Token& token) {
  return is_filler_text(token.text) || is_filler_text(token.stem);
}

bool is_light_noun(const Token& token) {
  static const std::unordered_set<std::string_view> words = {
      "number", "amount", "value",  "count",  "total",    "sum",   "level", "type", "kind", "name",
      "figure", "record", "result", "report", "overview", "place", "amt",   "cnt",  "nbr"};
  return words.contains(token.stem);
}

}  // namespace loquat::semantic::language

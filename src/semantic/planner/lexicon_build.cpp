// long: every source of words of one model, in the order in which they are read.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <span>
#include <unordered_set>

#include "semantic/language/word_forms.hpp"
#include "semantic/planner/lexicon.hpp"

/// How the vocabulary grows out of a model: names, labels, synonyms, descriptions, values.
namespace loquat::semantic::planner {
namespace {

using contracts::Aggregation;
using contracts::Metric;
using contracts::MetricType;

/// What a label names stands before its first comma or preposition.
std::size_t head_of(const std::vector<Token>& words, Source source) {
  if (source == Source::initials || words.empty()) return words.size();
  std::size_t head = words.size();
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool cut = words[i].before == ',' || words[i].before == '(' || words[i].text == "of" ||
                     words[i].text == "per" || words[i].text == "at" || words[i].text == "to" ||
                     words[i].text == "with" || words[i].text == "who" || words[i].text == "by" ||
                     words[i].text == "in" || words[i].text == "within" || words[i].text == "on" ||
                     words[i].text == "for" || words[i].text == "from" || words[i].text == "vs" ||
                     words[i].text == "versus" || words[i].text == "than";
    if (cut && i > 0) break;
    head = i;
  }
  // Nights sold: what was done with it is not what it is.
  const bool spoken = source == Source::label || source == Source::synonym;
  if (spoken && head > 0 && language::is_participle(words[head].text)) return head - 1;
  const bool measured = head > 0 && (words[head].text == "amt" || words[head].text == "cnt" ||
                                     words[head].text == "nbr");
  return measured ? head - 1 : head;
}

std::string spoken_name(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), '_', ' ');
  return out;
}

const contracts::Measure* measure_of(const contracts::ProjectModel& project,
                                     const std::string& name,
                                     const contracts::SemanticModel** owner) {
  for (const auto& model : project.semantic_models)
    for (const auto& measure : model.measures)
      if (measure.name == name) {
        *owner = &model;
        return &measure;
      }
  return nullptr;
}

bool is_yes_no(const std::vector<std::string>& values) {
  return !values.empty() && std::all_of(values.begin(), values.end(), [](const std::string& value) {
    const std::string folded = language::fold(value);
    return folded == "true" || folded == "false";
  });
}

bool all_numbers(const std::vector<std::string>& values) {
  return !values.empty() && std::all_of(values.begin(), values.end(), [](const std::string& value) {
    double number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    return error == std::errc{} && end == value.data() + value.size();
  });
}

std::string local_name(const std::string& name) {
  const auto at = name.rfind("__");
  return at == std::string::npos ? name : name.substr(at + 2);
}

std::vector<std::string> path_of(const std::string& name) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0;;) {
    const auto at = name.find("__", begin);
    if (at == std::string::npos) return parts;
    parts.push_back(name.substr(begin, at - begin));
    begin = at + 2;
  }
}

std::string without_id(std::string name) {
  for (const std::string_view ending : {"_id", "_key", "_sk", "_pk", "_code"})
    if (name.size() > ending.size() && name.ends_with(ending))
      name.resize(name.size() - ending.size());
  return name;
}

/// English for where something starts and where it ends.
Direction direction_of(std::string_view names) {
  static const std::set<std::string_view> kFrom = {
      "origin", "orig", "source", "src",    "departure", "depart",  "dep",
      "sender", "from", "start",  "pickup", "export",    "outbound"};
  static const std::set<std::string_view> kTo = {
      "destination", "dest",      "dst", "target", "arrival", "arrive", "arr",
      "receiver",    "recipient", "to",  "end",    "dropoff", "import", "inbound"};
  Direction found = Direction::none;
  for (const Token& token : language::words_of_name(names)) {
    if (kFrom.contains(token.text)) found = Direction::origin;
    if (kTo.contains(token.text)) found = Direction::destination;
  }
  return found;
}

/// The few words that a description begins with, where they name the thing: `Star rating`, `Has a
/// pool`, `Ancillary revenue: spa and other extras`. Empty if it is a sentence.
std::string name_in(std::string_view description) {
  constexpr std::size_t kWordsMax = 6;
  std::string_view text = description.substr(0, description.find_first_of(".:;,(\n"));
  std::vector<Token> tokens = language::tokenize(text);
  std::size_t first = 0;
  while (first < tokens.size() && language::is_function_text(tokens[first].text)) ++first;
  if (first == tokens.size() || tokens.size() > kWordsMax) return "";
  std::string out;
  for (std::size_t i = first; i < tokens.size(); ++i) {
    // Which, that, was: a clause about the thing, no name of it.
    for (const std::string_view clause : {"which", "that", "when", "where", "who", "why", "whether",
                                          "is", "are", "was", "were", "has", "have"})
      if (tokens[i].text == clause) return "";
    out += (out.empty() ? "" : " ") + tokens[i].text;
  }
  return out;
}

/// Words that only say that a column names its row.
bool is_name_word(std::string_view word) {
  return word == "name" || word == "title" || word == "label" || word == "nm" || word == "full" ||
         word == "display";
}

}  // namespace

Lexicon::Lexicon(std::shared_ptr<const ModelIndex> index, DimensionValues values)
    : index_(std::move(index)) {
  add_metrics();
  add_counts();
  add_dimensions();
  expand_terse_names();
  add_personal_columns();
  words_of_the_model_ = static_cast<std::uint32_t>(words.size());
  add_values(values);
  order_values();
  weigh_words();
  index_words();
  // What grew by doubling gives back the rest.
  this->values.shrink_to_fit();
  words.shrink_to_fit();
  value_words_.shrink_to_fit();
  value_order_.shrink_to_fit();
}

void Lexicon::add_term(TermKind kind, Source source, std::uint32_t target, std::string_view said) {
  const std::vector<Token> tokens = source == Source::name ? language::words_of_name(said)
                                                           : language::tokenize(spoken_name(said));
  if (tokens.empty() || tokens.size() > 16) return;
  Term term{kind, source, target, {}, head_of(tokens, source)};
  for (const Token& token : tokens) term.words.push_back(word_id(token));
  if (source == Source::label || source == Source::synonym)
    for (const std::uint32_t word : term.words) words[word].natural = true;
  for (const std::uint32_t other : words[term.words[0]].terms)
    if (terms[other].kind == kind && terms[other].target == target &&
        terms[other].words == term.words) {
      if (source == Source::label) terms[other].head = term.head;
      return;
    }
  const auto id = static_cast<std::uint32_t>(terms.size());
  for (const std::uint32_t word : term.words) add_once(words[word].terms, id);
  terms.push_back(std::move(term));
}

void Lexicon::add_initials(std::uint32_t metric, std::string_view label) {
  std::string initials, all;
  for (const Token& token : language::words_of_name(label)) {
    if (token.number || token.before == ',') return;
    if (!language::is_filler(token)) initials.push_back(token.text[0]);
    all.push_back(token.text[0]);
  }
  if (initials.size() >= 3) add_term(TermKind::metric, Source::initials, metric, initials);
  if (all.size() >= 4 && all != initials) add_term(TermKind::metric, Source::initials, metric, all);
}

void Lexicon::add_metrics() {
  for (const Metric& metric : index_->project().metrics) {
    if (index_->metric(metric.name) == nullptr || metric.is_private) continue;
    const auto id = static_cast<std::uint32_t>(metrics.size());
    MetricEntry entry;
    entry.metric = &metric;
    metric_by_name_[metric.name] = id;
    add_term(TermKind::metric, Source::name, id, spoken_name(metric.name));
    add_term(TermKind::metric, Source::label, id, metric.label);
    if (metric.label.empty() || metric.label == metric.name)
      add_term(TermKind::metric, Source::label, id, name_in(metric.description));
    for (const std::string& synonym : metric.meta.synonyms)
      add_term(TermKind::metric, Source::synonym, id, synonym);
    add_initials(id, metric.label.empty() ? spoken_name(metric.name) : metric.label);
    for (const Term& term : terms)
      if (term.kind == TermKind::metric && term.target == id)
        for (const std::uint32_t word : term.words) add_once(entry.said, word);
    add_context(entry);
    metrics.push_back(std::move(entry));
  }
}

/// Counts have no words of their own: `how many` beside the entity asks for them.
void Lexicon::add_counts() {
  for (const ModelIndex::EntityCount& count : index_->entity_counts()) {
    const auto id = static_cast<std::uint32_t>(metrics.size());
    MetricEntry entry;
    entry.metric = count.metric;
    entry.counts_something = true;
    entry.counted_entity = count.entity;
    entry.has_date = count.has_date;
    metric_by_name_[count.metric->name] = id;
    count_by_entity_[count.entity] = id;
    metrics.push_back(std::move(entry));
  }
}

void Lexicon::add_context(MetricEntry& entry) {
  const auto& project = index_->project();
  const auto describe = [&](std::vector<std::uint32_t>& list, std::string_view text) {
    for (const std::uint32_t word : word_ids(text))
      if (!words[word].filler) add_once(list, word);
  };
  for (const std::uint32_t word : word_ids(entry.metric->description)) words[word].natural = true;
  describe(entry.context, entry.metric->description);
  std::vector<std::string> measures;
  if (entry.metric->measure) measures.push_back(entry.metric->measure->measure);
  for (const std::string& name : measures) {
    const contracts::SemanticModel* owner = nullptr;
    const contracts::Measure* measure = measure_of(project, name, &owner);
    if (measure == nullptr) continue;
    entry.counts_something =
        measure->agg == Aggregation::count || measure->agg == Aggregation::count_distinct;
    describe(entry.context, measure->description);
    describe(entry.around, spoken_name(owner->name));
    for (const auto& dimension : owner->dimensions) {
      describe(entry.around, spoken_name(dimension.name));
      describe(entry.around, dimension.label);
    }
  }
}

void Lexicon::add_dimensions() {
  const auto add = [&](const std::vector<DimensionInfo>& list, MetricEntry* entry) {
    for (const DimensionInfo& info : list) {
      const auto [at, fresh] =
          dimension_by_name_.try_emplace(info.name, static_cast<std::uint32_t>(dimensions.size()));
      if (fresh) {
        DimensionEntry dimension;
        dimension.info = info;
        dimension.hops = path_of(info.name).size() + (info.is_entity ? 1 : 0);
        dimensions.push_back(std::move(dimension));
      }
      if (entry == nullptr) continue;
      if (entry->reaches.size() <= at->second) entry->reaches.resize(at->second + 1);
      entry->reaches[at->second] = true;
    }
  };
  for (MetricEntry& entry : metrics) {
    const std::vector<std::string> name{entry.metric->name};
    if (auto list = index_->dimensions_for(name)) add(*list, &entry);
  }
  if (auto list = index_->dimensions_for({})) add(*list, nullptr);
  std::unordered_map<std::string, std::uint32_t> columns;
  for (DimensionEntry& entry : dimensions) {
    const std::string key = entry.info.relation + '\n' + entry.info.expr + '\n' +
                            (entry.info.relation.empty() ? entry.info.name : "");
    entry.column =
        columns.try_emplace(key, static_cast<std::uint32_t>(columns.size())).first->second;
  }
  for (MetricEntry& entry : metrics) entry.reaches.resize(dimensions.size());
  for (std::uint32_t id = 0; id < dimensions.size(); ++id) add_dimension_terms(id);
  describe_dimensions();
}

/// Labels for people: unique as far as the path can make them so.
void Lexicon::describe_dimensions() {
  std::unordered_map<std::string, std::set<std::string>> by_label;
  for (DimensionEntry& entry : dimensions) {
    const std::string local = local_name(entry.info.name);
    const std::vector<std::string> path = path_of(entry.info.name);
    for (const std::string& part : path) entry.path += (entry.path.empty() ? "" : "__") + part;
    entry.shown = entry.info.label;
    if (entry.shown.empty()) {
      const bool entity_only = entry.names_entity && !path.empty();
      entry.shown = spoken_name(entity_only ? without_id(path.back()) : without_id(local));
    }
    by_label[language::fold(entry.shown)].insert(entry.path);
    const auto words_of_it = language::words_of_name(local);
    if (!words_of_it.empty()) {
      const auto found = by_text_.find(words_of_it.back().text);
      if (found != by_text_.end()) entry.concept_word = found->second + 1;
    }
    entry.direction = direction_of(local + " " + entry.info.label + " " + entry.path);
  }
  for (DimensionEntry& entry : dimensions) {
    if (by_label[language::fold(entry.shown)].size() < 2) continue;
    const std::vector<std::string> path = path_of(entry.info.name);
    std::string way;
    for (const std::string& part : path) {
      const std::string word = spoken_name(without_id(part));
      if (language::fold(entry.shown).find(language::fold(word)) == std::string::npos)
        way += word + " ";
    }
    entry.shown = way + entry.shown;
  }
}

void Lexicon::add_dimension_terms(std::uint32_t id) {
  DimensionEntry& entry = dimensions[id];
  const DimensionInfo& info = entry.info;
  const std::string local = local_name(info.name);
  if (info.name == "metric_time") return;
  const std::vector<std::string> path = path_of(info.name);
  add_term(TermKind::dimension, Source::name, id, spoken_name(without_id(local)));
  if (!info.is_entity) add_term(TermKind::dimension, Source::name, id, spoken_name(local));
  add_term(TermKind::dimension, Source::label, id, info.label);
  if (info.label.empty() || info.label == local)
    add_term(TermKind::dimension, Source::label, id, name_in(info.description));
  for (const std::uint32_t word : word_ids(info.description)) words[word].natural = true;
  for (const std::string& synonym : info.synonyms)
    add_term(TermKind::dimension, Source::synonym, id, synonym);
  entry.boolean =
      local.starts_with("is_") || local.starts_with("has_") || local.starts_with("was_");
  for (const std::string& part : path)
    for (const std::uint32_t word : word_ids(spoken_name(without_id(part))))
      add_once(words[word].qualifies, id);
  for (const std::uint32_t word : word_ids(spoken_name(info.semantic_model)))
    add_once(words[word].qualifies, id);
  if (path.empty() || info.is_time) return;
  const std::string entity = without_id(path.back());
  std::set<std::string> entity_words, own_words;
  for (const Token& token : language::words_of_name(entity)) entity_words.insert(token.stem);
  bool names_row = false;
  for (const Token& token : language::words_of_name(local)) {
    if (is_name_word(token.stem))
      names_row = true;
    else
      own_words.insert(token.stem);
  }
  std::set<std::string> label_words;
  for (const Token& token : language::words_of_name(info.label)) label_words.insert(token.stem);
  const bool alone = own_words.empty() || own_words == entity_words;
  entry.names_entity = (names_row && alone) || (!info.is_entity && label_words == entity_words);
  if (entry.names_entity) add_term(TermKind::dimension, Source::name, id, spoken_name(entity));
}

/// The one word of the labels and descriptions that a terse word of a name is short for.
std::optional<std::uint32_t> Lexicon::full_form(std::uint32_t terse) const {
  constexpr std::size_t kTerseMax = 5;
  const Word& short_word = words[terse];
  if (short_word.natural || short_word.filler || short_word.light || short_word.time_unit)
    return std::nullopt;
  if (short_word.text.size() > kTerseMax) return std::nullopt;
  std::optional<std::uint32_t> found;
  for (std::uint32_t id = 0; id < words.size(); ++id) {
    const Word& word = words[id];
    if (!word.natural || word.function || !language::abbreviates(short_word.text, word.stem))
      continue;
    if (found && words[*found].stem != word.stem) return std::nullopt;
    if (!found) found = id;
  }
  return found;
}

/// `rev_amt` is also called by its full form, where the model itself says revenue somewhere.
void Lexicon::expand_terse_names() {
  std::unordered_map<std::uint32_t, std::uint32_t> full;
  const auto count = static_cast<std::uint32_t>(words.size());
  for (std::uint32_t id = 0; id < count; ++id)
    if (const auto found = full_form(id)) full[id] = *found;
  // What it is short for is known: comp of complimentary is not short for compare.
  for (const auto& [terse, word] : full) {
    words[terse].expanded = true;
    full_forms_[terse] = words[word].stem;
  }
  const std::size_t known = terms.size();
  for (std::size_t i = 0; i < known; ++i) {
    Term term = terms[i];
    if (term.source != Source::name) continue;
    // A label says already what people call it.
    const bool labelled =
        term.kind == TermKind::metric && !metrics[term.target].metric->label.empty();
    bool changed = false;
    if (labelled) continue;
    for (std::uint32_t& word : term.words)
      if (const auto at = full.find(word); at != full.end()) {
        word = at->second;
        changed = true;
      }
    if (!changed) continue;
    if (term.kind == TermKind::metric)
      for (const std::uint32_t word : term.words) add_once(metrics[term.target].said, word);
    const auto id = static_cast<std::uint32_t>(terms.size());
    for (const std::uint32_t word : term.words) add_once(words[word].terms, id);
    terms.push_back(std::move(term));
  }
  for (const auto& [terse, word] : full)
    for (const std::uint32_t dimension : words[terse].qualifies)
      add_once(words[word].qualifies, dimension);
}

void Lexicon::add_values(const DimensionValues& read) {
  // Each text once; its characters stand in `values` alone.
  const auto hash = [this](std::uint32_t id) {
    return std::hash<std::string_view>{}(values[id].text);
  };
  const auto same = [this](std::uint32_t a, std::uint32_t b) {
    return values[a].text == values[b].text;
  };
  std::size_t count = 0;
  for (const auto& [name, list] : read.values) count += list.size();
  std::unordered_set<std::uint32_t, decltype(hash), decltype(same)> known(count, hash, same);
  values.reserve(count + 1);
  by_text_.reserve(by_text_.size() + count);
  for (const auto& [name, list] : read.values) {
    const auto at = dimension_by_name_.find(name);
    if (at == dimension_by_name_.end() || dimensions[at->second].info.personal_data) continue;
    const std::uint32_t column = dimensions[at->second].column;
    const auto [of_column, first_time] = values_by_column_.try_emplace(column);
    if (!first_time) continue;
    if (is_yes_no(list)) {
      for (DimensionEntry& entry : dimensions)
        if (entry.column == column) entry.boolean = true;
      continue;
    }
    if (all_numbers(list))
      for (DimensionEntry& entry : dimensions)
        if (entry.column == column) entry.numeric = true;
    for (const std::string& text : list) {
      values.push_back({text, {}});
      const auto [value, fresh] = known.insert(static_cast<std::uint32_t>(values.size() - 1));
      if (!fresh) values.pop_back();
      add_once(values[*value].columns, column);
      of_column->second.push_back(*value);
      if (fresh) add_value_words(values.back());
    }
  }
}

void Lexicon::add_value_words(ValueEntry& value) {
  constexpr std::size_t kWordsMax = 16;
  // A value MedSure is said as it stands, unlike a oneWord identifier.
  const std::vector<Token> tokens = language::tokenize(spoken_name(value.text));
  const bool number_only = std::all_of(
      tokens.begin(), tokens.end(), [](const Token& token) { return token.number || token.date; });
  if (tokens.empty() || tokens.size() > kWordsMax || number_only) return;
  value.words_begin = static_cast<std::uint32_t>(value_words_.size());
  value.words_count = static_cast<std::uint32_t>(tokens.size());
  for (const Token& token : tokens) {
    const std::uint32_t word = word_id(token);
    value_words_.push_back(word);
    constexpr std::size_t kFillersMax = 12;
    if (words[word].function && value_fillers_.size() < kFillersMax) add_once(value_fillers_, word);
  }
}

void Lexicon::order_values() {
  for (std::uint32_t id = 0; id < values.size(); ++id)
    if (values[id].words_count > 0) value_order_.push_back(id);
  const auto words_at = [&](std::uint32_t id) {
    return std::span(value_words_).subspan(values[id].words_begin, values[id].words_count);
  };
  std::sort(value_order_.begin(), value_order_.end(), [&](std::uint32_t a, std::uint32_t b) {
    const auto left = words_at(a), right = words_at(b);
    const auto order = std::lexicographical_compare_three_way(left.begin(), left.end(),
                                                              right.begin(), right.end());
    return order != 0 ? order < 0 : a < b;
  });
}

void Lexicon::add_personal_columns() {
  for (const auto& [id, node] : index_->project().nodes)
    for (const auto& column : node.columns) {
      const bool tagged =
          column.meta.personal_data.value_or(false) ||
          std::find(column.tags.begin(), column.tags.end(), "pii") != column.tags.end();
      if (!tagged || std::find(personal_columns.begin(), personal_columns.end(), column.name) !=
                         personal_columns.end())
        continue;
      add_term(TermKind::personal_column, Source::name,
               static_cast<std::uint32_t>(personal_columns.size()), spoken_name(column.name));
      personal_columns.push_back(column.name);
    }
}

void Lexicon::weigh_words() {
  std::unordered_map<std::string, std::set<std::uint32_t>> metrics_with;
  for (const Term& term : terms)
    if (term.kind == TermKind::metric)
      for (const std::uint32_t word : term.words)
        metrics_with[words[word].stem].insert(term.target);
  const auto declared = std::count_if(metrics.begin(), metrics.end(), [](const MetricEntry& entry) {
    return entry.counted_entity.empty();
  });
  const double all = std::log(static_cast<double>(declared) + 2);
  for (Word& word : words) {
    const auto at = metrics_with.find(word.stem);
    if (at == metrics_with.end() || at->second.size() < 2) continue;
    const double share = std::log(static_cast<double>(at->second.size())) / all;
    word.rarity = std::clamp(1 - 0.6 * share, 0.4, 1.0);
  }
}

}  // namespace loquat::semantic::planner

#include "loquat/agents/learnt.hpp"

#include <algorithm>

#include "loquat/agents/query_shape.hpp"

namespace loquat::agents {
namespace {

using contracts::LearntItem;
using contracts::MetricQuery;
using semantic::QuestionFrame;

constexpr int kAnotherDay = 400;  ///< further than any relative period reaches back

QuestionFrame frame_on(const semantic::Vocabulary& vocabulary, const std::string& question,
                       Date today) {
  semantic::PlanRequest request;
  request.question = question;
  request.today = today;
  return semantic::frame_of(vocabulary, request);
}

Date days_later(Date date, int days) {
  return Date(std::chrono::sys_days(date) + std::chrono::days(days));
}

bool shows_personal_data(const semantic::ModelIndex& index, const MetricQuery& query) {
  const auto dimensions = index.dimensions_for(query.metrics);
  if (!dimensions) return true;
  const auto names = [&](const std::string& text) {
    return std::ranges::any_of(*dimensions, [&](const auto& dimension) {
      if (!dimension.personal_data) return false;
      // Its own name, or `entity__name` in a filter's template, whatever path leads there.
      const auto last = dimension.name.rfind("__");
      const auto cut = last == std::string::npos || last == 0
                           ? std::string::npos
                           : dimension.name.rfind("__", last - 1);
      const std::string tail =
          cut == std::string::npos ? dimension.name : dimension.name.substr(cut + 2);
      return text == dimension.name || text == tail ||
             text.find("'" + tail + "'") != std::string::npos;
    });
  };
  return std::ranges::any_of(query.group_by, names) || std::ranges::any_of(query.where, names);
}

Result<MetricQuery> query_of(const LearntItem& item) {
  if (!item.query) return fail(Errc::invalid_request, "No query is known for it.");
  return from_shape(*item.query);
}

/// The entry's query with the values and the period of `frame`; nothing when in doubt.
std::optional<MetricQuery> put_in(const semantic::Vocabulary& vocabulary,
                                  const LearntBook::Entry& entry, const QuestionFrame& frame,
                                  Date today, bool& is_variant) {
  if (entry.frame.values.size() != frame.values.size()) return std::nullopt;
  MetricQuery query = entry.query;
  for (std::size_t i = 0; i < frame.values.size(); ++i) {
    const auto& from = entry.frame.values[i];
    const auto& to = frame.values[i];
    if (from.text == to.text && from.dimensions == to.dimensions) continue;
    // Put in from the taught query, so that swapped values do not chase each other.
    const bool is_taken = std::ranges::any_of(
        entry.frame.values, [&](const auto& value) { return value.text == to.text; });
    auto changed = is_taken ? std::nullopt : semantic::with_value(vocabulary, query, from, to);
    if (!changed) return std::nullopt;
    query = std::move(*changed);
    is_variant = true;
  }
  if (entry.item.is_period_fixed) {
    if (!frame.says_time) return query;
    const QuestionFrame own = frame_on(vocabulary, entry.item.question, today);
    if (own.start != frame.start || own.end != frame.end) return std::nullopt;
    return query;
  }
  const bool is_other = query.start_time != frame.start || query.end_time != frame.end;
  if (is_other && query.comparison) return std::nullopt;
  is_variant = is_variant || is_other;
  query.start_time = frame.start;
  query.end_time = frame.end;
  return query;
}

bool is_out_of_bounds(const semantic::PlanOutcome& planned) {
  using semantic::RefusalReason;
  const auto* refuse = std::get_if<semantic::Refuse>(&planned.result);
  if (refuse == nullptr) return false;
  return refuse->reason == RefusalReason::write_request ||
         refuse->reason == RefusalReason::policy || refuse->reason == RefusalReason::personal_data;
}

std::string words_of(const Error& error) {
  std::string out = error.detail;
  for (const auto& issue : error.fields) out += " " + issue.message;
  return out;
}

}  // namespace

std::string why_broken(const semantic::Vocabulary& vocabulary, const LearntItem& item, Date today) {
  auto query = query_of(item);
  if (!query) return words_of(query.error());
  const auto compiled = vocabulary.index().compile(*query, {});
  if (!compiled) return words_of(compiled.error());
  if (frame_on(vocabulary, item.question, today).form.empty())
    return "The question cannot be recognised with this model.";
  return {};
}

std::shared_ptr<const LearntBook> build_book(std::shared_ptr<const semantic::Vocabulary> vocabulary,
                                             const std::vector<LearntItem>& items, Date today) {
  auto book = std::make_shared<LearntBook>();
  for (const LearntItem& item : items) {
    std::string reason = why_broken(*vocabulary, item, today);
    if (!reason.empty()) {
      book->broken[item.id] = std::move(reason);
      continue;
    }
    LearntBook::Entry entry{item, *query_of(item), frame_on(*vocabulary, item.question, today)};
    book->by_form[entry.frame.form].push_back(book->entries.size());
    book->entries.push_back(std::move(entry));
  }
  book->vocabulary = std::move(vocabulary);
  return book;
}

std::optional<LearntUse> find_learnt(const LearntBook& book, const semantic::PlanRequest& request,
                                     const semantic::PlanOutcome& planned) {
  if (request.refine || book.entries.empty() || is_out_of_bounds(planned)) return std::nullopt;
  const auto* plan = std::get_if<semantic::Planned>(&planned.result);
  if (plan != nullptr && plan->is_follow_up) return std::nullopt;
  const QuestionFrame frame = semantic::frame_of(*book.vocabulary, request);
  const auto found = book.by_form.find(frame.form);
  if (frame.form.empty() || found == book.by_form.end()) return std::nullopt;
  std::optional<LearntUse> best;
  for (const std::size_t at : found->second) {
    const auto& entry = book.entries[at];
    const LearntItem& item = entry.item;
    LearntUse use{item.id, item.question, item.author, item.kind, item.version, false, {}, {}};
    auto query = put_in(*book.vocabulary, entry, frame, request.today, use.is_variant);
    if (!query || !book.vocabulary->index().compile(*query, {})) continue;
    if (!request.may_see_personal_data && shows_personal_data(book.vocabulary->index(), *query))
      continue;
    use.query = std::move(*query);
    if (!item.is_period_fixed) use.time_phrase = frame.time_phrase;
    const bool is_first = !best || (best->kind == contracts::LearntKind::memory &&
                                    use.kind == contracts::LearntKind::verified);
    if (!is_first && best->kind == use.kind && best->query != use.query) return std::nullopt;
    if (is_first) best = std::move(use);
  }
  return best;
}

Result<bool> is_period_fixed(const semantic::Vocabulary& vocabulary, const std::string& question,
                             const MetricQuery& query, Date today) {
  const QuestionFrame now = frame_on(vocabulary, question, today);
  if (now.form.empty())
    return Error{Errc::invalid_request,
                 "The question cannot be recognised again.",
                 {{"/question", "has no words that this model could tell it by"}}};
  if (now.start == query.start_time && now.end == query.end_time) return false;
  const QuestionFrame later = frame_on(vocabulary, question, days_later(today, kAnotherDay));
  const bool is_relative = now.start != later.start || now.end != later.end;
  if (!is_relative) return true;
  return Error{Errc::invalid_request,
               "The query's period is not the one that the question says.",
               {{"/query/start_time",
                 "the question means " + (now.time_phrase.empty() ? "another" : now.time_phrase) +
                     " today: with another period the answer would be wrong tomorrow"}}};
}

std::vector<std::string> contradictions(const semantic::Vocabulary& vocabulary,
                                        const std::string& question, const MetricQuery& query,
                                        Date today) {
  std::vector<std::string> out;
  const QuestionFrame frame = frame_on(vocabulary, question, today);
  const auto compiled = vocabulary.index().compile(query, {});
  const auto has = [](const std::vector<std::string>& list, const std::string& name) {
    return std::ranges::find(list, name) != list.end();
  };
  const auto in_groups = [&](const std::string& piece) {
    return std::ranges::any_of(query.group_by, [&](const std::string& group) {
      return group == piece || group.ends_with("__" + piece);
    });
  };
  for (const auto& metric : frame.metrics)
    if (!has(query.metrics, metric) && !(compiled && has(compiled->metrics, metric)))
      out.push_back("The question names the metric " + metric + "; the query does not use it.");
  for (const auto& dimension : frame.dimensions)
    if (!in_groups(dimension))
      out.push_back("The question splits by " + dimension + "; the query does not.");
  for (const auto& grain : frame.grains)
    if (!in_groups(grain)) out.push_back("The question asks by " + grain + "; the query does not.");
  for (const auto& value : frame.values)
    if (std::ranges::none_of(query.where, [&](const std::string& filter) {
          return filter.find("'" + value.text + "'") != std::string::npos;
        }))
      out.push_back("The question names " + value.text + "; no filter of the query does.");
  if (frame.says_time && (frame.start != query.start_time || frame.end != query.end_time) &&
      !query.comparison)
    out.push_back("The question says " + frame.time_phrase + "; the query has another period.");
  return out;
}

}  // namespace loquat::agents

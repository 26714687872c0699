// long: one lesson from its event to its item, and what takes it back.
#include <algorithm>

#include "compare.hpp"
#include "gate.hpp"
#include "loquat/agents/learnt.hpp"
#include "loquat/semantic/model_index.hpp"
#include "loquat/wire/codec.hpp"
#include "service.hpp"

/// From a correction to an item: read, executed, compared, and only then kept.
namespace loquat::memory {

using contracts::LearntEffect;
using contracts::LearntItem;
using contracts::LearntState;
using contracts::MetricQuery;
using contracts::Task;

namespace {

/// A check is begun this often; if the process ended each time, what it runs is taken to be why.
constexpr std::int64_t kChecksMax = 3;

std::string words_of(const Error& error) {
  std::string out = error.detail;
  for (const auto& issue : error.fields) {
    if (out.find(issue.message) != out.npos) continue;
    if (out.ends_with('.')) out.pop_back();
    out += ": " + issue.message;
  }
  return out;
}

semantic::CompileOptions options_for(const contracts::QueryEngine& engine) {
  semantic::CompileOptions options;
  options.dialect =
      engine.dialect() == "trino" ? semantic::Dialect::trino : semantic::Dialect::duckdb;
  return options;
}

std::string source_of(const wire::FeedbackEvent& event) {
  if (event.data.corrected_query) return "corrected_query";
  return event.data.corrected_sql ? "corrected_sql" : "corrected_text";
}

Result<MetricQuery> query_of(const wire::RawJson& json) {
  auto decoded = wire::decode<wire::QueryShape>(json.text);
  if (!decoded) return decoded.error();
  return agents::from_shape(decoded->message);
}

bool is_same_query(const std::optional<wire::QueryShape>& a,
                   const std::optional<wire::QueryShape>& b) {
  if (!a || !b) return !a && !b;
  return wire::encode(*a) == wire::encode(*b);
}

/// Items for one question that say the same. Where no query was found, only the same words or SQL
/// are known to mean the same.
bool says_the_same(const LearntItem& a, const LearntItem& b) {
  if (a.question != b.question || !is_same_query(a.query, b.query)) return false;
  return a.query || (a.corrected_sql == b.corrected_sql && a.corrected_text == b.corrected_text);
}

/// Everything that counts as trying to make the item say something else than its effect shows.
void compare_effects(LearntItem& item) {
  if (item.after && !item.after->error.empty())
    item.problems.push_back("The query did not run: " + item.after->error);
  else if (item.after && item.after->row_count == 0)
    item.problems.emplace_back("The query finds no rows.");
}

}  // namespace

Task<Result<contracts::ResultSet>> Service::run(std::string sql, std::string tenant_id,
                                                std::string user_id) {
  if (ports_.has_row_filters)
    co_return fail(Errc::forbidden, "Row filters are in force: nothing is run for a check.");
  contracts::QueryRequest request;
  request.query_id = make_id("qry", ports_.sources);
  request.sql = std::move(sql);
  request.deadline = Clock::now() + config_.check_timeout;
  request.principal.tenant_id = std::move(tenant_id);
  request.principal.user_id = std::move(user_id);
  request.context.trace_id = make_hex(16, ports_.sources.random);
  auto rows = co_await ports_.engine.execute(std::move(request));
  co_return rows;
}

Task<LearntEffect> Service::effect_of(MetricQuery query, Snapshot model, std::string tenant_id,
                                      std::string user_id) {
  LearntEffect effect;
  effect.query = agents::to_shape(query);
  effect.interpretation = semantic::interpret(*model->index, query, "");
  auto compiled = model->index->compile(query, options_for(ports_.engine));
  if (!compiled) {
    effect.error = words_of(compiled.error());
    co_return effect;
  }
  auto rows = co_await run(compiled->sql, std::move(tenant_id), std::move(user_id));
  if (!rows) {
    effect.error = rows.error().detail;
    co_return effect;
  }
  effect.row_count = static_cast<std::int64_t>(rows->rows.size());
  std::size_t metric = rows->columns.size();
  for (std::size_t i = 0; i < rows->columns.size(); ++i) {
    effect.columns.push_back(rows->columns[i].name);
    const bool is_first = !query.metrics.empty() && rows->columns[i].name == query.metrics.front();
    if (is_first) metric = i;
  }
  if (metric == rows->columns.size()) co_return effect;
  double sum = 0;
  bool has_any = false;
  for (const auto& row : rows->rows) {
    double cell = 0;
    if (contracts::as_number(row[metric], cell)) sum += cell, has_any = true;
  }
  if (has_any) effect.value = sum;
  co_return effect;
}

/// The corrected SQL never answers anything: it is run once, inside the read-only guard, to find
/// the modelled query that gives the same rows from the same relations.
Task<Result<std::optional<MetricQuery>>> Service::match_sql(Lesson& lesson,
                                                            const MetricQuery& planned,
                                                            Snapshot model) {
  using Found = std::optional<MetricQuery>;
  LearntItem& item = lesson.item;
  std::string dialect(ports_.engine.dialect());
  auto facts = co_await ports_.inspector.inspect(*item.corrected_sql, std::move(dialect));
  if (!facts || !facts->problems.empty() || !facts->is_single_select) {
    item.problems.emplace_back("The corrected SQL is no single read-only SELECT.");
    co_return Found{};
  }
  auto expected = co_await run(*item.corrected_sql, item.tenant_id, item.author);
  if (!expected) {
    item.problems.push_back("The corrected SQL did not run: " + expected.error().detail);
    co_return Found{};
  }
  const std::string sql = *item.corrected_sql;
  const std::size_t limit = static_cast<std::size_t>(config_.candidates_max);
  auto work = [model, planned, sql, tables = facts->tables, limit] {
    return candidates_for(*model->index, planned, sql, tables, limit);
  };
  auto candidates = co_await ports_.workers.run(std::move(work));
  if (!candidates) co_return candidates.error();
  std::vector<MetricQuery> same;
  for (const auto& candidate : *candidates) {
    auto compiled = model->index->compile(candidate, options_for(ports_.engine));
    if (!compiled) continue;
    auto rows = co_await run(compiled->sql, item.tenant_id, item.author);
    if (rows && is_same_result(*expected, *rows)) same.push_back(candidate);
  }
  if (same.size() == 1) co_return Found{same.front()};
  item.problems.emplace_back(
      same.empty() ? "No modelled query gives the same rows as the corrected SQL."
                   : "Several modelled queries give the same rows as the corrected SQL.");
  co_return Found{};
}

Task<Result<void>> Service::read_correction(Lesson& lesson, const wire::FeedbackEvent& event,
                                            Snapshot model) {
  LearntItem& item = lesson.item;
  std::optional<MetricQuery> planned;
  if (item.wrong_query) {
    auto wrong = agents::from_shape(*item.wrong_query);
    if (wrong) planned = std::move(*wrong);
  }
  if (event.data.corrected_query) {
    auto query = query_of(*event.data.corrected_query);
    if (query)
      lesson.query = std::move(*query);
    else
      item.problems.push_back("The corrected query cannot be read: " + words_of(query.error()));
  } else if (event.data.corrected_sql) {
    if (!planned) {
      item.problems.emplace_back("There was no query to compare the corrected SQL with.");
      co_return Result<void>{};
    }
    auto matched = co_await match_sql(lesson, *planned, model);
    if (!matched) co_return matched.error();
    lesson.query = std::move(*matched);
  } else if (event.data.corrected_text) {
    semantic::PlanRequest request;
    request.question = *event.data.corrected_text;
    request.today = ports_.today();
    request.data_start = model->data_start;
    request.data_end = model->data_end;
    auto work = [model, request] { return semantic::plan(*model->vocabulary, request); };
    auto outcome = co_await ports_.workers.run(std::move(work));
    if (!outcome) co_return outcome.error();
    const auto* plan = std::get_if<semantic::Planned>(&outcome->result);
    if (plan != nullptr)
      lesson.query = plan->query;
    else
      item.problems.emplace_back("The corrected text is no question that this model can answer.");
  }
  co_return Result<void>{};
}

Task<Result<void>> Service::check(Lesson& lesson, Snapshot model) {
  LearntItem& item = lesson.item;
  if (item.wrong_query) {
    auto wrong = agents::from_shape(*item.wrong_query);
    if (wrong) item.before = co_await effect_of(*wrong, model, item.tenant_id, item.author);
  }
  if (!lesson.query) co_return Result<void>{};
  item.query = agents::to_shape(*lesson.query);
  item.after = co_await effect_of(*lesson.query, model, item.tenant_id, item.author);
  compare_effects(item);
  const Date day = ports_.today();
  auto work = [model, question = item.question, query = *lesson.query, day] {
    struct Verdict {
      std::vector<std::string> problems;
      Result<bool> fixed;
    };
    return Verdict{agents::contradictions(*model->vocabulary, question, query, day),
                   agents::is_period_fixed(*model->vocabulary, question, query, day)};
  };
  auto verdict = co_await ports_.workers.run(std::move(work));
  if (!verdict) co_return verdict.error();
  for (auto& problem : verdict->problems) item.problems.push_back(std::move(problem));
  if (verdict->fixed)
    item.is_period_fixed = *verdict->fixed;
  else
    item.problems.push_back(words_of(verdict->fixed.error()));
  co_return Result<void>{};
}

bool Service::is_learnt(const Tenant& tenant, const std::string& event_id) {
  return std::ranges::any_of(tenant.items, [&](const auto& item) {
    const auto& sources = item.second.source_event_ids;
    return std::ranges::find(sources, event_id) != sources.end();
  });
}

Task<Result<void>> Service::learn_correction(wire::FeedbackEvent event, TenantPtr tenant) {
  if (is_learnt(*tenant, event.event_id)) co_return Result<void>{};
  const std::string tenant_id = event.tenant_id;
  const std::string event_id = event.event_id;
  const auto begun = co_await ports_.store.begin_check(tenant_id, event_id);
  if (!begun) co_return begun.error();
  const Result<void> learnt =
      co_await learn_checked(std::move(event), std::move(tenant), *begun <= kChecksMax);
  // If this is not kept, the next try counts as one more.
  static_cast<void>(co_await ports_.store.end_check(tenant_id, event_id));
  co_return learnt;
}

Task<Result<void>> Service::learn_checked(wire::FeedbackEvent event, TenantPtr tenant,
                                          bool may_run) {
  Snapshot model = ports_.models.current();
  if (!model) co_return fail(Errc::unavailable, "There is no model to check a correction with.");
  auto found = co_await ports_.sessions.find_response(event.response_id);
  if (!found) co_return found.error();
  if (!*found || (*found)->tenant_id != event.tenant_id) co_return Result<void>{};
  const auto& record = **found;
  Lesson lesson;
  LearntItem& item = lesson.item;
  item.tenant_id = event.tenant_id;
  item.question = record.content;
  item.author = *event.user_id;
  item.note = event.data.comment.value_or("");
  item.source = source_of(event);
  item.corrected_sql = event.data.corrected_sql;
  item.corrected_text = event.data.corrected_text;
  auto answer = wire::decode<wire::Answer>(record.answer_json);
  if (answer) item.wrong_query = answer->message.query;
  if (may_run) {
    const Result<void> read = co_await read_correction(lesson, event, model);
    if (!read) co_return read;
    const Result<void> checked = co_await check(lesson, model);
    if (!checked) co_return checked;
  } else {
    item.problems.push_back("It was tried " + std::to_string(kChecksMax) +
                            " times, and each time the process ended before it was through.");
  }
  const Date day = ports_.today();
  auto work = [model, question = item.question, day] {
    semantic::PlanRequest request;
    request.question = question;
    request.today = day;
    return semantic::frame_of(*model->vocabulary, request).form;
  };
  auto form = co_await ports_.workers.run(std::move(work));
  if (!form) co_return form.error();
  item.normal_form = std::move(*form);

  const auto turn = co_await tenant->turn.acquire();
  if (!turn) co_return turn.error();
  // The same one may have come between: it is delivered twice at a time when a partition changes
  // hands.
  if (is_learnt(*tenant, event.event_id)) co_return Result<void>{};
  const WallTime now = ports_.sources.wall.now();
  const contracts::LearntStance said{event.event_id, item.author, event.response_id, "correction",
                                     true};
  std::vector<Item> changed;
  bool is_known = false;
  for (const auto& [_, other] : tenant->items) {
    if (other.kind != contracts::LearntKind::memory || other.normal_form != item.normal_form)
      continue;
    Item next = other;
    if (says_the_same(other, item)) {
      is_known = true;
      take_stance(next, said);
      next.source_event_ids.push_back(event.event_id);
    } else if (item.query && next.query && !is_same_query(next.query, item.query) &&
               next.question == item.question) {
      contracts::LearntStance against = said;
      against.agrees = false;
      take_stance(next, std::move(against));
      for (contracts::LearntStance theirs : next.stances) {
        if (!theirs.agrees) continue;
        theirs.agrees = false;
        take_stance(item, std::move(theirs));
      }
    } else {
      continue;
    }
    next.updated_at = now;
    apply_threshold(next, config_.agreeing_users_min, now);
    changed.push_back(std::move(next));
  }
  bool has_room = is_known;
  if (!is_known) {
    const auto made = co_await make_room(tenant, item.author);
    if (!made) co_return made.error();
    has_room = *made;
    std::erase_if(changed, [&](const Item& one) { return !tenant->items.contains(one.id); });
  }
  if (!has_room) count_not_learnt();  // trying again would only hold up the others
  if (!is_known && has_room) {
    item.id = make_id("mem", ports_.sources);
    item.created_at = now;
    item.source_event_ids = {event.event_id};
    take_stance(item, said);
    change_state(item, LearntState::pending, item.author, "A correction.", now);
    apply_threshold(item, config_.agreeing_users_min, now);
    changed.push_back(item);
  }
  // What names the event comes last: after a crash in between, its next delivery does the rest.
  std::ranges::stable_partition(changed, [&](const Item& one) {
    return std::ranges::find(one.source_event_ids, event.event_id) == one.source_event_ids.end();
  });
  for (auto& one : changed) {
    const Result<void> kept = co_await keep(tenant, std::move(one));
    if (!kept) co_return kept;
  }
  co_return Result<void>{};
}

/// The item that made the answer; empty if none did.
Task<Result<std::string>> Service::item_behind(const wire::FeedbackEvent& event, TenantPtr tenant) {
  const auto made = tenant->item_of_response.find(event.response_id);
  if (made != tenant->item_of_response.end()) co_return made->second;
  auto found = co_await ports_.sessions.find_response(event.response_id);
  if (!found) co_return found.error();
  if (!*found || (*found)->tenant_id != event.tenant_id) co_return std::string();
  const wire::JsonLimits limits{.bytes_max = 64U << 20U, .depth_max = 64, .values_max = 20'000'000};
  auto answer = wire::decode<wire::Answer>((*found)->answer_json, limits);
  if (!answer || !answer->message.learnt_from) co_return std::string();
  co_return answer->message.learnt_from->id;
}

/// A vote against an answer that rested on an item is a vote against the item. What a user takes
/// back, by naming it or by voting anew in its place, no longer counts.
Task<Result<void>> Service::learn_vote(wire::FeedbackEvent event, TenantPtr tenant) {
  using wire::FeedbackType;
  if (tenant->items.empty()) co_return Result<void>{};
  contracts::LearntStance said{event.event_id, *event.user_id, event.response_id, "", false};
  const bool is_rating = event.feedback_type == FeedbackType::rating;
  if (event.feedback_type == FeedbackType::thumbs_up ||
      event.feedback_type == FeedbackType::thumbs_down)
    said.place = "thumbs";
  else if (is_rating)
    said.place = "rating";
  const bool is_against = event.feedback_type == FeedbackType::thumbs_down ||
                          (is_rating && event.data.rating.value_or(5) <= 2);
  std::string behind;
  if (is_against) {
    auto found = co_await item_behind(event, tenant);
    if (!found) co_return found.error();
    behind = std::move(*found);
  }
  const auto turn = co_await tenant->turn.acquire();
  if (!turn) co_return turn.error();
  const WallTime now = ports_.sources.wall.now();
  std::vector<Item> changed;
  for (const auto& [id, item] : tenant->items) {
    Item next = item;
    bool is_changed = event.supersedes && withdraw(next, *event.supersedes, *event.user_id);
    if (!said.place.empty()) is_changed = withdraw(next, said) || is_changed;
    if (id == behind) {
      take_stance(next, said);
      if (std::ranges::find(next.source_event_ids, event.event_id) == next.source_event_ids.end())
        next.source_event_ids.push_back(event.event_id);
      is_changed = true;
    }
    if (!is_changed) continue;
    if (next.kind == contracts::LearntKind::memory)
      apply_threshold(next, config_.agreeing_users_min, now);
    changed.push_back(std::move(next));
  }
  for (auto& item : changed) {
    const Result<void> kept = co_await keep(tenant, std::move(item));
    if (!kept) co_return kept;
  }
  co_return Result<void>{};
}

}  // namespace loquat::memory

#include <algorithm>
#include <map>

#include "feedback.hpp"
#include "loquat/wire/codec.hpp"

/// What answers were about, and what was said of them by that.
namespace loquat::store {

using contracts::AnswerFacts;
using contracts::QualityRow;
using contracts::Task;

namespace {

std::string names_json(std::vector<std::string> names) {
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  std::string text;
  wire::JsonWriter out(text);
  wire::encode_value(out, names);
  return text;
}

constexpr const char* kFeedbackJoin =
    "JOIN feedback f ON f.tenant_id = a.tenant_id AND f.response_id = a.response_id AND "
    "f.is_superseded = 0 ";
constexpr const char* kBounds = "WHERE a.tenant_id = ?1 AND (?2 IS NULL OR a.at >= ?2) ";

struct Statements {
  std::string answers, feedback;
};
Statements statements_of(contracts::FeedbackStore::Facet by) {
  using Facet = contracts::FeedbackStore::Facet;
  const bool is_day = by == Facet::day;
  std::string value = is_day ? "date(a.at / 1000, 'unixepoch')" : "a.kind";
  std::string from = " FROM answers a ";
  if (by == Facet::metric || by == Facet::agent) {
    value = "x.value";
    from +=
        std::string("JOIN json_each(a.") + (by == Facet::metric ? "metrics" : "agents") + ") x ";
  }
  return {"SELECT " + value + " AS value, count(*), sum(a.status = 'complete'), sum(a.confidence)" +
              from + kBounds + "GROUP BY value ORDER BY " +
              (is_day ? "value" : "count(*) DESC, value") + " LIMIT ?3",
          "SELECT " + value +
              " AS value, f.feedback_type, count(*), coalesce(sum(f.rating), 0), "
              "count(f.rating)" +
              from + kFeedbackJoin + kBounds + "GROUP BY value, f.feedback_type"};
}

const Statements& statements_for(contracts::FeedbackStore::Facet by) {
  using Facet = contracts::FeedbackStore::Facet;
  static const std::map<Facet, Statements> all = [] {
    std::map<Facet, Statements> made;
    for (const Facet facet : {Facet::metric, Facet::agent, Facet::kind, Facet::day})
      made.emplace(facet, statements_of(facet));
    return made;
  }();
  return all.at(by);
}

}  // namespace

Task<Result<void>> SqliteFeedback::put_answer(AnswerFacts facts) {
  std::function<void(Database&)> work = [facts = std::move(facts)](Database& db) {
    db.query(
          "INSERT OR IGNORE INTO answers(tenant_id, response_id, at, status, confidence, kind, "
          "metrics, agents) VALUES (?,?,?,?,?,?,?,?)")
        .bind(facts.tenant_id)
        .bind(facts.response_id)
        .bind(facts.at)
        .bind(facts.status)
        .bind(facts.confidence)
        .bind(facts.kind)
        .bind(names_json(facts.metrics))
        .bind(names_json(facts.agents))
        .run();
  };
  return writer_.run(Durability::process, std::move(work), Turn::soon);
}

Task<Result<std::vector<QualityRow>>> SqliteFeedback::quality(Filter filter, Facet by,
                                                              std::size_t limit) {
  std::function<std::vector<QualityRow>(Database&)> work = [filter = std::move(filter), by,
                                                            limit](Database& db) {
    const Statements& sql = statements_for(by);
    std::vector<QualityRow> rows;
    std::map<std::string, std::size_t> at;
    {
      Query row = db.query(sql.answers.c_str());
      row.bind(filter.tenant_id).bind(filter.since).bind(limit);
      while (row.step()) {
        QualityRow made;
        made.value = row.text();
        made.answers = row.number();
        made.complete = row.number();
        made.confidence_sum = row.real();
        at[made.value] = rows.size();
        rows.push_back(std::move(made));
      }
    }
    Query row = db.query(sql.feedback.c_str());
    row.bind(filter.tenant_id).bind(filter.since);
    while (row.step()) {
      const auto known = at.find(row.text());
      if (known == at.end()) continue;
      QualityRow& to = rows[known->second];
      std::string type = row.text();
      to.by_type[std::move(type)] = row.number();
      to.rating_sum += row.real();
      to.rating_count += row.number();
    }
    return rows;
  };
  return writer_.run(Durability::process, std::move(work));
}

}  // namespace loquat::store

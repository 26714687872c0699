#include "feedback.hpp"

/// What answers were about, and what was said of them by that.
namespace loquat::store {

using contracts::AnswerFacts;
using contracts::QualityRow;
using contracts::Task;

namespace {

void insert_facet(Database& db, const AnswerFacts& facts, std::string_view facet,
                  const std::string& value) {
  db.query(
        "INSERT OR IGNORE INTO answer_facets(tenant_id, facet, value, response_id) "
        "VALUES (?,?,?,?)")
      .bind(facts.tenant_id)
      .bind(facet)
      .bind(value)
      .bind(facts.response_id)
      .run();
}

constexpr const char* kFacetJoin =
    "JOIN answer_facets x ON x.tenant_id = a.tenant_id AND x.response_id = a.response_id AND "
    "x.facet = ?3 ";
constexpr const char* kFeedbackJoin =
    "JOIN feedback f ON f.tenant_id = a.tenant_id AND f.response_id = a.response_id AND "
    "f.is_superseded = 0 ";
constexpr const char* kBounds = "WHERE a.tenant_id = ?1 AND (?2 IS NULL OR a.at >= ?2) ";

struct Statements {
  std::string answers, feedback;
};
Statements statements_of(bool is_day) {
  const std::string value = is_day ? "date(a.at / 1000, 'unixepoch')" : "x.value";
  const std::string from = " FROM answers a " + std::string(is_day ? "" : kFacetJoin);
  // ?3 is bound in both forms.
  const std::string bounds = std::string(kBounds) + "AND ?3 = ?3 ";
  return {"SELECT " + value + " AS value, count(*), sum(a.status = 'complete'), sum(a.confidence)" +
              from + bounds + "GROUP BY value ORDER BY " +
              (is_day ? "value" : "count(*) DESC, value") + " LIMIT ?4",
          "SELECT " + value +
              " AS value, f.feedback_type, count(*), coalesce(sum(f.rating), 0), "
              "count(f.rating)" +
              from + kFeedbackJoin + bounds + "GROUP BY value, f.feedback_type"};
}

}  // namespace

Task<Result<void>> SqliteFeedback::put_answer(AnswerFacts facts) {
  std::function<void(Database&)> work = [facts = std::move(facts)](Database& db) {
    db.query(
          "INSERT OR IGNORE INTO answers(tenant_id, response_id, at, status, confidence) "
          "VALUES (?,?,?,?,?)")
        .bind(facts.tenant_id)
        .bind(facts.response_id)
        .bind(facts.at)
        .bind(facts.status)
        .bind(facts.confidence)
        .run();
    if (db.failed() || db.changes() == 0) return;
    insert_facet(db, facts, "kind", facts.kind);
    for (const auto& metric : facts.metrics) insert_facet(db, facts, "metric", metric);
    for (const auto& agent : facts.agents) insert_facet(db, facts, "agent", agent);
  };
  return writer_.run(Durability::process, std::move(work), Turn::soon);
}

Task<Result<std::vector<QualityRow>>> SqliteFeedback::quality(Filter filter, Facet by,
                                                              std::size_t limit) {
  static const Statements by_facet = statements_of(false);
  static const Statements by_day = statements_of(true);
  std::function<std::vector<QualityRow>(Database&)> work = [filter = std::move(filter), by,
                                                            limit](Database& db) {
    const Statements& sql = by == Facet::day ? by_day : by_facet;
    std::vector<QualityRow> rows;
    std::map<std::string, std::size_t> at;
    {
      Query row = db.query(sql.answers.c_str());
      row.bind(filter.tenant_id).bind(filter.since).bind(name_of(by)).bind(limit);
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
    row.bind(filter.tenant_id).bind(filter.since).bind(name_of(by));
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

#include "feedback.hpp"

#include "loquat/wire/codec.hpp"

namespace loquat::store {

using contracts::FeedbackCounts;
using contracts::FeedbackRow;
using contracts::Task;
using wire::FeedbackEvent;
using wire::LearningSignal;

namespace {

/// True if the event is new. One that is known to be superseded (they may come in any order) is
/// kept, but no longer counts or teaches.
bool insert_event(Database& db, const FeedbackRow& row) {
  const FeedbackEvent& event = row.event;
  db.query(
        "INSERT OR IGNORE INTO feedback(tenant_id, event_id, user_id, session_id, response_id, "
        "feedback_type, rating, supersedes, at, topic, partition, record_offset, json, "
        "is_superseded) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13, EXISTS("
        "SELECT 1 FROM feedback f WHERE f.tenant_id = ?1 AND f.supersedes = ?2 "
        "AND f.user_id IS ?3))")
      .bind(event.tenant_id)
      .bind(event.event_id)
      .bind(event.user_id)
      .bind(event.session_id)
      .bind(event.response_id)
      .bind(name_of(event.feedback_type))
      .bind(event.data.rating)
      .bind(event.supersedes)
      .bind(event.timestamp)
      .bind(row.place.topic)
      .bind(row.place.partition)
      .bind(row.place.offset)
      .bind(wire::encode(event))
      .run();
  return !db.failed() && db.changes() == 1;
}

/// A user can only take back what is the user's own.
void supersede(Database& db, const FeedbackEvent& event) {
  if (!event.supersedes) return;
  db.query(
        "UPDATE feedback SET is_superseded = 1 "
        "WHERE tenant_id = ? AND event_id = ? AND user_id IS ?")
      .bind(event.tenant_id)
      .bind(*event.supersedes)
      .bind(event.user_id)
      .run();
  if (db.failed() || db.changes() == 0) return;
  db.query("UPDATE signals SET is_superseded = 1 WHERE tenant_id = ? AND source_event_id = ?")
      .bind(event.tenant_id)
      .bind(*event.supersedes)
      .run();
}

void insert_signal(Database& db, const FeedbackEvent& event, const LearningSignal& signal) {
  db.query(
        "INSERT OR IGNORE INTO signals(tenant_id, event_id, source_event_id, session_id, "
        "response_id, at, json, is_superseded) VALUES (?1,?2,?3,?4,?5,?6,?7, coalesce("
        "(SELECT is_superseded FROM feedback WHERE tenant_id = ?1 AND event_id = ?3), 0))")
      .bind(signal.tenant_id)
      .bind(signal.event_id)
      .bind(event.event_id)
      .bind(signal.session_id)
      .bind(signal.response_id)
      .bind(signal.timestamp)
      .bind(wire::encode(signal))
      .run();
}

template <class T>
std::optional<T> decode_row(Database& db, const std::string& json) {
  auto decoded = wire::decode<T>(json);
  if (decoded) return std::move(decoded->message);
  db.fail_with(fail(Errc::corrupt, "A stored event cannot be read."));
  return std::nullopt;
}

constexpr const char* kWhere =
    " FROM feedback WHERE tenant_id = ?1 AND is_superseded = 0 AND (?2 IS NULL OR session_id = ?2) "
    "AND (?3 IS NULL OR response_id = ?3) AND (?4 IS NULL OR at >= ?4) ";

void bind_filter(Query& query, const contracts::FeedbackStore::Filter& filter) {
  query.bind(filter.tenant_id).bind(filter.session_id).bind(filter.response_id).bind(filter.since);
}

}  // namespace

Task<Result<bool>> SqliteFeedback::put(FeedbackRow row, std::vector<LearningSignal> signals) {
  std::function<bool(Database&)> work = [row = std::move(row),
                                         signals = std::move(signals)](Database& db) {
    if (!insert_event(db, row)) return false;
    supersede(db, row.event);
    for (const auto& signal : signals) insert_signal(db, row.event, signal);
    return true;
  };
  return writer_.run(Durability::machine, std::move(work));
}

Task<Result<std::optional<FeedbackEvent>>> SqliteFeedback::find(std::string tenant_id,
                                                                std::string event_id) {
  using Found = std::optional<FeedbackEvent>;
  std::function<Found(Database&)> work = [tenant_id = std::move(tenant_id),
                                          event_id = std::move(event_id)](Database& db) {
    Query row = db.query("SELECT json FROM feedback WHERE tenant_id = ? AND event_id = ?");
    row.bind(tenant_id).bind(event_id);
    return row.step() ? decode_row<FeedbackEvent>(db, row.text()) : Found{};
  };
  return writer_.run(Durability::process, std::move(work));
}

Task<Result<FeedbackCounts>> SqliteFeedback::count(Filter filter) {
  static const std::string by_type =
      std::string("SELECT feedback_type, count(*)") + kWhere + "GROUP BY feedback_type";
  static const std::string ratings = std::string("SELECT coalesce(sum(rating), 0), count(rating)") +
                                     kWhere + "AND feedback_type = 'rating'";
  static const std::string by_day =
      std::string("SELECT date(at / 1000, 'unixepoch') AS day, count(*)") + kWhere +
      "GROUP BY day ORDER BY day";
  std::function<FeedbackCounts(Database&)> work = [filter = std::move(filter)](Database& db) {
    FeedbackCounts counts;
    {
      Query row = db.query(by_type.c_str());
      bind_filter(row, filter);
      while (row.step()) {
        std::string type = row.text();
        counts.by_type[std::move(type)] = row.number();
      }
    }
    {
      Query row = db.query(ratings.c_str());
      bind_filter(row, filter);
      if (row.step()) {
        counts.rating_sum = row.real();
        counts.rating_count = row.number();
      }
    }
    Query row = db.query(by_day.c_str());
    bind_filter(row, filter);
    while (row.step()) {
      std::string day = row.text();
      counts.by_day.emplace_back(std::move(day), row.number());
    }
    return counts;
  };
  return writer_.run(Durability::process, std::move(work));
}

Task<Result<std::vector<LearningSignal>>> SqliteFeedback::signals(Filter filter,
                                                                  std::string after_event_id,
                                                                  std::size_t limit) {
  std::function<std::vector<LearningSignal>(Database&)> work =
      [filter = std::move(filter), after = std::move(after_event_id), limit](Database& db) {
        Query row = db.query(
            "SELECT json FROM signals WHERE tenant_id = ?1 AND is_superseded = 0 "
            "AND (?2 IS NULL OR session_id = ?2) AND (?3 IS NULL OR response_id = ?3) "
            "AND (?4 IS NULL OR at >= ?4) AND event_id > ?5 ORDER BY event_id LIMIT ?6");
        bind_filter(row, filter);
        row.bind(after).bind(limit);
        std::vector<LearningSignal> found;
        while (row.step())
          if (auto signal = decode_row<LearningSignal>(db, row.text()))
            found.push_back(std::move(*signal));
        return found;
      };
  return writer_.run(Durability::process, std::move(work));
}

}  // namespace loquat::store

#include "feedback.hpp"

#include "loquat/wire/codec.hpp"

namespace loquat::store {

using contracts::FeedbackCounts;
using contracts::FeedbackRow;
using contracts::Task;
using wire::FeedbackEvent;
using wire::LearningSignal;

namespace {

/// Kinds of which an author has one that counts on a response: thumbs up or down, and a rating.
struct Place {
  std::optional<std::string_view> kind, other;
};
Place place_of(const FeedbackEvent& event) {
  using wire::FeedbackType;
  switch (event.feedback_type) {
    case FeedbackType::thumbs_up:
    case FeedbackType::thumbs_down:
      return {name_of(FeedbackType::thumbs_up), name_of(FeedbackType::thumbs_down)};
    case FeedbackType::rating:
      return {name_of(FeedbackType::rating), std::nullopt};
    default:
      return {};
  }
}

/// True if the event is new. One that is known to be superseded (they may come in any order) is
/// kept, but no longer counts or teaches: an event names it, or a later one takes the same place.
/// Indexes are named here and below: without statistics SQLite takes the primary key's first column
/// for the best there is, and reads all that the tenant ever said for each vote.
bool insert_event(Database& db, const FeedbackRow& row) {
  const FeedbackEvent& event = row.event;
  const Place place = place_of(event);
  db.query(
        "INSERT OR IGNORE INTO feedback(tenant_id, event_id, user_id, session_id, response_id, "
        "feedback_type, rating, supersedes, at, topic, partition, record_offset, json, "
        "is_superseded) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13, EXISTS("
        "SELECT 1 FROM feedback f INDEXED BY feedback_by_supersedes WHERE f.tenant_id = ?1 AND "
        "f.supersedes = ?2 AND f.user_id IS ?3) OR EXISTS("
        "SELECT 1 FROM feedback f INDEXED BY feedback_by_supersedes WHERE f.tenant_id = ?1 AND "
        "f.supersedes = ?8 AND f.user_id IS ?3 AND (f.at, f.event_id) > (?9, ?2)) OR EXISTS("
        "SELECT 1 FROM feedback f INDEXED BY feedback_standing WHERE f.tenant_id = ?1 AND "
        "f.response_id = ?5 AND f.user_id = ?3 "
        "AND f.is_superseded = 0 AND f.feedback_type IN (?14, ?15) "
        "AND (f.at, f.event_id) > (?9, ?2)))")
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
      .bind(place.kind)
      .bind(place.other)
      .run();
  return !db.failed() && db.changes() == 1;
}

/// A second vote by the same author on the same response, sent anew and not as a change: the last
/// one counts.
void take_place(Database& db, const FeedbackEvent& event) {
  const Place place = place_of(event);
  if (!place.kind || !event.user_id) return;
  std::vector<std::string> gone;
  {
    Query query = db.query(
        "SELECT event_id FROM feedback INDEXED BY feedback_standing "
        "WHERE tenant_id = ?1 AND response_id = ?2 AND user_id = ?3 AND is_superseded = 0 AND "
        "feedback_type IN (?4, ?5) AND (at, event_id) < (?6, ?7)");
    query.bind(event.tenant_id).bind(event.response_id).bind(event.user_id);
    query.bind(place.kind).bind(place.other).bind(event.timestamp).bind(event.event_id);
    while (query.step()) gone.push_back(query.text());
  }
  for (const auto& id : gone)
    for (const char* sql :
         {"UPDATE feedback SET is_superseded = 1 WHERE tenant_id = ? AND event_id = ?",
          "UPDATE signals SET is_superseded = 1 WHERE tenant_id = ? AND source_event_id = ?"})
      db.query(sql).bind(event.tenant_id).bind(id).run();
}

/// A user can only take back what is the user's own. What it names goes, and what had taken the
/// same place earlier.
void supersede(Database& db, const FeedbackEvent& event) {
  if (!event.supersedes) return;
  constexpr const char* kGone =
      "(SELECT event_id FROM feedback INDEXED BY feedback_by_supersedes WHERE tenant_id = ?1 AND "
      "supersedes = ?3 AND user_id IS ?2 AND (at, event_id) < (?4, ?5) UNION ALL "
      "SELECT event_id FROM feedback WHERE tenant_id = ?1 AND event_id = ?3 AND user_id IS ?2)";
  const auto bound = [&](const std::string& sql) {
    db.query(sql.c_str())
        .bind(event.tenant_id)
        .bind(event.user_id)
        .bind(*event.supersedes)
        .bind(event.timestamp)
        .bind(event.event_id)
        .run();
  };
  static const std::string events =
      std::string("UPDATE feedback SET is_superseded = 1 WHERE tenant_id = ?1 AND event_id IN ") +
      kGone;
  static const std::string signals =
      std::string(
          "UPDATE signals SET is_superseded = 1 WHERE tenant_id = ?1 AND source_event_id IN ") +
      kGone;
  bound(events);
  if (!db.failed()) bound(signals);
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

#define LOQUAT_STORE_FILTER                                                              \
  " WHERE tenant_id = ?1 AND is_superseded = 0 AND (?2 IS NULL OR session_id = ?2) AND " \
  "(?3 IS NULL OR response_id = ?3) AND (?4 IS NULL OR at >= ?4) "
constexpr const char* kWhere = " FROM feedback" LOQUAT_STORE_FILTER;
constexpr const char* kOfUser = " FROM feedback INDEXED BY feedback_by_user" LOQUAT_STORE_FILTER;
#undef LOQUAT_STORE_FILTER

void bind_filter(Query& query, const contracts::FeedbackStore::Filter& filter) {
  query.bind(filter.tenant_id).bind(filter.session_id).bind(filter.response_id).bind(filter.since);
}

}  // namespace

Task<Result<bool>> SqliteFeedback::put(FeedbackRow row, std::vector<LearningSignal> signals) {
  // What teaches comes one after the other for a tenant: the next one waits for it.
  const Turn turn = row.event.verified ? Turn::after_all : Turn::soon;
  std::function<bool(Database&)> work = [row = std::move(row),
                                         signals = std::move(signals)](Database& db) {
    if (!insert_event(db, row)) return false;
    supersede(db, row.event);
    take_place(db, row.event);
    for (const auto& signal : signals) insert_signal(db, row.event, signal);
    return true;
  };
  return writer_.run(Durability::machine, std::move(work), turn);
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

Task<Result<std::string>> SqliteFeedback::latest(std::string tenant_id, std::string event_id) {
  std::function<std::string(Database&)> work = [tenant_id = std::move(tenant_id),
                                                event_id = std::move(event_id)](Database& db) {
    // A chain of changes; UNION ends a ring that a forged event might make.
    Query row = db.query(
        "WITH RECURSIVE chain(id, user_id, at) AS ("
        "SELECT event_id, user_id, at FROM feedback WHERE tenant_id = ?1 AND event_id = ?2 "
        "UNION SELECT f.event_id, f.user_id, f.at FROM chain c JOIN feedback f "
        "INDEXED BY feedback_by_supersedes ON f.tenant_id = ?1 AND f.supersedes = c.id AND "
        "f.user_id IS c.user_id) "
        "SELECT id FROM chain ORDER BY id = ?2, at DESC, id DESC LIMIT 1");
    row.bind(tenant_id).bind(event_id);
    return row.step() ? row.text() : event_id;
  };
  return writer_.run(Durability::process, std::move(work));
}

Task<Result<std::vector<FeedbackEvent>>> SqliteFeedback::said_by(Filter filter, std::string user_id,
                                                                 std::size_t limit) {
  std::function<std::vector<FeedbackEvent>(Database&)> work =
      [filter = std::move(filter), user_id = std::move(user_id), limit](Database& db) {
        static const std::string sql = std::string("SELECT json") + kOfUser +
                                       "AND user_id = ?5 ORDER BY at DESC, event_id "
                                       "DESC LIMIT ?6";
        Query row = db.query(sql.c_str());
        bind_filter(row, filter);
        row.bind(user_id).bind(limit);
        std::vector<FeedbackEvent> found;
        while (row.step())
          if (auto event = decode_row<FeedbackEvent>(db, row.text()))
            found.push_back(std::move(*event));
        return found;
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
            "AND (?4 IS NULL OR at >= ?4) AND (?5 = '' OR (at, event_id) > ((SELECT at FROM "
            "signals WHERE tenant_id = ?1 AND event_id = ?5), ?5)) "
            "ORDER BY at, event_id LIMIT ?6");
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

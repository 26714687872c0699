#include "sessions.hpp"

#include <algorithm>
#include <map>

namespace loquat::store {

using contracts::Page;
using contracts::SessionInfo;
using contracts::SessionRecord;
using contracts::StoredEntry;
using contracts::Task;

namespace {

SessionInfo read_info(Query& row) {
  SessionInfo info;
  info.session_id = row.text();
  info.tenant_id = row.text();
  info.user_id = row.text();
  info.title = row.text();
  info.created_at = row.time();
  info.last_active_at = row.time();
  info.message_count = row.number();
  return info;
}

contracts::SessionStore::MessageRecord read_message(Query& row) {
  contracts::SessionStore::MessageRecord record;
  record.tenant_id = row.text();
  record.user_id = row.text();
  record.session_id = row.text();
  record.message_id = row.text();
  record.content = row.text();
  record.client_id = row.maybe_text();
  record.response_id = row.maybe_text();
  record.created_at = row.time();
  record.answer_json = row.text();
  record.query_json = row.text();
  record.sql = row.text();
  return record;
}

constexpr const char* kNoteMessage =
    "INSERT OR IGNORE INTO messages(tenant_id, user_id, session_id, message_id, content, "
    "client_id, response_id, created_at, answer_json, query_json, sql) "
    "VALUES (?,?,?,?,?,?,?,?,?,?,?)";
constexpr const char* kReplaceMessage =
    "INSERT OR REPLACE INTO messages(tenant_id, user_id, session_id, message_id, content, "
    "client_id, response_id, created_at, answer_json, query_json, sql) "
    "VALUES (?,?,?,?,?,?,?,?,?,?,?)";

/// One item more than the page tells whether there is a next one.
template <class T, class Key>
void close_page(Page<T>& page, std::size_t limit, Key key) {
  if (page.items.size() <= limit) return;
  page.items.pop_back();
  page.next_cursor = key(page.items.back());
}

void write_session(Database& db, const SessionRecord& record) {
  const SessionInfo& info = record.info;
  db.query(
        "INSERT INTO sessions(session_id, tenant_id, user_id, title, created_at, "
        "last_active_at, message_count, epoch, last_seq) VALUES (?,?,?,?,?,?,?,?,?) "
        "ON CONFLICT(session_id) DO UPDATE SET title = excluded.title, "
        "last_active_at = excluded.last_active_at, message_count = excluded.message_count, "
        "epoch = excluded.epoch, last_seq = max(last_seq, excluded.last_seq) "
        "WHERE tenant_id = excluded.tenant_id AND user_id = excluded.user_id")
      .bind(info.session_id)
      .bind(info.tenant_id)
      .bind(info.user_id)
      .bind(info.title)
      .bind(info.created_at)
      .bind(info.last_active_at)
      .bind(info.message_count)
      .bind(record.epoch)
      .bind(record.last_seq)
      .run();
}

/// Entries of one session that stand side by side, as one row.
struct Run {
  std::string_view session_id;
  std::uint64_t first = 0, last = 0;
  std::string bytes;
};

void add(Run& run, const StoredEntry& entry) {
  run.last = entry.seq;
  run.bytes += entry.type;
  run.bytes += '\t';
  if (entry.bytes) run.bytes += *entry.bytes;
  run.bytes += '\n';
}

void append(Database& db, const Run& run, std::int64_t log_max_events) {
  db.query("INSERT INTO entry_runs(session_id, first_seq, last_seq, bytes) VALUES (?,?,?,?)")
      .bind(run.session_id)
      .bind(run.first)
      .bind(run.last)
      .bind(run.bytes)
      .run();
  db.query("UPDATE sessions SET last_seq = max(last_seq, ?) WHERE session_id = ?")
      .bind(run.last)
      .bind(run.session_id)
      .run();
  constexpr std::uint64_t kTrimEvery = 64;  // a trim costs more than an insert
  if (run.first / kTrimEvery == (run.last + 1) / kTrimEvery) return;
  db.query("DELETE FROM entry_runs WHERE session_id = ? AND last_seq <= ?")
      .bind(run.session_id)
      .bind(static_cast<std::int64_t>(run.last) - log_max_events)
      .run();
}

/// Sessions take turns in a batch; entries of each are in order.
void append_all(Database& db, const std::vector<StoredEntry>& entries,
                std::int64_t log_max_events) {
  std::map<std::string_view, Run> runs;
  for (const auto& entry : entries) {
    Run& run = runs[entry.session_id];
    if (run.last != 0 && entry.seq != run.last + 1) {
      append(db, run, log_max_events);
      run = {};
    }
    if (run.last == 0) run = {entry.session_id, entry.seq, 0, {}};
    add(run, entry);
  }
  for (const auto& [_, run] : runs) append(db, run, log_max_events);
}

/// Of one row what stands after `after`, until there are `limit`. False: it was not ours.
bool read_run(Query& row, const std::string& session_id, std::uint64_t after, std::size_t limit,
              std::vector<StoredEntry>& entries) {
  auto seq = static_cast<std::uint64_t>(row.number());
  const std::string text = row.text();
  std::string_view rest = text;
  for (; !rest.empty() && entries.size() < limit; ++seq) {
    const std::size_t tab = rest.find('\t');
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos || tab > end) return false;
    if (seq > after)
      entries.push_back({session_id, seq, std::string(rest.substr(0, tab)),
                         std::make_shared<const std::string>(rest.substr(tab + 1, end - tab - 1))});
    rest.remove_prefix(end + 1);
  }
  return true;
}

}  // namespace

Task<Result<void>> SqliteSessions::put_session(SessionRecord record) {
  std::function<void(Database&)> work = [record = std::move(record)](Database& db) {
    write_session(db, record);
    if (!db.failed() && db.changes() == 0)
      db.fail_with(fail(Errc::conflict, "The session id belongs to somebody else."));
  };
  return writer_.run(Durability::process, std::move(work));
}

Task<Result<std::optional<SessionRecord>>> SqliteSessions::find_session(std::string tenant_id,
                                                                        std::string session_id) {
  using Found = std::optional<SessionRecord>;
  std::function<Found(Database&)> work = [tenant_id = std::move(tenant_id),
                                          session_id = std::move(session_id)](Database& db) {
    Query row = db.query(
        "SELECT session_id, tenant_id, user_id, title, created_at, last_active_at, message_count, "
        "epoch, max(last_seq, coalesce((SELECT max(last_seq) FROM entry_runs e "
        "WHERE e.session_id = s.session_id), 0)) "
        "FROM sessions s WHERE session_id = ? AND tenant_id = ?");
    row.bind(session_id).bind(tenant_id);
    if (!row.step()) return Found{};
    SessionRecord record;
    record.info = read_info(row);
    record.epoch = row.text();
    record.last_seq = static_cast<std::uint64_t>(row.number());
    return Found{std::move(record)};
  };
  return writer_.run(Durability::process, std::move(work));
}

Task<Result<Page<SessionInfo>>> SqliteSessions::list_sessions(std::string tenant_id,
                                                              std::string user_id,
                                                              std::string cursor,
                                                              std::size_t limit) {
  std::function<Page<SessionInfo>(Database&)> work =
      [tenant_id = std::move(tenant_id), user_id = std::move(user_id), cursor = std::move(cursor),
       limit](Database& db) {
        // Newest first: ids sort by time of creation.
        Query row = db.query(
            "SELECT session_id, tenant_id, user_id, title, created_at, last_active_at, "
            "message_count FROM sessions WHERE tenant_id = ? AND user_id = ? "
            "AND (? = '' OR session_id < ?) ORDER BY session_id DESC LIMIT ?");
        row.bind(tenant_id).bind(user_id).bind(cursor).bind(cursor).bind(limit + 1);
        Page<SessionInfo> page;
        while (row.step()) page.items.push_back(read_info(row));
        close_page(page, limit, [](const SessionInfo& info) { return info.session_id; });
        return page;
      };
  return writer_.run(Durability::process, std::move(work));
}

Task<Result<void>> SqliteSessions::remove_session(std::string tenant_id, std::string session_id) {
  std::function<void(Database&)> work = [tenant_id = std::move(tenant_id),
                                         session_id = std::move(session_id)](Database& db) {
    db.query("DELETE FROM sessions WHERE session_id = ? AND tenant_id = ?")
        .bind(session_id)
        .bind(tenant_id)
        .run();
    if (db.failed() || db.changes() == 0) return;
    db.query("DELETE FROM entry_runs WHERE session_id = ?").bind(session_id).run();
    db.query("DELETE FROM messages WHERE session_id = ? AND tenant_id = ?")
        .bind(session_id)
        .bind(tenant_id)
        .run();
  };
  return writer_.run(Durability::process, std::move(work));
}

Task<Result<void>> SqliteSessions::append_entries(std::vector<StoredEntry> entries) {
  std::function<void(Database&)> work = [entries = std::move(entries), max = log_max_events_](
                                            Database& db) { append_all(db, entries, max); };
  return writer_.run(Durability::process, std::move(work), Turn::now);
}

Task<Result<std::vector<StoredEntry>>> SqliteSessions::read_entries(std::string session_id,
                                                                    std::uint64_t after,
                                                                    std::size_t limit) {
  std::function<std::vector<StoredEntry>(Database&)> work = [session_id = std::move(session_id),
                                                             after, limit](Database& db) {
    Query row = db.query(
        "SELECT first_seq, bytes FROM entry_runs WHERE session_id = ? AND last_seq > ? "
        "ORDER BY last_seq");
    row.bind(session_id).bind(after);
    std::vector<StoredEntry> entries;
    while (entries.size() < limit && row.step()) {
      if (read_run(row, session_id, after, limit, entries)) continue;
      db.fail_with(fail(Errc::corrupt, "A stored run of entries cannot be read."));
      break;
    }
    return entries;
  };
  return writer_.run(Durability::process, std::move(work));
}

Task<Result<void>> SqliteSessions::put_message(MessageRecord record,
                                               std::optional<SessionRecord> session) {
  // That it was asked stands in the log already, and its answer mostly comes sooner.
  const bool is_answered = !record.answer_json.empty();
  std::function<void(Database&)> work = [record = std::move(record), session = std::move(session),
                                         is_answered](Database& db) {
    db.query(is_answered ? kReplaceMessage : kNoteMessage)
        .bind(record.tenant_id)
        .bind(record.user_id)
        .bind(record.session_id)
        .bind(record.message_id)
        .bind(record.content)
        .bind(record.client_id)
        .bind(record.response_id)
        .bind(record.created_at)
        .bind(record.answer_json)
        .bind(record.query_json)
        .bind(record.sql)
        .run();
    if (session) write_session(db, *session);
  };
  return writer_.run(Durability::process, std::move(work), is_answered ? Turn::now : Turn::soon);
}

Task<Result<Page<contracts::SessionStore::MessageRecord>>> SqliteSessions::list_messages(
    std::string tenant_id, std::string session_id, std::string cursor, std::size_t limit) {
  std::function<Page<MessageRecord>(Database&)> work =
      [tenant_id = std::move(tenant_id), session_id = std::move(session_id),
       cursor = std::move(cursor), limit](Database& db) {
        Query row = db.query(
            "SELECT tenant_id, user_id, session_id, message_id, content, client_id, response_id, "
            "created_at, answer_json, query_json, sql FROM messages "
            "WHERE session_id = ? AND tenant_id = ? AND message_id > ? ORDER BY message_id "
            "LIMIT ?");
        row.bind(session_id).bind(tenant_id).bind(cursor).bind(limit + 1);
        Page<MessageRecord> page;
        while (row.step()) page.items.push_back(read_message(row));
        close_page(page, limit, [](const MessageRecord& record) { return record.message_id; });
        return page;
      };
  return writer_.run(Durability::process, std::move(work));
}

Task<Result<std::optional<contracts::SessionStore::MessageRecord>>> SqliteSessions::find_message(
    std::string tenant_id, std::string session_id, Question question) {
  using Found = std::optional<MessageRecord>;
  std::function<Found(Database&)> work = [tenant_id = std::move(tenant_id),
                                          session_id = std::move(session_id),
                                          question = std::move(question)](Database& db) {
    Query row = db.query(
        "SELECT tenant_id, user_id, session_id, message_id, content, client_id, response_id, "
        "created_at, answer_json, query_json, sql FROM messages WHERE session_id = ?1 AND "
        "tenant_id = ?2 AND (?3 IS NULL OR message_id = ?3) AND (?4 IS NULL OR client_id = ?4) "
        "LIMIT 1");
    row.bind(session_id).bind(tenant_id).bind(question.message_id).bind(question.client_id);
    return row.step() ? Found{read_message(row)} : Found{};
  };
  return writer_.read<Found>(std::move(work));
}

Task<Result<std::optional<contracts::SessionStore::MessageRecord>>> SqliteSessions::find_response(
    std::string response_id) {
  using Found = std::optional<MessageRecord>;
  std::function<Found(Database&)> work = [response_id = std::move(response_id)](Database& db) {
    Query row = db.query(
        "SELECT tenant_id, user_id, session_id, message_id, content, client_id, response_id, "
        "created_at, answer_json, query_json, sql FROM messages WHERE response_id = ? LIMIT 1");
    row.bind(response_id);
    return row.step() ? Found{read_message(row)} : Found{};
  };
  return writer_.read<Found>(std::move(work));
}

}  // namespace loquat::store

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

/// One item more than the page tells whether there is a next one.
template <class T, class Key>
void close_page(Page<T>& page, std::size_t limit, Key key) {
  if (page.items.size() <= limit) return;
  page.items.pop_back();
  page.next_cursor = key(page.items.back());
}

void append(Database& db, const StoredEntry& entry, std::int64_t log_max_events) {
  db.query("INSERT OR REPLACE INTO entries(session_id, seq, type, bytes) VALUES (?,?,?,?)")
      .bind(entry.session_id)
      .bind(entry.seq)
      .bind(entry.type)
      .bind(entry.bytes ? std::string_view(*entry.bytes) : std::string_view())
      .run();
  constexpr std::uint64_t kTrimEvery = 64;  // a trim costs more than an insert
  if (entry.seq % kTrimEvery != 0) return;
  db.query("DELETE FROM entries WHERE session_id = ? AND seq <= ?")
      .bind(entry.session_id)
      .bind(static_cast<std::int64_t>(entry.seq) - log_max_events)
      .run();
}

/// Entries of a batch stand in order, those of one session mostly side by side.
void append_all(Database& db, const std::vector<StoredEntry>& entries,
                std::int64_t log_max_events) {
  std::map<std::string_view, std::uint64_t> ends;
  for (const auto& entry : entries) {
    append(db, entry, log_max_events);
    auto& end = ends[entry.session_id];
    end = std::max(end, entry.seq);
  }
  for (const auto& [session_id, end] : ends)
    db.query("UPDATE sessions SET last_seq = max(last_seq, ?) WHERE session_id = ?")
        .bind(end)
        .bind(session_id)
        .run();
}

}  // namespace

Task<Result<void>> SqliteSessions::put_session(SessionRecord record) {
  std::function<void(Database&)> work = [record = std::move(record)](Database& db) {
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
        "epoch, max(last_seq, coalesce((SELECT max(seq) FROM entries e "
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
    db.query("DELETE FROM entries WHERE session_id = ?").bind(session_id).run();
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
  return writer_.run(Durability::process, std::move(work));
}

Task<Result<std::vector<StoredEntry>>> SqliteSessions::read_entries(std::string session_id,
                                                                    std::uint64_t after,
                                                                    std::size_t limit) {
  std::function<std::vector<StoredEntry>(Database&)> work = [session_id = std::move(session_id),
                                                             after, limit](Database& db) {
    Query row = db.query(
        "SELECT session_id, seq, type, bytes FROM entries WHERE session_id = ? AND seq > ? "
        "ORDER BY seq LIMIT ?");
    row.bind(session_id).bind(after).bind(limit);
    std::vector<StoredEntry> entries;
    while (row.step()) {
      StoredEntry& entry = entries.emplace_back();
      entry.session_id = row.text();
      entry.seq = static_cast<std::uint64_t>(row.number());
      entry.type = row.text();
      entry.bytes = std::make_shared<const std::string>(row.text());
    }
    return entries;
  };
  return writer_.run(Durability::process, std::move(work));
}

Task<Result<void>> SqliteSessions::put_message(MessageRecord record) {
  std::function<void(Database&)> work = [record = std::move(record)](Database& db) {
    db.query(
          "INSERT OR REPLACE INTO messages(tenant_id, user_id, session_id, message_id, content, "
          "client_id, response_id, created_at, answer_json, query_json, sql) "
          "VALUES (?,?,?,?,?,?,?,?,?,?,?)")
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
  };
  return writer_.run(Durability::process, std::move(work));
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

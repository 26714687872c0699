#include "database.hpp"

#include <array>

#include "schema.hpp"

namespace loquat::store {
namespace {

/// What SQLite says, in our words. A full, read-only, locked or broken disk means that the store is
/// away and may come back; a damaged file does not mend itself.
Errc translate(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_READONLY:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PERM:
    case SQLITE_NOMEM:
      return Errc::unavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Errc::corrupt;
    default:
      return Errc::internal;
  }
}

}  // namespace

Query::~Query() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}
Query& Query::bind(std::string_view text) {
  if (statement_ == nullptr) return *this;
  // A null data pointer would bind NULL; the empty text is not the absent one.
  const char* data = text.data() == nullptr ? "" : text.data();
  db_.note(
      sqlite3_bind_text64(statement_, ++bound_, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}
Query& Query::bind(std::int64_t number) {
  if (statement_ != nullptr) db_.note(sqlite3_bind_int64(statement_, ++bound_, number));
  return *this;
}
Query& Query::bind(double number) {
  if (statement_ != nullptr) db_.note(sqlite3_bind_double(statement_, ++bound_, number));
  return *this;
}
Query& Query::bind_null() {
  if (statement_ != nullptr) db_.note(sqlite3_bind_null(statement_, ++bound_));
  return *this;
}
bool Query::step() {
  if (statement_ == nullptr || db_.failed()) return false;
  read_ = 0;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) db_.note(code);
  return false;
}
std::string Query::text() {
  const int column = read_++;
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}
std::optional<std::string> Query::maybe_text() {
  if (sqlite3_column_type(statement_, read_) != SQLITE_NULL) return text();
  ++read_;
  return std::nullopt;
}
std::int64_t Query::number() { return sqlite3_column_int64(statement_, read_++); }
double Query::real() { return sqlite3_column_double(statement_, read_++); }

bool Database::open(const std::string& path, std::int64_t bytes_max) {
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr);
  if (code == SQLITE_OK) {
    sqlite3_extended_result_codes(handle_, 1);
    if (configure(bytes_max) && migrate()) return true;
  } else {
    note(code);
  }
  const auto error = take_error();
  close();
  error_ = error;
  return false;
}

bool Database::configure(std::int64_t bytes_max) {
  sqlite3_busy_timeout(handle_, 2000);
  execute("PRAGMA journal_mode=WAL");
  execute("PRAGMA synchronous=NORMAL");
  is_syncing_ = false;
  execute("PRAGMA journal_size_limit=67108864");  // the log's file is cut back to that
  execute("PRAGMA cache_size=-32768");
  if (log_watcher_) sqlite3_wal_hook(handle_, &Database::on_commit, this);
  execute("PRAGMA foreign_keys=ON");
  execute("PRAGMA temp_store=MEMORY");
  if (bytes_max > 0) {
    constexpr std::int64_t kPageBytes = 4096;
    const std::string pages = std::to_string(std::max<std::int64_t>(bytes_max / kPageBytes, 1));
    execute(("PRAGMA max_page_count=" + pages).c_str());
  }
  return !failed();
}

int Database::on_commit(void* self, sqlite3* handle, const char* schema, int frames) {
  const auto& watcher = static_cast<Database*>(self)->log_watcher_;
  // As SQLite's own hook does: that it fails now is no failure of the commit.
  if (watcher(frames))
    sqlite3_wal_checkpoint_v2(handle, schema, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  return SQLITE_OK;
}

bool Database::migrate() {
  std::int64_t version = 0;
  {
    Query asked = query("PRAGMA user_version");
    if (asked.step()) version = asked.number();
  }
  const auto& steps = migrations();
  if (version > static_cast<std::int64_t>(steps.size())) {
    fail_with({Errc::unavailable, "The store file was written by a newer version of Loquat."});
    return false;
  }
  for (auto at = static_cast<std::size_t>(version); at < steps.size() && !failed(); ++at) {
    execute("BEGIN IMMEDIATE");
    execute(steps[at]);
    execute(("PRAGMA user_version=" + std::to_string(at + 1)).c_str());
    execute("COMMIT");
    if (failed()) sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  return !failed();
}

void Database::close() {
  for (auto& [_, statement] : statements_) sqlite3_finalize(statement);
  statements_.clear();
  if (handle_ != nullptr) sqlite3_close_v2(handle_);
  handle_ = nullptr;
}

Query Database::query(const char* sql) {
  if (failed() || handle_ == nullptr) return Query(*this, nullptr);
  const auto known = statements_.find(std::string_view(sql));
  if (known != statements_.end()) return Query(*this, known->second);
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) {
    note(code);
    return Query(*this, nullptr);
  }
  statements_.emplace(sql, statement);
  return Query(*this, statement);
}
void Database::execute(const char* sql) {
  if (failed() || handle_ == nullptr) return;
  note(sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr));
}
void Database::sync_commits(bool must_sync) {
  if (must_sync == is_syncing_) return;
  execute(must_sync ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
  if (!failed()) is_syncing_ = must_sync;
}
std::int64_t Database::changes() const {
  return handle_ == nullptr ? 0 : sqlite3_changes64(handle_);
}
std::optional<Error> Database::take_error() {
  auto error = std::move(error_);
  error_.reset();
  return error;
}
void Database::fail_with(Error error) {
  if (!error_) error_ = std::move(error);
}
void Database::note(int code) {
  if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return;
  const char* text = handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_);
  fail_with({translate(code), std::string("SQLite: ") + text});
}

}  // namespace loquat::store

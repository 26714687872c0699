#pragma once
#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "loquat/base/clock.hpp"
#include "loquat/base/error.hpp"

namespace loquat::store {

class Database;

/// One run of a prepared statement: bind in order, step, read in order. The statement goes back to
/// the cache when this ends. Errors stick to the database; after one, nothing is executed.
class Query {
 public:
  Query(Database& db, sqlite3_stmt* statement) : db_(db), statement_(statement) {}
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  Query& bind(std::string_view text);
  Query& bind(std::int64_t number);
  Query& bind(std::uint64_t number) { return bind(static_cast<std::int64_t>(number)); }
  Query& bind(int number) { return bind(static_cast<std::int64_t>(number)); }
  Query& bind(double number);
  Query& bind(WallTime time) { return bind(to_ms(time)); }
  Query& bind_null();
  template <class T>
  Query& bind(const std::optional<T>& value) {
    return value ? bind(*value) : bind_null();
  }
  /// True if there is a row to read.
  bool step();
  /// Steps to the end, reading nothing.
  void run() {
    while (step()) {
    }
  }

  std::string text();
  std::optional<std::string> maybe_text();
  std::int64_t number();
  double real();
  WallTime time() { return WallTime{std::chrono::milliseconds(number())}; }

 private:
  static std::int64_t to_ms(WallTime time) { return time.time_since_epoch().count(); }
  Database& db_;
  sqlite3_stmt* statement_;
  int bound_ = 0;
  int read_ = 0;
};

/// One SQLite connection. Writer thread only.
class Database {
 public:
  Database() = default;
  ~Database() { close(); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// After each commit, with how many frames are in the write-ahead log: true if they are to be
  /// copied back here and now. Without one SQLite does as it likes. Before `open`.
  using LogWatcher = std::function<bool(int frames)>;
  void watch_log(LogWatcher watcher) { log_watcher_ = std::move(watcher); }
  /// Opens and migrates. False with error() set if the file cannot be used.
  bool open(const std::string& path, std::int64_t bytes_max);
  void close();
  [[nodiscard]] bool is_open() const noexcept { return handle_ != nullptr; }

  /// `sql` is a literal: it is also the statement's name in the cache.
  [[nodiscard]] Query query(const char* sql);
  void execute(const char* sql);
  /// In WAL mode a commit syncs the log only if `must_sync`; else checkpoints do.
  void sync_commits(bool must_sync);
  [[nodiscard]] std::int64_t changes() const;

  [[nodiscard]] bool failed() const noexcept { return error_.has_value(); }
  [[nodiscard]] std::optional<Error> take_error();
  /// For a record that is not what was written.
  void fail_with(Error error);
  void note(int code);

 private:
  bool configure(std::int64_t bytes_max);
  bool migrate();
  static int on_commit(void* self, sqlite3* handle, const char* schema, int frames);
  sqlite3* handle_ = nullptr;
  std::map<std::string, sqlite3_stmt*, std::less<>> statements_;
  std::optional<Error> error_;
  bool is_syncing_ = false;
  LogWatcher log_watcher_;
};

}  // namespace loquat::store

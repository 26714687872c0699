#include "api_keys.hpp"

namespace loquat::store {

using contracts::ApiKeyRecord;
using contracts::Task;

namespace {

/// Absent times are read as -1.
std::optional<WallTime> read_time(Query& row) {
  const auto ms = row.number();
  if (ms < 0) return std::nullopt;
  return WallTime{std::chrono::milliseconds(ms)};
}

}  // namespace

Task<Result<std::vector<ApiKeyRecord>>> SqliteApiKeys::load() {
  std::function<std::vector<ApiKeyRecord>(Database&)> work = [](Database& db) {
    Query row = db.query(
        "SELECT key_id, tenant_id, name, role, created_by, prefix, hash, created_at, "
        "coalesce(expires_at, -1), coalesce(last_used_at, -1) FROM api_keys ORDER BY key_id");
    std::vector<ApiKeyRecord> records;
    while (row.step()) {
      ApiKeyRecord& record = records.emplace_back();
      record.key_id = row.text();
      record.tenant_id = row.text();
      record.name = row.text();
      record.role = row.text();
      record.created_by = row.text();
      record.prefix = row.text();
      record.hash = row.text();
      record.created_at = row.time();
      record.expires_at = read_time(row);
      record.last_used_at = read_time(row);
    }
    return records;
  };
  return writer_.run(Durability::process, std::move(work));
}

Task<Result<void>> SqliteApiKeys::put(ApiKeyRecord record) {
  std::function<void(Database&)> work = [record = std::move(record)](Database& db) {
    db.query(
          "INSERT OR REPLACE INTO api_keys(key_id, tenant_id, name, role, created_by, prefix, "
          "hash, "
          "created_at, expires_at, last_used_at) VALUES (?,?,?,?,?,?,?,?,?,?)")
        .bind(record.key_id)
        .bind(record.tenant_id)
        .bind(record.name)
        .bind(record.role)
        .bind(record.created_by)
        .bind(record.prefix)
        .bind(record.hash)
        .bind(record.created_at)
        .bind(record.expires_at)
        .bind(record.last_used_at)
        .run();
  };
  return writer_.run(Durability::machine, std::move(work));
}

Task<Result<void>> SqliteApiKeys::remove(std::string tenant_id, std::string key_id) {
  std::function<void(Database&)> work = [tenant_id = std::move(tenant_id),
                                         key_id = std::move(key_id)](Database& db) {
    db.query("DELETE FROM api_keys WHERE tenant_id = ? AND key_id = ?")
        .bind(tenant_id)
        .bind(key_id)
        .run();
  };
  return writer_.run(Durability::machine, std::move(work));
}

Task<Result<void>> SqliteApiKeys::touch(std::vector<std::pair<std::string, WallTime>> uses) {
  std::function<void(Database&)> work = [uses = std::move(uses)](Database& db) {
    for (const auto& [key_id, at] : uses)
      db.query("UPDATE api_keys SET last_used_at = ? WHERE key_id = ?").bind(at).bind(key_id).run();
  };
  return writer_.run(Durability::process, std::move(work));
}

}  // namespace loquat::store

#include "learnt.hpp"

#include "loquat/wire/codec.hpp"

namespace loquat::store {

using contracts::LearntItem;
using contracts::Task;

namespace {
/// Checks that never ended and whose event never came again; the oldest go first.
constexpr std::int64_t kUnendedMax = 1'000;
}  // namespace

Task<Result<void>> SqliteLearnt::put(LearntItem item) {
  std::function<void(Database&)> work = [item = std::move(item)](Database& db) {
    db.query(
          "INSERT OR REPLACE INTO learnt(tenant_id, id, kind, state, updated_at, json) "
          "VALUES (?,?,?,?,?,?)")
        .bind(item.tenant_id)
        .bind(item.id)
        .bind(name_of(item.kind))
        .bind(name_of(item.state))
        .bind(item.updated_at)
        .bind(wire::encode(item))
        .run();
  };
  return writer_.run(Durability::machine, std::move(work));
}

Task<Result<void>> SqliteLearnt::remove(std::string tenant_id, std::string id) {
  std::function<void(Database&)> work = [tenant_id = std::move(tenant_id),
                                         id = std::move(id)](Database& db) {
    db.query("DELETE FROM learnt WHERE tenant_id = ? AND id = ?").bind(tenant_id).bind(id).run();
  };
  return writer_.run(Durability::machine, std::move(work));
}

Task<Result<std::vector<LearntItem>>> SqliteLearnt::list(std::string tenant_id, std::size_t limit) {
  std::function<std::vector<LearntItem>(Database&)> work = [tenant_id = std::move(tenant_id),
                                                            limit](Database& db) {
    Query row = db.query(
        "SELECT json FROM learnt WHERE (?1 = '' OR tenant_id = ?1) "
        "ORDER BY tenant_id, id LIMIT ?2");
    row.bind(tenant_id).bind(limit);
    std::vector<LearntItem> found;
    while (row.step()) {
      auto item = wire::decode<LearntItem>(row.text());
      if (item)
        found.push_back(std::move(item->message));
      else
        db.fail_with(fail(Errc::corrupt, "A stored item cannot be read."));
    }
    return found;
  };
  return writer_.run(Durability::process, std::move(work));
}

Task<Result<std::int64_t>> SqliteLearnt::begin_check(std::string tenant_id, std::string event_id) {
  std::function<std::int64_t(Database&)> work = [tenant_id = std::move(tenant_id),
                                                 event_id = std::move(event_id)](Database& db) {
    std::int64_t begun = 0;
    {
      Query row = db.query(
          "INSERT INTO learnt_checks(tenant_id, event_id, begun) VALUES (?,?,1) "
          "ON CONFLICT(tenant_id, event_id) DO UPDATE SET begun = begun + 1 RETURNING begun");
      row.bind(tenant_id).bind(event_id);
      if (row.step()) begun = row.number();
    }
    db.query("DELETE FROM learnt_checks WHERE rowid <= (SELECT max(rowid) FROM learnt_checks) - ?")
        .bind(kUnendedMax)
        .run();
    return begun;
  };
  return writer_.run(Durability::machine, std::move(work));
}

Task<Result<void>> SqliteLearnt::end_check(std::string tenant_id, std::string event_id) {
  std::function<void(Database&)> work = [tenant_id = std::move(tenant_id),
                                         event_id = std::move(event_id)](Database& db) {
    db.query("DELETE FROM learnt_checks WHERE tenant_id = ? AND event_id = ?")
        .bind(tenant_id)
        .bind(event_id)
        .run();
  };
  return writer_.run(Durability::process, std::move(work));
}

}  // namespace loquat::store

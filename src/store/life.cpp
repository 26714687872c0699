#include "life.hpp"

namespace loquat::store {

void begin_life(Database& db, const std::string& boot_id) {
  bool may_be_short = false;
  {
    Query row = db.query("SELECT boot_id, is_clean FROM life");
    if (row.step()) {
      const std::string before = row.text();
      const bool is_clean = row.number() != 0;
      may_be_short = !is_clean && (before.empty() || before != boot_id);
    }
  }
  db.sync_commits(true);
  db.query("BEGIN IMMEDIATE").run();
  if (may_be_short) db.query("UPDATE sessions SET epoch = lower(hex(randomblob(8)))").run();
  db.query("DELETE FROM life").run();
  db.query("INSERT INTO life(boot_id, is_clean) VALUES (?, 0)").bind(boot_id).run();
  db.query("COMMIT").run();
}

void end_life(Database& db) {
  db.sync_commits(true);
  db.query("UPDATE life SET is_clean = 1").run();
}

}  // namespace loquat::store

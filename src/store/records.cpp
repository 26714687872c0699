#include "records.hpp"

#include <array>
#include <charconv>

#include "loquat/wire/codec.hpp"

namespace loquat::store {

using contracts::IdempotencyRecord;
using contracts::Page;
using contracts::StoredArtifacts;
using contracts::Task;

Task<Result<std::optional<IdempotencyRecord>>> SqliteIdempotency::find(std::string scope) {
  using Found = std::optional<IdempotencyRecord>;
  std::function<Found(Database&)> work = [scope = std::move(scope),
                                          now = wall_.now()](Database& db) {
    Query row = db.query(
        "SELECT body_hash, status, response, expires_at FROM idempotency "
        "WHERE scope = ? AND expires_at > ?");
    row.bind(scope).bind(now);
    if (!row.step()) return Found{};
    IdempotencyRecord record;
    record.scope = scope;
    record.body_hash = row.text();
    record.status = static_cast<int>(row.number());
    record.response = row.text();
    record.expires_at = row.time();
    return Found{std::move(record)};
  };
  return writer_.read<Found>(std::move(work));
}

/// A reservation must outlive the machine's crash: the effect that follows it does. A lost answer
/// is only made again, under the same key.
Task<Result<void>> SqliteIdempotency::put(IdempotencyRecord record) {
  const auto durability = record.status == 0 ? Durability::machine : Durability::process;
  std::function<void(Database&)> work = [record = std::move(record)](Database& db) {
    db.query(
          "INSERT OR REPLACE INTO idempotency(scope, body_hash, status, response, expires_at) "
          "VALUES (?,?,?,?,?)")
        .bind(record.scope)
        .bind(record.body_hash)
        .bind(record.status)
        .bind(record.response)
        .bind(record.expires_at)
        .run();
  };
  return writer_.run(durability, std::move(work));
}

Task<Result<std::optional<std::string>>> SqliteProfiles::load(std::string tenant_id,
                                                              std::string user_id) {
  using Found = std::optional<std::string>;
  std::function<Found(Database&)> work = [tenant_id = std::move(tenant_id),
                                          user_id = std::move(user_id)](Database& db) {
    Query row = db.query("SELECT json FROM profiles WHERE tenant_id = ? AND user_id = ?");
    row.bind(tenant_id).bind(user_id);
    return row.step() ? Found{row.text()} : Found{};
  };
  return writer_.run(Durability::process, std::move(work));
}

Task<Result<void>> SqliteProfiles::save(std::string tenant_id, std::string user_id,
                                        std::string json) {
  std::function<void(Database&)> work = [tenant_id = std::move(tenant_id),
                                         user_id = std::move(user_id),
                                         json = std::move(json)](Database& db) {
    db.query("INSERT OR REPLACE INTO profiles(tenant_id, user_id, json) VALUES (?,?,?)")
        .bind(tenant_id)
        .bind(user_id)
        .bind(json)
        .run();
  };
  // After every answer; who reads it, or has it forgotten, comes after all that was saved.
  return writer_.run(Durability::process, std::move(work), Turn::soon);
}

Task<Result<void>> SqliteProfiles::forget(std::string tenant_id, std::string user_id) {
  std::function<void(Database&)> work = [tenant_id = std::move(tenant_id),
                                         user_id = std::move(user_id)](Database& db) {
    db.query("DELETE FROM profiles WHERE tenant_id = ? AND user_id = ?")
        .bind(tenant_id)
        .bind(user_id)
        .run();
  };
  // Who asked to be forgotten must not come back with a power cut.
  return writer_.run(Durability::machine, std::move(work));
}

Task<Result<void>> SqliteModels::save(StoredArtifacts artifacts) {
  std::function<void(Database&)> work = [artifacts = std::move(artifacts)](Database& db) {
    db.query("DELETE FROM artifacts").run();
    for (const auto& [name, text] : artifacts.texts)
      db.query("INSERT INTO artifacts(name, text, fetched_at) VALUES (?,?,?)")
          .bind(name)
          .bind(text)
          .bind(artifacts.fetched_at)
          .run();
  };
  return writer_.run(Durability::process, std::move(work));
}

Task<Result<std::optional<StoredArtifacts>>> SqliteModels::load() {
  using Found = std::optional<StoredArtifacts>;
  std::function<Found(Database&)> work = [](Database& db) {
    Query row = db.query("SELECT name, text, fetched_at FROM artifacts");
    StoredArtifacts artifacts;
    while (row.step()) {
      std::string name = row.text();
      artifacts.texts[std::move(name)] = row.text();
      artifacts.fetched_at = row.time();
    }
    return artifacts.texts.empty() ? Found{} : Found{std::move(artifacts)};
  };
  return writer_.run(Durability::process, std::move(work));
}

Task<Result<void>> SqliteInsights::put(wire::InsightEvent event) {
  std::function<void(Database&)> work = [event = std::move(event)](Database& db) {
    db.query("INSERT OR IGNORE INTO insights(tenant_id, event_id, at, json) VALUES (?,?,?,?)")
        .bind(event.tenant_id)
        .bind(event.event_id)
        .bind(event.timestamp)
        .bind(wire::encode(event))
        .run();
  };
  return writer_.run(Durability::process, std::move(work), Turn::soon);
}

Task<Result<Page<wire::InsightEvent>>> SqliteInsights::list(std::string tenant_id,
                                                            std::string cursor, std::size_t limit) {
  std::function<Page<wire::InsightEvent>(Database&)> work =
      [tenant_id = std::move(tenant_id), cursor = std::move(cursor), limit](Database& db) {
        Query row = db.query(
            "SELECT json FROM insights WHERE tenant_id = ? AND (? = '' OR event_id < ?) "
            "ORDER BY event_id DESC LIMIT ?");
        row.bind(tenant_id).bind(cursor).bind(cursor).bind(limit + 1);
        Page<wire::InsightEvent> page;
        while (row.step()) {
          auto decoded = wire::decode<wire::InsightEvent>(row.text());
          if (!decoded) {
            db.fail_with(fail(Errc::corrupt, "A stored insight cannot be read."));
            break;
          }
          page.items.push_back(std::move(decoded->message));
        }
        if (page.items.size() > limit) {
          page.items.pop_back();
          page.next_cursor = page.items.back().event_id;
        }
        return page;
      };
  return writer_.run(Durability::process, std::move(work));
}

namespace {
constexpr const char* kByTrace =
    "SELECT tenant_id, user_id, trace_id, kind, key, json, at FROM traces "
    "WHERE tenant_id = ? AND trace_id = ? ORDER BY at, rowid";
constexpr const char* kByKey =
    "SELECT tenant_id, user_id, trace_id, kind, key, json, at FROM traces "
    "WHERE tenant_id = ? AND kind = ? AND key = ?";

contracts::TraceStore::Item read_item(Query& row) {
  contracts::TraceStore::Item item;
  item.tenant_id = row.text();
  item.user_id = row.text();
  item.trace_id = row.text();
  item.kind = row.text();
  item.key = row.text();
  item.json = row.text();
  item.at = row.time();
  return item;
}

/// Items of one trace that came together stand in one row of kind `several`: a line for each, of
/// kind, key, milliseconds and JSON. A row for each would cost four indexes each.
constexpr std::string_view kSeveral = "several";

std::vector<contracts::TraceStore::Item> rows_of(
    const std::vector<contracts::TraceStore::Item>& items) {
  std::vector<contracts::TraceStore::Item> rows;
  const auto is_alike = [](const auto& a, const auto& b) {
    return a.trace_id == b.trace_id && a.user_id == b.user_id && a.tenant_id == b.tenant_id;
  };
  const auto line_of = [](const contracts::TraceStore::Item& item) {
    return item.kind + '\t' + item.key + '\t' + std::to_string(item.at.time_since_epoch().count()) +
           '\t' + item.json + '\n';
  };
  for (const auto& item : items) {
    const bool joins = !rows.empty() && is_alike(rows.back(), item);
    if (!joins) {
      rows.push_back(item);
    } else if (rows.back().kind != kSeveral) {
      rows.back().json = line_of(rows.back()) + line_of(item);
      rows.back().kind = kSeveral;
    } else {
      rows.back().json += line_of(item);
    }
  }
  return rows;
}

/// False: what the row holds is not what rows_of wrote.
bool take_items(contracts::TraceStore::Item row, std::vector<contracts::TraceStore::Item>& items) {
  if (row.kind != kSeveral) {
    items.push_back(std::move(row));
    return true;
  }
  const std::string text = std::move(row.json);
  for (std::string_view rest = text; !rest.empty();) {
    std::array<std::string_view, 4> parts;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const std::size_t end = rest.find(i + 1 < parts.size() ? '\t' : '\n');
      if (end == std::string_view::npos) return false;
      parts[i] = rest.substr(0, end);
      rest.remove_prefix(end + 1);
    }
    std::int64_t at = 0;
    const auto read = std::from_chars(parts[2].data(), parts[2].data() + parts[2].size(), at);
    if (read.ec != std::errc()) return false;
    contracts::TraceStore::Item& item = items.emplace_back(row);
    item.kind = parts[0];
    item.key = parts[1];
    item.at = WallTime{std::chrono::milliseconds{at}};
    item.json = parts[3];
  }
  return true;
}
}  // namespace

Task<Result<void>> SqliteTraces::put(std::vector<Item> items) {
  std::function<void(Database&)> work = [items = std::move(items)](Database& db) {
    for (const auto& row : rows_of(items))
      db.query(
            "INSERT OR REPLACE INTO traces(tenant_id, user_id, trace_id, kind, key, json, at) "
            "VALUES (?,?,?,?,?,?,?)")
          .bind(row.tenant_id)
          .bind(row.user_id)
          .bind(row.trace_id)
          .bind(row.kind)
          .bind(row.key)
          .bind(row.json)
          .bind(row.at)
          .run();
  };
  return writer_.run(Durability::process, std::move(work), Turn::soon);
}

Task<Result<std::vector<contracts::TraceStore::Item>>> SqliteTraces::by_trace(
    std::string tenant_id, std::string trace_id) {
  std::function<std::vector<Item>(Database&)> work =
      [tenant_id = std::move(tenant_id), trace_id = std::move(trace_id)](Database& db) {
        Query row = db.query(kByTrace);
        row.bind(tenant_id).bind(trace_id);
        std::vector<Item> items;
        while (row.step())
          if (!take_items(read_item(row), items))
            db.fail_with(fail(Errc::corrupt, "A stored trace cannot be read."));
        return items;
      };
  return writer_.run(Durability::process, std::move(work));
}

Task<Result<std::optional<contracts::TraceStore::Item>>> SqliteTraces::by_key(std::string tenant_id,
                                                                              std::string kind,
                                                                              std::string key) {
  std::function<std::optional<Item>(Database&)> work = [tenant_id = std::move(tenant_id),
                                                        kind = std::move(kind),
                                                        key = std::move(key)](Database& db) {
    Query row = db.query(kByKey);
    row.bind(tenant_id).bind(kind).bind(key);
    return row.step() ? std::optional<Item>(read_item(row)) : std::nullopt;
  };
  return writer_.run(Durability::process, std::move(work));
}

Task<Result<std::vector<contracts::AuditChainStore::Link>>> SqliteAuditChain::load(
    std::string writer) {
  std::function<std::vector<Link>(Database&)> work = [writer = std::move(writer)](Database& db) {
    Query row = db.query("SELECT tenant_id, seq, hash FROM audit_chain WHERE writer = ?");
    row.bind(writer);
    std::vector<Link> links;
    while (row.step()) {
      Link& link = links.emplace_back();
      link.writer = writer;
      link.tenant_id = row.text();
      link.seq = row.number();
      link.hash = row.text();
    }
    return links;
  };
  return writer_.run(Durability::process, std::move(work));
}

Task<Result<void>> SqliteAuditChain::save(std::vector<Link> links) {
  std::function<void(Database&)> work = [links = std::move(links)](Database& db) {
    for (const auto& link : links)  // saves may overtake each other: a chain never goes back
      db.query(
            "INSERT INTO audit_chain(writer, tenant_id, seq, hash) VALUES (?,?,?,?) "
            "ON CONFLICT(writer, tenant_id) DO UPDATE SET seq = excluded.seq, "
            "hash = excluded.hash WHERE excluded.seq >= seq")
          .bind(link.writer)
          .bind(link.tenant_id)
          .bind(link.seq)
          .bind(link.hash)
          .run();
  };
  return writer_.run(Durability::process, std::move(work));
}

}  // namespace loquat::store

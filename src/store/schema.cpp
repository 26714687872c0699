#include "schema.hpp"

namespace loquat::store {
namespace {

/// Times are milliseconds since 1970 in UTC. Events are kept as the JSON that left the house.
constexpr const char* kFirst = R"sql(
CREATE TABLE sessions (
  session_id TEXT PRIMARY KEY,
  tenant_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  title TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_active_at INTEGER NOT NULL,
  message_count INTEGER NOT NULL,
  epoch TEXT NOT NULL,
  last_seq INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions(tenant_id, user_id, session_id);
CREATE INDEX sessions_by_activity ON sessions(last_active_at);

CREATE TABLE entries (
  session_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  type TEXT NOT NULL,
  bytes TEXT NOT NULL,
  PRIMARY KEY (session_id, seq)
) WITHOUT ROWID;

CREATE TABLE messages (
  session_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  tenant_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  content TEXT NOT NULL,
  client_id TEXT,
  response_id TEXT,
  created_at INTEGER NOT NULL,
  answer_json TEXT NOT NULL,
  query_json TEXT NOT NULL,
  sql TEXT NOT NULL,
  PRIMARY KEY (session_id, message_id)
) WITHOUT ROWID;
CREATE INDEX messages_by_response ON messages(response_id) WHERE response_id IS NOT NULL;

CREATE TABLE feedback (
  tenant_id TEXT NOT NULL,
  event_id TEXT NOT NULL,
  user_id TEXT,
  session_id TEXT,
  response_id TEXT NOT NULL,
  feedback_type TEXT NOT NULL,
  rating INTEGER,
  supersedes TEXT,
  is_superseded INTEGER NOT NULL,
  at INTEGER NOT NULL,
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  record_offset INTEGER NOT NULL,
  json TEXT NOT NULL,
  PRIMARY KEY (tenant_id, event_id)
) WITHOUT ROWID;
CREATE INDEX feedback_by_response ON feedback(tenant_id, response_id);
CREATE INDEX feedback_by_supersedes ON feedback(tenant_id, supersedes)
  WHERE supersedes IS NOT NULL;

CREATE TABLE signals (
  tenant_id TEXT NOT NULL,
  event_id TEXT NOT NULL,
  source_event_id TEXT NOT NULL,
  session_id TEXT,
  response_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  is_superseded INTEGER NOT NULL,
  json TEXT NOT NULL,
  PRIMARY KEY (tenant_id, event_id)
) WITHOUT ROWID;
CREATE INDEX signals_by_source ON signals(tenant_id, source_event_id);

CREATE TABLE idempotency (
  scope TEXT PRIMARY KEY,
  body_hash TEXT NOT NULL,
  status INTEGER NOT NULL,
  response TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX idempotency_by_expiry ON idempotency(expires_at);

CREATE TABLE profiles (
  tenant_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  json TEXT NOT NULL,
  PRIMARY KEY (tenant_id, user_id)
) WITHOUT ROWID;

CREATE TABLE artifacts (
  name TEXT PRIMARY KEY,
  text TEXT NOT NULL,
  fetched_at INTEGER NOT NULL
);

CREATE TABLE insights (
  tenant_id TEXT NOT NULL,
  event_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  json TEXT NOT NULL,
  PRIMARY KEY (tenant_id, event_id)
) WITHOUT ROWID;

CREATE TABLE traces (
  tenant_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  user_id TEXT NOT NULL,
  trace_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  json TEXT NOT NULL,
  PRIMARY KEY (tenant_id, kind, key)
);
CREATE INDEX traces_by_trace ON traces(tenant_id, trace_id);
CREATE INDEX traces_by_time ON traces(at);

CREATE TABLE audit_chain (
  writer TEXT NOT NULL,
  tenant_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (writer, tenant_id)
) WITHOUT ROWID;
)sql";

/// Verified answers and memory items: what people taught.
constexpr const char* kLearnt = R"sql(
CREATE TABLE learnt (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  json TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
)sql";

constexpr const char* kApiKeys = R"sql(
CREATE TABLE IF NOT EXISTS api_keys (
  key_id TEXT PRIMARY KEY,
  tenant_id TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  created_by TEXT NOT NULL,
  prefix TEXT NOT NULL UNIQUE,
  hash TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  last_used_at INTEGER
) WITHOUT ROWID;
)sql";

/// What answers were about, for the quality view. Facet `metric` and `agent` have several values of
/// one answer.
constexpr const char* kQuality = R"sql(
CREATE TABLE answers (
  tenant_id TEXT NOT NULL,
  response_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  status TEXT NOT NULL,
  confidence REAL NOT NULL,
  PRIMARY KEY (tenant_id, response_id)
) WITHOUT ROWID;
CREATE INDEX answers_by_time ON answers(at);
CREATE TABLE answer_facets (
  tenant_id TEXT NOT NULL,
  facet TEXT NOT NULL,
  value TEXT NOT NULL,
  response_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, facet, value, response_id)
) WITHOUT ROWID;
CREATE INDEX answer_facets_by_response ON answer_facets(tenant_id, response_id);
CREATE INDEX signals_by_time ON signals(tenant_id, at, event_id);
CREATE INDEX feedback_by_user ON feedback(tenant_id, user_id, session_id);
)sql";

/// What counts of an author on a response.
constexpr const char* kStanding = R"sql(
CREATE INDEX feedback_standing ON feedback(tenant_id, response_id, user_id)
  WHERE is_superseded = 0;
)sql";

/// Entries that were written together stand in one row, at the end of a table that all sessions
/// share: a fifth of the pages that a row for each took. `bytes`: a line for each, its type, a tab
/// and the entry (which is JSON: neither holds a tab or a newline).
constexpr const char* kRuns = R"sql(
CREATE TABLE entry_runs (
  session_id TEXT NOT NULL,
  first_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  bytes TEXT NOT NULL
);
INSERT INTO entry_runs(session_id, first_seq, last_seq, bytes)
  SELECT session_id, seq, seq, type || char(9) || bytes || char(10) FROM entries
  ORDER BY session_id, seq;
CREATE INDEX entry_runs_by_session ON entry_runs(session_id, last_seq);
DROP TABLE entries;
)sql";

/// Events, signals and messages stand at the end of their tables, in order of arrival, and are
/// found by indexes of a few bytes a row: in the order of their keys each came to a page of its
/// own, all of which was written for it, and every index held the whole key again. Of an answer's
/// feedback only what stands is ever asked for: one index finds it.
constexpr const char* kAtTheEnd = R"sql(
CREATE TABLE feedback_rows (
  tenant_id TEXT NOT NULL,
  event_id TEXT NOT NULL,
  user_id TEXT,
  session_id TEXT,
  response_id TEXT NOT NULL,
  feedback_type TEXT NOT NULL,
  rating INTEGER,
  supersedes TEXT,
  is_superseded INTEGER NOT NULL,
  at INTEGER NOT NULL,
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  record_offset INTEGER NOT NULL,
  json TEXT NOT NULL
);
INSERT INTO feedback_rows SELECT tenant_id, event_id, user_id, session_id, response_id,
  feedback_type, rating, supersedes, is_superseded, at, topic, partition, record_offset, json
  FROM feedback ORDER BY at, event_id;
DROP TABLE feedback;
ALTER TABLE feedback_rows RENAME TO feedback;
CREATE UNIQUE INDEX feedback_by_id ON feedback(tenant_id, event_id);
CREATE INDEX feedback_by_supersedes ON feedback(tenant_id, supersedes)
  WHERE supersedes IS NOT NULL;
CREATE INDEX feedback_by_user ON feedback(tenant_id, user_id, session_id);
CREATE INDEX feedback_standing ON feedback(tenant_id, response_id, user_id)
  WHERE is_superseded = 0;

CREATE TABLE signal_rows (
  tenant_id TEXT NOT NULL,
  event_id TEXT NOT NULL,
  source_event_id TEXT NOT NULL,
  session_id TEXT,
  response_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  is_superseded INTEGER NOT NULL,
  json TEXT NOT NULL
);
INSERT INTO signal_rows SELECT tenant_id, event_id, source_event_id, session_id, response_id, at,
  is_superseded, json FROM signals ORDER BY at, event_id;
DROP TABLE signals;
ALTER TABLE signal_rows RENAME TO signals;
CREATE UNIQUE INDEX signals_by_id ON signals(tenant_id, event_id);
CREATE INDEX signals_by_source ON signals(tenant_id, source_event_id);
CREATE INDEX signals_by_time ON signals(tenant_id, at, event_id);

CREATE TABLE message_rows (
  session_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  tenant_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  content TEXT NOT NULL,
  client_id TEXT,
  response_id TEXT,
  created_at INTEGER NOT NULL,
  answer_json TEXT NOT NULL,
  query_json TEXT NOT NULL,
  sql TEXT NOT NULL
);
INSERT INTO message_rows SELECT session_id, message_id, tenant_id, user_id, content, client_id,
  response_id, created_at, answer_json, query_json, sql FROM messages
  ORDER BY created_at, message_id;
DROP TABLE messages;
ALTER TABLE message_rows RENAME TO messages;
CREATE UNIQUE INDEX messages_by_session ON messages(session_id, message_id);
CREATE INDEX messages_by_response ON messages(response_id) WHERE response_id IS NOT NULL;
)sql";

/// What an answer was about stands in its row: metrics and agents as JSON arrays of names.
constexpr const char* kFacets = R"sql(
ALTER TABLE answers ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE answers ADD COLUMN metrics TEXT NOT NULL DEFAULT '[]';
ALTER TABLE answers ADD COLUMN agents TEXT NOT NULL DEFAULT '[]';
UPDATE answers SET
  kind = coalesce((SELECT value FROM answer_facets x WHERE x.tenant_id = answers.tenant_id AND
    x.response_id = answers.response_id AND facet = 'kind'), ''),
  metrics = (SELECT json_group_array(value) FROM answer_facets x WHERE
    x.tenant_id = answers.tenant_id AND x.response_id = answers.response_id AND facet = 'metric'),
  agents = (SELECT json_group_array(value) FROM answer_facets x WHERE
    x.tenant_id = answers.tenant_id AND x.response_id = answers.response_id AND facet = 'agent');
DROP TABLE answer_facets;
)sql";

constexpr const char* kLife = R"sql(
CREATE TABLE life (boot_id TEXT NOT NULL, is_clean INTEGER NOT NULL);
)sql";

constexpr const char* kChecks = R"sql(
CREATE TABLE learnt_checks (
  tenant_id TEXT NOT NULL,
  event_id TEXT NOT NULL,
  begun INTEGER NOT NULL,
  UNIQUE(tenant_id, event_id)
);
)sql";

}  // namespace

const std::vector<const char*>& migrations() {
  static const std::vector<const char*> steps{kFirst, kLearnt,   kApiKeys, kQuality, kStanding,
                                              kRuns,  kAtTheEnd, kFacets,  kLife,    kChecks};
  return steps;
}

}  // namespace loquat::store

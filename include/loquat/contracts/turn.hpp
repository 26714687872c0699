#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "loquat/base/clock.hpp"
#include "loquat/contracts/metric_query.hpp"
#include "loquat/contracts/principal.hpp"
#include "loquat/contracts/result_set.hpp"
#include "loquat/wire/answer.hpp"
#include "loquat/wire/events.hpp"

namespace loquat::semantic {
class ModelIndex;
class Vocabulary;
}  // namespace loquat::semantic

namespace loquat::contracts {

/// One question on its way. The deadline is set once and only shrinks.
struct TurnRequest {
  Principal principal;
  RequestContext context;
  std::string session_id;
  std::string text;
  bool refine = false;                   ///< a `refine` frame: change the last finished query
  std::optional<std::string> client_id;  ///< WebSocket client_id or X-Idempotency-Key
  std::string response_style;            ///< "", brief, detailed
  Time deadline{};
};

/// The semantic model in force. Immutable; swapped whole by a sync.
struct ModelSnapshot {
  std::shared_ptr<const semantic::ModelIndex> index;
  std::shared_ptr<const semantic::Vocabulary> vocabulary;
  std::string version;
  std::optional<WallTime> stale_since;       ///< set while the source cannot be read
  std::optional<Date> data_start, data_end;  ///< period that the data covers, as far as it was read
};

/// What was learnt of a user; empty strings mean nothing was learnt.
struct Preferences {
  std::string chart_type;  ///< preferred visualization type
  std::string grain;       ///< preferred time grain
  std::string response_style;
  std::string language_model;  ///< always, never; empty: where the planner is not sure
};

/// Everything that happened in one turn, for the observers. Immutable.
/// One event as it was published.
struct ToldEvent {
  std::string event_type, event_id;
  std::string json;
  WallTime at{};
};

struct TurnFinished {
  Principal principal;
  RequestContext context;
  std::string session_id, message_id;
  std::string question;
  std::shared_ptr<const wire::Answer> answer;  ///< rows included
  std::optional<MetricQuery> query;
  std::shared_ptr<const ResultSet> result;  ///< unmasked rows never come here: already masked
  std::shared_ptr<const ModelSnapshot> model;
  Preferences preferences;  ///< those that were applied
  std::vector<std::string> degraded;
  std::vector<ToldEvent> events;  ///< thoughts, decisions, spans, metrics, insights, as published
  std::vector<wire::InsightEvent> insights;  ///< those of them
  std::string query_error;                   ///< empty if the query ran
  WallTime started_at{}, query_started_at{};
  double planning_ms = 0, query_ms = 0, total_ms = 0, first_event_ms = 0;
};

}  // namespace loquat::contracts

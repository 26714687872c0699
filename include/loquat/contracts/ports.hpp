#pragma once
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "loquat/base/result.hpp"
#include "loquat/contracts/query_plan.hpp"
#include "loquat/contracts/turn.hpp"
#include "loquat/wire/answer.hpp"
#include "loquat/wire/events.hpp"
#include "loquat/wire/topics.hpp"

/// Ports between rooms. All are called on the loop's thread; an awaitable may be cancelled by its
/// caller. Implementations are owned by app and outlive every caller.
namespace loquat::contracts {

template <class T>
using Task = boost::asio::awaitable<T>;

// ---- events
// ------------------------------------------------------------------------------------------------

/// `accepted`: a broker that keeps things has reported it. `buffered`: kept here, durably where a
/// spool is set.
enum class Receipt { accepted, buffered };

class EventPublisher {
 public:
  virtual ~EventPublisher() = default;
  /// For feedback, learning signals and audit: the answer means that the event is kept (contract,
  /// section 4). Errors: buffer_full; nothing was kept. After cancellation the event may or may not
  /// be kept.
  [[nodiscard]] virtual Task<Result<Receipt>> publish(wire::Event event) = 0;
  /// For everything else: never waits; what finds no room is dropped by the topic's policy and
  /// counted.
  virtual void offer(wire::Event event) = 0;
  /// As offer. `json`: `event` as wire::encode_event says it, for who has it at hand.
  virtual void offer_encoded(wire::Event event, std::string json) {
    static_cast<void>(json);
    offer(std::move(event));
  }
};

/// Where a consumed record came from.
struct RecordPlace {
  std::string topic;
  int partition = 0;
  std::int64_t offset = 0;
};
/// What the consumer hands on. Success means the effect is stored; the offset is committed after
/// it. Errors: invalid_request or corrupt = the record can never be handled (it goes to the
/// dead-letter topic); anything else = try again later.
class FeedbackHandler {
 public:
  virtual ~FeedbackHandler() = default;
  [[nodiscard]] virtual Task<Result<void>> handle(wire::FeedbackEvent event, RecordPlace place) = 0;
};

// ---- query engine
// --------------------------------------------------------------------------------------------

struct QueryRequest {
  std::string query_id;
  std::string sql;
  std::int64_t row_limit = 10'000;  ///< more rows set `truncated`
  Time deadline{};
  Principal principal;
  RequestContext context;
  bool is_cacheable = true;  ///< false: neither answered from kept results nor kept
};

/// Rows of one statement as they are read. Whoever lets go of it ends the statement.
class RowStream {
 public:
  virtual ~RowStream() = default;
  [[nodiscard]] virtual const std::vector<Column>& columns() const = 0;
  /// The next rows, at most a page of them; none: there are no more, or no more are allowed.
  /// Errors: as of QueryEngine::execute.
  [[nodiscard]] virtual Task<Result<std::vector<Row>>> next() = 0;
  /// After the end: there were more rows than the limit.
  [[nodiscard]] virtual bool is_truncated() const = 0;
};

/// A result that is there already.
class HeldRows final : public RowStream {
 public:
  explicit HeldRows(ResultSet all) : all_(std::move(all)) {}
  [[nodiscard]] const std::vector<Column>& columns() const override { return all_.columns; }
  [[nodiscard]] Task<Result<std::vector<Row>>> next() override {
    std::vector<Row> rows;
    rows.swap(all_.rows);
    co_return rows;
  }
  [[nodiscard]] bool is_truncated() const override { return all_.truncated; }

 private:
  ResultSet all_;
};

class QueryEngine {
 public:
  virtual ~QueryEngine() = default;
  [[nodiscard]] virtual std::string_view dialect() const noexcept = 0;  ///< duckdb or trino
  /// Runs one SELECT. Cancelling the task cancels the query in the engine.
  /// Errors: unsupported_sql (refused by the last door), query_engine_unavailable, query_timeout,
  /// query_failed, cancelled.
  [[nodiscard]] virtual Task<Result<ResultSet>> execute(QueryRequest request) = 0;
  /// The same, as rows on their way: returns when the first are there. An engine that cannot do
  /// that reads them all. The stream must not outlive the engine.
  [[nodiscard]] virtual Task<Result<std::unique_ptr<RowStream>>> open(QueryRequest request) {
    auto all = co_await execute(std::move(request));
    if (!all) co_return all.error();
    co_return std::make_unique<HeldRows>(std::move(*all));
  }
  /// Changes when the data is known to have changed; empty: that cannot be known here.
  [[nodiscard]] virtual std::string data_version() const { return {}; }
};

/// Facts of one statement, from its tree.
struct StatementFacts {
  bool is_single_select = false;
  std::vector<std::string> tables;    ///< qualified as written
  std::vector<std::string> problems;  ///< why it would be refused; empty if it would run
  std::string fingerprint;            ///< SHA-256 hex of the statement without literals
};
class SqlInspector {
 public:
  virtual ~SqlInspector() = default;
  /// Errors: unsupported_sql. `sql` at most 64 KiB.
  [[nodiscard]] virtual Task<Result<StatementFacts>> inspect(std::string sql,
                                                             std::string dialect) = 0;
};

// ---- what a turn asks others
// --------------------------------------------------------------------------------

/// The model in force; nullptr before the first import.
class SemanticModels {
 public:
  virtual ~SemanticModels() = default;
  [[nodiscard]] virtual std::shared_ptr<const ModelSnapshot> current() const = 0;
  /// The same model as `principal` may know it: its vocabulary names no value of the data that the
  /// caller's row filters hide. Values that cannot be read in time are left out.
  [[nodiscard]] virtual Task<std::shared_ptr<const ModelSnapshot>> visible_to(Principal principal) {
    static_cast<void>(principal);
    co_return current();
  }
};

class Profiles {
 public:
  virtual ~Profiles() = default;
  [[nodiscard]] virtual Task<Result<Preferences>> load(Principal principal) = 0;
};

struct SuggestRequest {
  Principal principal;
  RequestContext context;
  std::string session_id;
  std::string question;
  std::optional<MetricQuery> query;
  std::shared_ptr<const ModelSnapshot> model;
  Date today{};
};
class Suggester {
 public:
  virtual ~Suggester() = default;
  /// Every suggestion has been compiled. Empty where the mode says so.
  [[nodiscard]] virtual Task<Result<std::vector<wire::Suggestion>>> suggest(
      SuggestRequest request) = 0;
};

struct ModelReply {
  std::string text;
  std::int64_t input_tokens = 0, output_tokens = 0;
  std::string model_id;
};
class LanguageModel {
 public:
  virtual ~LanguageModel() = default;
  [[nodiscard]] virtual bool is_configured() const noexcept = 0;
  /// One chat completion held by `json_schema` (empty: free text). Errors: llm_unavailable,
  /// timed_out, corrupt.
  [[nodiscard]] virtual Task<Result<ModelReply>> complete(std::string system, std::string user,
                                                          std::string json_schema,
                                                          Time deadline) = 0;
  /// Free text, piece by piece: `on_text` is called on the loop while it comes, and never after the
  /// task has ended. The reply holds all of it. Not tried a second time. Errors: llm_unavailable,
  /// timed_out, corrupt (it broke off or made no sense); pieces may have come before.
  [[nodiscard]] virtual Task<Result<ModelReply>> stream(
      std::string system, std::string user, std::function<void(std::string_view)> on_text,
      Time deadline) = 0;
};

/// Classification of columns by the catalog service.
class ColumnTags {
 public:
  virtual ~ColumnTags() = default;
  /// True if the values of `relation.column` must be masked for `principal`, given what dbt says of
  /// it (nullopt: dbt says nothing). Never waits: last known tags, or the stated default.
  [[nodiscard]] virtual bool must_mask(std::string_view relation, std::string_view column,
                                       std::optional<bool> dbt_says, bool is_text,
                                       const Principal& principal) const = 0;
  /// Asks the catalog for these relations' tags in the background, if it is configured.
  virtual void want(std::vector<std::string> relations) = 0;
};

/// The platform's semantic layer service. Errors: unavailable means: use the local model.
class SemanticLayer {
 public:
  virtual ~SemanticLayer() = default;
  [[nodiscard]] virtual bool is_configured() const noexcept = 0;
  [[nodiscard]] virtual Task<Result<ResultSet>> query(MetricQuery query, Principal principal,
                                                      RequestContext context, Time deadline) = 0;
};

/// One relation feeding another, as the catalog service keeps it.
struct CatalogEdge {
  struct Column {
    std::string source, target;
  };
  std::string source_fqn, target_fqn;
  std::vector<Column> columns;
};
/// Lineage of ours at the catalog service. Errors: unavailable, timed_out, invalid_request.
class CatalogLineage {
 public:
  virtual ~CatalogLineage() = default;
  [[nodiscard]] virtual bool is_configured() const noexcept = 0;
  [[nodiscard]] virtual Task<Result<void>> post_edge(CatalogEdge edge, Principal principal,
                                                     RequestContext context, Time deadline) = 0;
};

// ---- observers of finished turns
// -----------------------------------------------------------------------------

/// Told after an answer is complete. Must return at once; own work goes to own tasks.
class TurnObserver {
 public:
  virtual ~TurnObserver() = default;
  virtual void on_turn_finished(std::shared_ptr<const TurnFinished> turn) = 0;
};
/// Told when somebody finished a feedback event's effect (personalization learns from it).
class FeedbackObserver {
 public:
  virtual ~FeedbackObserver() = default;
  virtual void on_feedback(const wire::FeedbackEvent& event) = 0;
};

// ---- what the REST edge asks others
// -----------------------------------------------------------------------------

/// Takes the `feedback` frame of a connection; the same as POST /api/v1/feedback/submit.
class FeedbackIntake {
 public:
  virtual ~FeedbackIntake() = default;
  /// `body`: the frame as JSON, its `type` included. Out: the receipt's JSON `{event_id, status}`.
  /// Errors: invalid_request, not_found, buffer_full.
  [[nodiscard]] virtual Task<Result<std::string>> submit(Principal principal,
                                                         RequestContext context,
                                                         std::string session_id,
                                                         std::string body) = 0;
};

/// Takes the `mode` frame of a connection; the same as PUT /api/v1/copilot/mode.
class ModeSwitch {
 public:
  virtual ~ModeSwitch() = default;
  /// `mode`: passive, balanced or proactive. Errors: invalid_request.
  [[nodiscard]] virtual Task<Result<void>> set_mode(Principal principal, std::string mode) = 0;
};

/// One thing that can be asked for.
struct SemanticName {
  std::string name, label, description, type;  ///< type: of the metric, dimension or entity
  std::vector<std::string> grains;             ///< time dimensions
  std::string model;                           ///< where it is defined; empty for metrics
};
struct SavedQueryInfo {
  std::string name, label, description;
  wire::QueryShape query;
};
struct SemanticQueryResult {
  wire::QueryShape query;  ///< as it was understood
  std::string sql, dialect, query_id, model_version;
  wire::AnswerData data;
  std::vector<std::string> warnings;
  std::optional<double> cached_ms{};        ///< a kept result answered; its age
  std::shared_ptr<const QueryPlan> plan{};  ///< how the SQL comes about; of compile only
};
/// A metric query's rows as they are read; see RowStream.
class SemanticStream {
 public:
  virtual ~SemanticStream() = default;
  /// Everything but rows, counts and what is only known at the end.
  [[nodiscard]] virtual const SemanticQueryResult& head() const = 0;
  /// Each line is one row, a JSON array without a line break; none: the end.
  [[nodiscard]] virtual Task<Result<std::vector<std::string>>> next() = 0;
  [[nodiscard]] virtual bool is_truncated() const = 0;
};
/// Metrics without a conversation: lists, compiles and runs metric queries of the model in force.
/// Errors: unavailable before the first import; not_found for an unknown name; and for queries
/// unprocessable_question with what is near, query_engine_unavailable, query_timeout, query_failed.
class SemanticQueries {
 public:
  virtual ~SemanticQueries() = default;
  [[nodiscard]] virtual Result<std::vector<SemanticName>> metrics(const Principal& principal) = 0;
  /// What every one of `metrics` can be grouped by; empty `metrics`: all there are.
  [[nodiscard]] virtual Result<std::vector<SemanticName>> dimensions(
      const Principal& principal, std::vector<std::string> metrics) = 0;
  [[nodiscard]] virtual Result<std::vector<SemanticName>> entities(
      const Principal& principal, std::vector<std::string> metrics) = 0;
  /// Values of one categorical dimension that contain `search` (any case), at most `limit`. Masked
  /// dimensions: forbidden.
  [[nodiscard]] virtual Task<Result<std::vector<std::string>>> dimension_values(
      Principal principal, RequestContext context, std::string dimension, std::string search,
      std::size_t limit, Time deadline) = 0;
  [[nodiscard]] virtual Result<std::vector<SavedQueryInfo>> saved_queries(
      const Principal& principal) = 0;
  /// `dialect`: duckdb, trino, or empty for the engine's own.
  [[nodiscard]] virtual Task<Result<SemanticQueryResult>> compile(Principal principal,
                                                                  RequestContext context,
                                                                  wire::QueryShape query,
                                                                  std::string dialect) = 0;
  [[nodiscard]] virtual Task<Result<SemanticQueryResult>> query(Principal principal,
                                                                RequestContext context,
                                                                wire::QueryShape query,
                                                                Time deadline) = 0;
  /// Returns when the first rows are there; at most `semantic.stream_rows_max` rows.
  [[nodiscard]] virtual Task<Result<std::unique_ptr<SemanticStream>>> open(Principal principal,
                                                                           RequestContext context,
                                                                           wire::QueryShape query,
                                                                           Time deadline) = 0;
};

}  // namespace loquat::contracts

namespace loquat {
LOQUAT_ENUM(contracts::Receipt, 2,
            {{{contracts::Receipt::accepted, "accepted"},
              {contracts::Receipt::buffered, "buffered"}}});
}  // namespace loquat

#include <algorithm>

#include "events.hpp"
#include "imported.hpp"
#include "loquat/dbt/dbt.hpp"
#include "loquat/wire/codec.hpp"
#include "reader/read_trimmed.hpp"
#include "survey.hpp"
#include "undertaker.hpp"
#include "visible.hpp"
#include "watch_fsm.hpp"

namespace loquat::dbt {
namespace {

using contracts::ModelSnapshot;
using contracts::StoredArtifacts;
using contracts::Task;

constexpr std::string_view kName = "dbt";
constexpr std::size_t kKnownQueriesMax = 10'000;
constexpr std::size_t kChangedNamesMax = 200;
constexpr auto kRetryFirst = std::chrono::seconds(2);

/// What was kept at the last start, perhaps by a version that kept whole artifacts.
Result<Fetched> trimmed_again(const StoredArtifacts& stored) {
  Fetched out;
  out.artifacts.fetched_at = stored.fetched_at;
  for (const auto& [name, text] : stored.texts) {
    auto trimmed = trim_artifact(name, text);
    if (!trimmed) return trimmed.error();
    out.artifacts.texts[name] = std::move(*trimmed);
  }
  return out;
}

class Service final : public Dbt {
 public:
  Service(DbtConfig config, Ports ports)
      : config_(std::move(config)),
        ports_(std::move(ports)),
        fetcher_(config_, ports_.workers, ports_.client),
        tasks_(ports_.executor, "dbt", ports_.telemetry),
        turn_(ports_.executor, 1, 16),
        watch_(
            {config_.sync_interval, std::min<Clock::duration>(kRetryFirst, config_.sync_interval)}),
        undertaker_(std::make_shared<Undertaker>(tasks_, ports_.workers)),
        visible_(config_, ports_, tasks_, undertaker_) {}
  ~Service() override { undertaker_->retire(); }

  std::shared_ptr<const ModelSnapshot> current() const override { return snapshot_; }

  Task<std::shared_ptr<const ModelSnapshot>> visible_to(contracts::Principal principal) override {
    const auto base = snapshot_;
    if (!base || principal.row_filters.empty()) co_return base;
    co_return co_await visible_.of(base, std::move(principal.row_filters));
  }

  Task<void> start() override {
    if (fetcher_.is_configured()) {
      std::string files = co_await fetcher_.fingerprint_of_files();
      co_await sync_watched(std::move(files));
    }
    if (!snapshot_) co_await restore();
    if (!snapshot_ && !fetcher_.is_configured())
      ports_.board.set(kName, degradation::Health::down,
                       "No artifacts are configured and none were kept.");
    tasks_.spawn("sync", keep_in_step());
  }
  Task<void> stop() override { co_await tasks_.close(); }

  void add_routes(edge::Routes& routes) override {
    edge::RouteSpec sync_spec;
    sync_spec.method = net::Method::post;
    sync_spec.pattern = "/api/v1/integrations/dbt/sync";
    sync_spec.right = security::Right::operate;
    sync_spec.action = "dbt.sync";
    sync_spec.summary = "Read the dbt artifacts now.";
    sync_spec.resource_type = "model";
    sync_spec.request_schema = wire::inline_schema<SyncRequest>();
    sync_spec.response_schema = wire::inline_schema<SyncResult>();
    routes.add(sync_spec, [this](edge::Call& call) { return sync_route(call); });
    edge::RouteSpec status_spec;
    status_spec.pattern = "/api/v1/integrations/dbt/status";
    status_spec.right = security::Right::read;
    status_spec.action = "dbt.status";
    status_spec.summary = "The imported model: version, counts, freshness, problems.";
    status_spec.resource_type = "model";
    status_spec.response_schema = wire::inline_schema<Status>();
    routes.add(status_spec, [this](edge::Call& call) { return status_route(call); });
  }

 private:
  Task<Result<edge::Reply>> sync_route(edge::Call& call) {
    auto request = call.body<SyncRequest>();
    if (!request) co_return request.error();
    // What was synced by URL is what is read again from then on, until a sync without one.
    const bool names_any = request->manifest_url || request->semantic_manifest_url;
    if (!names_any && !fetcher_.is_configured()) *request = in_force_;
    SyncRequest asked = *request;
    auto result = co_await sync(std::move(*request));
    if (result) in_force_ = std::move(asked);
    if (result) result->broken = to_wire(broken_, call.principal.tenant_id);
    if (!result) {
      // Artifacts that cannot be read are what the caller asked us to read.
      const Errc code = result.error().code;
      if (code == Errc::corrupt || code == Errc::io || code == Errc::payload_too_large)
        co_return fail(Errc::unprocessable_question, result.error().detail);
      co_return result.error();
    }
    co_return edge::reply(*result);
  }

  Task<Result<edge::Reply>> status_route(edge::Call& call) {
    Status status;
    status.state = !snapshot_ ? "empty" : snapshot_->stale_since ? "stale" : "fresh";
    if (!last_error_.empty()) status.last_error = last_error_;
    if (snapshot_) {
      const auto& project = snapshot_->index->project();
      status.version = snapshot_->version;
      status.project_name = project.project_name;
      status.dbt_version = project.dbt_version;
      status.generated_at = project.generated_at;
      status.fetched_at = fetched_at_;
      status.stale_since = snapshot_->stale_since;
      status.counts = counts_;
      status.errors = to_wire(problems_);
      status.broken = to_wire(broken_, call.principal.tenant_id);
      status.values = value_count_;
      if (snapshot_->data_start) status.data_start = format_date(*snapshot_->data_start);
      if (snapshot_->data_end) status.data_end = format_date(*snapshot_->data_end);
      status.freshness = freshness_;
      status.last_change = last_change_;
      if (snapshot_->stale_since) call.degraded.emplace_back(kName);
    }
    co_return edge::reply(status);
  }

  Task<void> keep_in_step() {
    const bool is_watching = config_.watch_interval.count() > 0;
    const auto pause =
        is_watching ? std::min<Clock::duration>(config_.watch_interval, config_.sync_interval)
                    : Clock::duration(config_.sync_interval);
    for (;;) {
      co_await runtime::pause_for(pause);
      if (!fetcher_.is_configured() && !in_force_.manifest_url && !in_force_.semantic_manifest_url)
        continue;
      std::string files;
      if (is_watching && !in_force_.manifest_url) files = co_await fetcher_.fingerprint_of_files();
      if (watch_.look(files, Clock::now())) co_await sync_watched(std::move(files));
    }
  }
  Task<void> sync_watched(std::string files) {
    // What went wrong stands on the board and in the status.
    auto result = co_await sync(in_force_);
    // What was configured wrong is no caller's mistake: it is a source that cannot be read.
    if (!result && result.error().code == Errc::invalid_request) fall_back(result.error());
    watch_.read(files, result.has_value(), Clock::now());
  }

  Task<Result<SyncResult>> sync(SyncRequest request) {
    auto permit = co_await turn_.acquire();
    if (!permit) co_return permit.error();
    auto fetched = co_await fetcher_.fetch(std::move(request), ports_.sources.wall.now());
    if (!fetched) co_return fell_back(fetched.error());
    auto kept = std::make_shared<Fetched>(std::move(*fetched));
    auto result = co_await import(kept);
    if (!result) co_return fell_back(result.error());
    last_error_.clear();
    ports_.board.set(kName, degradation::Health::up);
    if (result->is_changed) {
      const Result<void> saved = co_await ports_.store.save(std::move(kept->artifacts));
      if (!saved)
        last_error_ = "The model could not be kept for a restart: " + saved.error().detail;
    }
    co_return result;
  }

  /// A caller's own mistake changes nothing; anything else does.
  Error fell_back(Error error) {
    if (error.code != Errc::invalid_request) fall_back(error);
    return error;
  }

  /// The old snapshot stays, marked stale.
  void fall_back(const Error& error) {
    last_error_ = error.detail;
    SyncFailed fact;
    fact.detail = last_error_;
    fact.has_model = snapshot_ != nullptr;
    ports_.telemetry.emit(fact);
    if (snapshot_ && !snapshot_->stale_since) {
      auto stale = std::make_shared<ModelSnapshot>(*snapshot_);
      stale->stale_since = ports_.sources.wall.now();
      snapshot_ = std::move(stale);
    }
    ports_.board.set(kName, snapshot_ ? degradation::Health::degraded : degradation::Health::down,
                     error.detail);
  }

  Task<void> restore() {
    auto stored = co_await ports_.store.load();
    if (!stored || !*stored) co_return;
    auto work = [stored = std::move(**stored)] { return trimmed_again(stored); };
    auto fetched = co_await ports_.workers.run(std::move(work));
    if (!fetched) co_return;
    auto kept = std::make_shared<Fetched>(std::move(*fetched));
    auto result = co_await import(kept);
    if (!result) co_return;
    auto stale = std::make_shared<ModelSnapshot>(*snapshot_);
    stale->stale_since = kept->artifacts.fetched_at;
    snapshot_ = std::move(stale);
    if (last_error_.empty()) last_error_ = "The artifacts have not been read since the last start.";
    ports_.board.set(kName, degradation::Health::degraded, last_error_);
  }

  /// Puts what was fetched in force: a new model if it is another, else the one there is. What the
  /// data says is read in either case.
  Task<Result<SyncResult>> import(std::shared_ptr<const Fetched> fetched) {
    const std::string known = snapshot_ ? snapshot_->version : std::string();
    auto work = [fetched, known, before = snapshot_ ? snapshot_->index : nullptr] {
      if (content_version(fetched->artifacts.texts) == known) return Result<Imported>(Imported());
      return import_artifacts(*fetched, before ? &before->project() : nullptr);
    };
    auto imported = co_await ports_.workers.run(std::move(work));
    if (!imported) co_return imported.error();
    const bool is_changed = imported->index != nullptr;
    const auto index = is_changed ? undertaker_->entrust(imported->index) : snapshot_->index;
    imported->index.reset();
    imported->project.reset();
    // The first one holds up the start: what a slow engine does not say in time is read later.
    constexpr auto kFirst = std::chrono::seconds(10);
    const Time until = snapshot_ ? runtime::kNever : runtime::deadline_after(kFirst);
    auto data = co_await survey(config_, ports_.engine, ports_.tags, ports_.sources, ports_.workers,
                                index, until);
    auto vocabulary = co_await make_vocabulary(index, std::move(data.values));
    if (!vocabulary) co_return vocabulary.error();
    const auto old = snapshot_ ? snapshot_->index : nullptr;
    auto broken = co_await test_known_queries(old, index);

    auto fresh = std::make_shared<ModelSnapshot>();
    fresh->index = index;
    fresh->vocabulary = *vocabulary;
    fresh->version = index->project().version;
    fresh->data_start = data.data_start;
    fresh->data_end = data.data_end;
    snapshot_ = std::move(fresh);
    fetched_at_ = fetched->artifacts.fetched_at;
    broken_ = std::move(broken);
    value_count_ = data.value_count;
    SyncResult result;
    result.is_changed = is_changed;
    result.version = snapshot_->version;
    if (is_changed) {
      problems_ = std::move(imported->problems);
      counts_ = imported->counts;
      freshness_ = std::move(imported->freshness);
      report_swap(imported->diff);
      if (!known.empty()) last_change_ = change_from(known, imported->diff);
      result.added = std::move(imported->diff.added);
      result.changed = std::move(imported->diff.changed);
      result.removed = std::move(imported->diff.removed);
    }
    result.errors = to_wire(problems_);
    // The engine was away: its values are read again soon, not only at the next sync.
    if (!data.is_complete) tasks_.spawn("survey again", survey_again(snapshot_->version));
    co_return result;
  }

  Task<Result<std::shared_ptr<const semantic::Vocabulary>>> make_vocabulary(
      std::shared_ptr<const semantic::ModelIndex> index, semantic::DimensionValues values) {
    auto build = [index, values = std::move(values)] {
      return semantic::Vocabulary::build(index, values);
    };
    auto made = co_await ports_.workers.run(std::move(build));
    if (!made) co_return made.error();
    co_return undertaker_->entrust(std::move(*made));
  }

  /// Which stored queries the new model cannot answer; none while their store is away.
  Task<std::vector<Breakage>> test_known_queries(
      std::shared_ptr<const semantic::ModelIndex> before,
      std::shared_ptr<const semantic::ModelIndex> after) {
    if (ports_.known_queries == nullptr) co_return std::vector<Breakage>();
    auto known = co_await ports_.known_queries->known_queries(kKnownQueriesMax);
    if (!known || known->empty()) co_return std::vector<Breakage>();
    const auto dialect =
        ports_.engine.dialect() == "trino" ? semantic::Dialect::trino : semantic::Dialect::duckdb;
    auto work = [queries = std::move(*known), before, after, dialect] {
      return find_broken(queries, before.get(), *after, dialect);
    };
    auto broken = co_await ports_.workers.run(std::move(work));
    co_return broken ? std::move(*broken) : std::vector<Breakage>();
  }

  LastChange change_from(const std::string& version, const ModelDiff& diff) const {
    const auto first = [](const std::vector<std::string>& names) {
      const auto count = std::min(names.size(), kChangedNamesMax);
      return std::vector<std::string>(names.begin(),
                                      names.begin() + static_cast<std::ptrdiff_t>(count));
    };
    LastChange out;
    out.at = ports_.sources.wall.now();
    out.from_version = version;
    out.added_count = static_cast<std::int64_t>(diff.added.size());
    out.changed_count = static_cast<std::int64_t>(diff.changed.size());
    out.removed_count = static_cast<std::int64_t>(diff.removed.size());
    out.added = first(diff.added);
    out.changed = first(diff.changed);
    out.removed = first(diff.removed);
    return out;
  }

  void report_swap(const ModelDiff& diff) {
    const std::string names = first_names(diff);
    ModelSwapped fact;
    fact.version = snapshot_->version;
    fact.added = diff.added.size();
    fact.changed = diff.changed.size();
    fact.removed = diff.removed.size();
    fact.problems = problems_.size();
    fact.broken_queries = static_cast<std::uint64_t>(
        std::ranges::count_if(broken_, [](const Breakage& one) { return one.is_new; }));
    fact.names = names;
    ports_.telemetry.emit(fact);
  }

  Task<void> survey_again(std::string version) {
    constexpr auto kPause = std::chrono::seconds(15);
    co_await runtime::pause_for(kPause);
    if (!snapshot_ || snapshot_->version != version) co_return;
    const auto index = snapshot_->index;
    auto data =
        co_await survey(config_, ports_.engine, ports_.tags, ports_.sources, ports_.workers, index);
    auto vocabulary = co_await make_vocabulary(index, std::move(data.values));
    if (!vocabulary || snapshot_->version != version) co_return;
    auto fuller = std::make_shared<ModelSnapshot>(*snapshot_);
    fuller->vocabulary = *vocabulary;
    fuller->data_start = data.data_start;
    fuller->data_end = data.data_end;
    snapshot_ = std::move(fuller);
    value_count_ = data.value_count;
    if (!data.is_complete) tasks_.spawn("survey again", survey_again(std::move(version)));
  }

  DbtConfig config_;
  Ports ports_;
  Fetcher fetcher_;
  runtime::TaskGroup tasks_;
  runtime::Semaphore turn_;
  WatchFsm watch_;
  std::shared_ptr<Undertaker> undertaker_;
  VisibleModels visible_;
  std::shared_ptr<const ModelSnapshot> snapshot_;
  SyncRequest in_force_;  ///< what was last synced well by URL; nothing: what is configured
  std::optional<WallTime> fetched_at_;
  Counts counts_;
  std::vector<SourceFreshness> freshness_;
  std::vector<contracts::ImportProblem> problems_;
  std::vector<Breakage> broken_;
  std::optional<LastChange> last_change_;
  std::string last_error_;
  std::int64_t value_count_ = 0;
};

}  // namespace

std::unique_ptr<Dbt> make_dbt(DbtConfig config, Ports ports) {
  ports.board.add(std::string(kName), "Answers rest on the last good model and say so.");
  return std::make_unique<Service>(std::move(config), std::move(ports));
}

}  // namespace loquat::dbt

#include <algorithm>

#include "breakage.hpp"
#include "diff.hpp"
#include "events.hpp"
#include "fetch.hpp"
#include "loquat/dbt/dbt.hpp"
#include "loquat/dbt/reader.hpp"
#include "loquat/wire/codec.hpp"
#include "survey.hpp"

namespace loquat::dbt {
namespace {

using contracts::ModelSnapshot;
using contracts::StoredArtifacts;
using contracts::Task;

constexpr std::string_view kName = "dbt";
constexpr std::size_t kProblemsShown = 200;
constexpr std::size_t kKnownQueriesMax = 10'000;
constexpr std::size_t kNamesLogged = 20;

/// What the worker pool makes of one set of artifacts.
struct Imported {
  std::shared_ptr<const contracts::ProjectModel> project;
  std::shared_ptr<const semantic::ModelIndex> index;
  std::vector<contracts::ImportProblem> problems;
  ModelDiff diff;
};

std::optional<std::string> text_of(const StoredArtifacts& artifacts, const std::string& name) {
  const auto found = artifacts.texts.find(name);
  return found == artifacts.texts.end() ? std::nullopt : std::optional<std::string>(found->second);
}

Result<Imported> import_artifacts(const StoredArtifacts& artifacts,
                                  const std::shared_ptr<const contracts::ProjectModel>& before) {
  Artifacts texts;
  texts.manifest = text_of(artifacts, "manifest").value_or("");
  texts.semantic_manifest = text_of(artifacts, "semantic_manifest");
  texts.catalog = text_of(artifacts, "catalog");
  texts.run_results = text_of(artifacts, "run_results");
  texts.sources = text_of(artifacts, "sources");
  auto read = read_project(texts, artifacts.fetched_at);
  if (!read) return read.error();
  Imported out;
  out.project = std::make_shared<const contracts::ProjectModel>(std::move(*read));
  out.problems = out.project->problems;
  out.index = semantic::ModelIndex::build(out.project, out.problems);
  out.diff = diff_models(before.get(), *out.project);
  return out;
}

std::vector<Problem> to_wire(const std::vector<contracts::ImportProblem>& problems) {
  std::vector<Problem> out;
  for (const auto& problem : problems) {
    if (out.size() == kProblemsShown) break;
    out.push_back({problem.artifact, problem.pointer, problem.message});
  }
  return out;
}

/// Only what is `tenant`'s own.
std::vector<BrokenQuery> to_wire(const std::vector<Breakage>& broken, const std::string& tenant) {
  std::vector<BrokenQuery> out;
  for (const auto& one : broken) {
    if (out.size() == kProblemsShown) break;
    if (one.tenant_id == tenant)
      out.push_back({one.kind, one.id, one.title, one.reason, one.is_new});
  }
  return out;
}

/// The names that people look for first: what is gone, then what differs.
std::string first_names(const ModelDiff& diff) {
  std::string out;
  std::size_t count = 0;
  for (const auto* names : {&diff.removed, &diff.changed})
    for (const auto& name : *names)
      if (count++ < kNamesLogged) out += (out.empty() ? "" : ", ") + name;
  return out;
}

Counts count(const contracts::ProjectModel& project) {
  Counts out;
  out.models = static_cast<std::int64_t>(project.nodes.size());
  out.semantic_models = static_cast<std::int64_t>(project.semantic_models.size());
  out.metrics = static_cast<std::int64_t>(project.metrics.size());
  out.saved_queries = static_cast<std::int64_t>(project.saved_queries.size());
  out.time_spines = static_cast<std::int64_t>(project.time_spines.size());
  out.exposures = static_cast<std::int64_t>(project.exposures.size());
  for (const auto& model : project.semantic_models) {
    out.dimensions += static_cast<std::int64_t>(model.dimensions.size());
    out.entities += static_cast<std::int64_t>(model.entities.size());
    out.measures += static_cast<std::int64_t>(model.measures.size());
  }
  for (const auto& [_, node] : project.nodes)
    out.tests += static_cast<std::int64_t>(node.tests.size());
  return out;
}

class Service final : public Dbt {
 public:
  Service(DbtConfig config, Ports ports)
      : config_(std::move(config)),
        ports_(std::move(ports)),
        fetcher_(config_, ports_.workers, ports_.client),
        tasks_(ports_.executor, "dbt", ports_.telemetry),
        turn_(ports_.executor, 1, 16) {}

  std::shared_ptr<const ModelSnapshot> current() const override { return snapshot_; }

  Task<void> start() override {
    const bool is_configured = !config_.manifest_path.empty();
    if (is_configured) co_await sync_quietly();
    if (!snapshot_) co_await restore();
    if (!snapshot_ && !is_configured)
      ports_.board.set(kName, degradation::Health::down,
                       "No artifacts are configured and none were kept.");
    if (is_configured) tasks_.spawn("sync", keep_in_step());
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
    auto result = co_await sync(std::move(*request));
    if (result) result->broken = to_wire(broken_, call.principal.tenant_id);
    if (!result) {
      // Artifacts that cannot be read are what the caller asked us to read.
      if (result.error().code == Errc::corrupt || result.error().code == Errc::io)
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
      status.fetched_at = project.imported_at;
      status.stale_since = snapshot_->stale_since;
      status.counts = count(project);
      status.errors = to_wire(problems_);
      status.broken = to_wire(broken_, call.principal.tenant_id);
      status.values = value_count_;
      if (snapshot_->data_start) status.data_start = format_date(*snapshot_->data_start);
      if (snapshot_->data_end) status.data_end = format_date(*snapshot_->data_end);
      for (const auto& [_, node] : project.nodes)
        if (!node.freshness_state.empty())
          status.freshness.push_back({node.name, node.freshness_state, node.max_loaded_at});
      if (snapshot_->stale_since) call.degraded.emplace_back(kName);
    }
    co_return edge::reply(status);
  }

  Task<void> keep_in_step() {
    for (;;) {
      co_await runtime::pause_for(config_.sync_interval);
      co_await sync_quietly();
    }
  }
  Task<void> sync_quietly() {
    SyncRequest configured;
    auto result = co_await sync(std::move(configured));
    // What went wrong stands on the board and in the status.
    static_cast<void>(result);
  }

  Task<Result<SyncResult>> sync(SyncRequest request) {
    auto permit = co_await turn_.acquire();
    if (!permit) co_return permit.error();
    auto artifacts = co_await fetcher_.fetch(std::move(request), ports_.sources.wall.now());
    if (!artifacts) co_return fell_back(artifacts.error());
    auto kept = std::make_shared<const StoredArtifacts>(std::move(*artifacts));
    auto result = co_await import(kept);
    if (!result) co_return fell_back(result.error());
    last_error_.clear();
    ports_.board.set(kName, degradation::Health::up);
    if (result->is_changed) {
      const Result<void> saved = co_await ports_.store.save(*kept);
      if (!saved)
        last_error_ = "The model could not be kept for a restart: " + saved.error().detail;
    }
    co_return result;
  }

  /// The old snapshot stays, marked stale.
  Error fell_back(Error error) {
    if (error.code == Errc::invalid_request) return error;
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
    return error;
  }

  Task<void> restore() {
    auto stored = co_await ports_.store.load();
    if (!stored || !*stored) co_return;
    auto kept = std::make_shared<const StoredArtifacts>(std::move(**stored));
    auto result = co_await import(kept);
    if (!result) co_return;
    auto stale = std::make_shared<ModelSnapshot>(*snapshot_);
    stale->stale_since = kept->fetched_at;
    snapshot_ = std::move(stale);
    if (last_error_.empty()) last_error_ = "The artifacts have not been read since the last start.";
    ports_.board.set(kName, degradation::Health::degraded, last_error_);
  }

  Task<Result<SyncResult>> import(std::shared_ptr<const StoredArtifacts> artifacts) {
    std::shared_ptr<const contracts::ProjectModel> before;
    if (project_) before = project_;
    auto work = [artifacts, before] { return import_artifacts(*artifacts, before); };
    auto imported = co_await ports_.workers.run(std::move(work));
    if (!imported) co_return imported.error();
    auto data =
        co_await survey(config_, ports_.engine, ports_.tags, ports_.sources, imported->index);
    auto build = [index = imported->index, values = std::move(data.values)] {
      return semantic::Vocabulary::build(index, values);
    };
    auto vocabulary = co_await ports_.workers.run(std::move(build));
    if (!vocabulary) co_return vocabulary.error();

    std::shared_ptr<const semantic::ModelIndex> old = snapshot_ ? snapshot_->index : nullptr;
    auto broken = co_await test_known_queries(std::move(old), imported->index);

    auto fresh = std::make_shared<ModelSnapshot>();
    fresh->index = imported->index;
    fresh->vocabulary = *vocabulary;
    fresh->version = imported->project->version;
    fresh->data_start = data.data_start;
    fresh->data_end = data.data_end;
    SyncResult result;
    result.is_changed = !snapshot_ || snapshot_->version != fresh->version;
    snapshot_ = std::move(fresh);
    project_ = imported->project;
    problems_ = imported->problems;
    broken_ = std::move(broken);
    value_count_ = data.value_count;
    result.version = snapshot_->version;
    if (result.is_changed) report_swap(imported->diff);
    result.added = std::move(imported->diff.added);
    result.changed = std::move(imported->diff.changed);
    result.removed = std::move(imported->diff.removed);
    result.errors = to_wire(problems_);
    // The engine was away: its values are read again soon, not only at the next sync.
    if (!data.is_complete) tasks_.spawn("survey again", survey_again(snapshot_->version));
    co_return result;
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
    auto data =
        co_await survey(config_, ports_.engine, ports_.tags, ports_.sources, snapshot_->index);
    auto build = [index = snapshot_->index, values = std::move(data.values)] {
      return semantic::Vocabulary::build(index, values);
    };
    auto vocabulary = co_await ports_.workers.run(std::move(build));
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
  std::shared_ptr<const ModelSnapshot> snapshot_;
  std::shared_ptr<const contracts::ProjectModel> project_;
  std::vector<contracts::ImportProblem> problems_;
  std::vector<Breakage> broken_;
  std::string last_error_;
  std::int64_t value_count_ = 0;
};

}  // namespace

std::unique_ptr<Dbt> make_dbt(DbtConfig config, Ports ports) {
  ports.board.add(std::string(kName), "Answers rest on the last good model and say so.");
  return std::make_unique<Service>(std::move(config), std::move(ports));
}

}  // namespace loquat::dbt

#include "loquat/dbt/dbt.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "component/peers/fake_peer.hpp"
#include "loquat/semantic/model_index.hpp"

namespace loquat::dbt {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// A project of one metric; `metric` is its name.
std::string manifest(const std::string& metric, const std::string& version = "v12") {
  return R"({"metadata":{"dbt_schema_version":"https://schemas.getdbt.com/dbt/manifest/)" +
         version +
         R"(.json","project_name":"ward"},"nodes":{},
  "semantic_models":{"semantic_model.w.wards":{"name":"wards",
    "node_relation":{"alias":"wards","schema_name":"s"},
    "entities":[{"name":"ward","type":"primary"}],
    "dimensions":[{"name":"floor","type":"categorical"}],
    "measures":[{"name":"beds","agg":"sum"}]}},
  "metrics":{"metric.w.x":{"name":")" +
         metric + R"(","type":"simple","type_params":{"measure":{"name":"beds"}}}}})";
}

class KeptModels final : public contracts::ModelStore {
 public:
  contracts::Task<Result<void>> save(contracts::StoredArtifacts artifacts) override {
    kept = std::move(artifacts);
    co_return Result<void>();
  }
  contracts::Task<Result<std::optional<contracts::StoredArtifacts>>> load() override {
    co_return kept;
  }
  std::optional<contracts::StoredArtifacts> kept;
};

class SilentEngine final : public contracts::QueryEngine {
 public:
  std::string_view dialect() const noexcept override { return "duckdb"; }
  contracts::Task<Result<contracts::ResultSet>> execute(contracts::QueryRequest) override {
    co_return contracts::ResultSet();
  }
};

class NoTags final : public contracts::ColumnTags {
 public:
  bool must_mask(std::string_view, std::string_view, std::optional<bool>, bool,
                 const contracts::Principal&) const override {
    return false;
  }
  void want(std::vector<std::string>) override {}
};

class DbtTest : public peers::PeerTest {
 protected:
  void SetUp() override {
    folder = std::filesystem::temp_directory_path() /
             ("loquat-dbt-" +
              std::string(testing::UnitTest::GetInstance()->current_test_info()->name()) + "-" +
              std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    config.fetch_timeout = 5s;
    config.sync_interval = 900s;
    const std::string address = peer.url().substr(std::string("http://").size());
    config.allowed_hosts = {address};
  }
  void TearDown() override {
    if (service) await(service->stop());
    service.reset();
    settle();
    peers::PeerTest::TearDown();
    std::filesystem::remove_all(folder);
  }
  std::string file(const std::string& name, const std::string& text) {
    const auto path = folder / name;
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
    return path.string();
  }
  void make() {
    Ports ports{executor(), sources, telemetry(), board, pool, store, engine, tags, client};
    service = make_dbt(config, std::move(ports));
  }
  void begin() {
    make();
    auto pending = start(service->start());
    for (int i = 0; i < 2'000 && !pending.done(); ++i) {
      static_cast<void>(wait_a_little([&] { return pending.done(); }));
      if (!pending.done() && peer.mood == peers::Mood::slow) advance(100ms);
      std::this_thread::yield();
    }
    ASSERT_TRUE(wait_until([&] { return pending.done(); }));
  }
  /// Moves the clock until `holds`; true if it did.
  bool over_time(const std::function<bool()>& holds) {
    for (int i = 0; i < 3'000 && !holds(); ++i) {
      advance(500ms);
      static_cast<void>(wait_a_little(holds));
    }
    return holds();
  }
  bool has_metric(const std::string& name) const {
    const auto model = service->current();
    return model && model->index->metric(name) != nullptr;
  }
  std::string error() const { return board.find("dbt")->last_error; }
  degradation::Health health() const { return board.find("dbt")->state; }

  std::filesystem::path folder;
  DbtConfig config;
  KeptModels store;
  SilentEngine engine;
  NoTags tags;
  std::unique_ptr<Dbt> service;
};

// ---- what the source does to us, with and without an older model

struct Fault {
  std::string name;
  std::string said;  ///< what the board says of it
};
class DbtFault : public DbtTest, public testing::WithParamInterface<Fault> {
 protected:
  void set_up_fault() {
    const std::string& name = GetParam().name;
    const std::string whole = manifest("new_beds");
    config.manifest_path = peer.url() + "/manifest.json";
    if (name == "missing") config.manifest_path = (folder / "none.json").string();
    if (name == "half") config.manifest_path = file("half.json", whole.substr(0, 400));
    if (name == "empty") config.manifest_path = file("empty.json", "");
    if (name == "text") config.manifest_path = file("text.json", "<html>soon</html>");
    if (name == "folder") config.manifest_path = folder.string();
    if (name == "version") config.manifest_path = file("old.json", manifest("new_beds", "v9"));
    if (name == "gigabyte") {
      config.manifest_path = file("large.json", "{");
      std::filesystem::resize_file(config.manifest_path, 1ULL << 30U);
    }
    if (name == "slow") peer.mood = peers::Mood::slow;
    if (name == "away") peer.mood = peers::Mood::away;
    if (name == "babbling") peer.mood = peers::Mood::babbling;
    if (name == "large") {
      config.artifact_max_bytes = 1'024;
      peer.on("GET /manifest.json", whole + std::string(4'096, ' '));
    }
    if (name == "redirect")
      peer.on("GET /manifest.json", [this](const net::Request&) {
        auto answer = net::make_response(302, "text/plain", "");
        const auto port = peer.url().substr(peer.url().rfind(':'));
        answer.headers.set("Location", "http://localhost" + port + "/elsewhere.json");
        return answer;
      });
    if (name == "host") config.allowed_hosts = {"dbt.example.org"};
  }
};

TEST_P(DbtFault, LeavesNothingWithoutAnOlderModelAndSaysWhy) {
  set_up_fault();
  begin();
  EXPECT_EQ(service->current(), nullptr);
  EXPECT_EQ(health(), degradation::Health::down);
  EXPECT_THAT(error(), HasSubstr(GetParam().said));
}

TEST_P(DbtFault, LeavesTheLastGoodModelStale) {
  const WallTime fetched_at = clock.now() - 1h;
  store.kept = contracts::StoredArtifacts{{{"manifest", manifest("beds")}}, fetched_at};
  set_up_fault();
  begin();
  ASSERT_TRUE(has_metric("beds"));
  EXPECT_EQ(service->current()->stale_since, fetched_at);
  EXPECT_EQ(health(), degradation::Health::degraded);
  EXPECT_THAT(error(), HasSubstr(GetParam().said));
}

INSTANTIATE_TEST_SUITE_P(
    Each, DbtFault,
    testing::Values(Fault{"missing", "No such file"}, Fault{"half", "half written"},
                    Fault{"empty", "half written"}, Fault{"text", "not a JSON object"},
                    Fault{"folder", "no regular file"}, Fault{"version", "v9"},
                    Fault{"gigabyte", "1073741824 bytes; allowed are 536870912"},
                    Fault{"not_found", "answered 404"}, Fault{"away", "answered 503"},
                    Fault{"slow", "no answer within 5000 ms"}, Fault{"babbling", "half written"},
                    Fault{"large", "more than the allowed 1024 bytes"},
                    Fault{"redirect", "not a public one"}, Fault{"host", "dbt.allowed_hosts"}),
    [](const auto& one) { return one.param.name; });

// ---- how it comes back

TEST_F(DbtTest, ReadsAManifestByUrlAcrossARedirectOfItsHost) {
  config.manifest_path = peer.url() + "/latest/manifest.json";
  peer.on("GET /latest/manifest.json", [](const net::Request&) {
    auto answer = net::make_response(307, "text/html", "<a>moved</a>");
    answer.headers.set("Location", "../7/manifest.json");
    return answer;
  });
  peer.on("GET /latest/../7/manifest.json", manifest("beds"));
  begin();
  EXPECT_TRUE(has_metric("beds"));
  EXPECT_EQ(health(), degradation::Health::up);
}

TEST_F(DbtTest, TriesAServerThatWasAwayAgainSoon) {
  config.manifest_path = peer.url() + "/manifest.json";
  peer.on("GET /manifest.json", manifest("beds"));
  peer.mood = peers::Mood::away;
  begin();
  ASSERT_EQ(health(), degradation::Health::down);
  peer.mood = peers::Mood::up;
  EXPECT_TRUE(over_time([&] { return has_metric("beds"); }));
  EXPECT_EQ(health(), degradation::Health::up);
}

TEST_F(DbtTest, SeesAChangedFileAndKeepsTheOldModelWhileItIsHalfWritten) {
  config.manifest_path = file("manifest.json", manifest("beds"));
  begin();
  ASSERT_TRUE(has_metric("beds"));
  const std::string next = manifest("more_beds");
  file("manifest.json", next.substr(0, next.size() / 2));
  ASSERT_TRUE(over_time([&] { return health() == degradation::Health::degraded; }));
  EXPECT_TRUE(has_metric("beds"));
  EXPECT_TRUE(service->current()->stale_since.has_value());
  file("manifest.json", next);
  ASSERT_TRUE(over_time([&] { return has_metric("more_beds"); }));
  EXPECT_FALSE(has_metric("beds"));
  EXPECT_FALSE(service->current()->stale_since.has_value());
  EXPECT_EQ(health(), degradation::Health::up);
}

TEST_F(DbtTest, KeepsTheIndexWhileTheArtifactsAreTheSame) {
  config.manifest_path = file("manifest.json", manifest("beds"));
  begin();
  const auto before = service->current();
  file("manifest.json", manifest("beds") + "\n\n");
  ASSERT_TRUE(over_time([&] { return service->current() != before; }));
  EXPECT_EQ(service->current()->index, before->index);
  EXPECT_EQ(recorded.events("dbt.model_swapped").size(), 1U);
}

TEST_F(DbtTest, ReadsASemanticManifestAlone) {
  config.semantic_manifest_path = file("semantic_manifest.json", manifest("beds"));
  begin();
  EXPECT_TRUE(has_metric("beds"));
}

TEST_F(DbtTest, GoesOnWithoutACatalogThatIsNotThere) {
  config.manifest_path = file("manifest.json", manifest("beds"));
  config.catalog_path = (folder / "none.json").string();
  begin();
  EXPECT_TRUE(has_metric("beds"));
  EXPECT_EQ(health(), degradation::Health::up);
}

TEST_F(DbtTest, TellsNoneOfAUrlBeyondItsHost) {
  config.manifest_path = peer.url() + "/manifest.json?key=hunter2";
  begin();
  EXPECT_THAT(error(), HasSubstr("answered 404"));
  EXPECT_THAT(error(), testing::Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace loquat::dbt

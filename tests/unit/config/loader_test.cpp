#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "loquat/config/config.hpp"

namespace loquat::config {

enum class Colour { red, light_green };

}  // namespace loquat::config
namespace loquat {
LOQUAT_ENUM(config::Colour, 2,
            {{{config::Colour::red, "red"}, {config::Colour::light_green, "light_green"}}});
}  // namespace loquat

namespace loquat::config {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

struct Inner {
  std::uint16_t port = 8000;
  std::optional<std::string> host;
  template <class V>
  void fields(V& v) {
    v("port", port, "Where it listens.");
    v("host", host, "Its name.", len(1, 10));
  }
};
struct Sample {
  bool is_on = true;
  std::int64_t bytes_max = 1024;
  double ratio = 0.5;
  std::chrono::seconds heartbeat{30};
  std::chrono::milliseconds patience{200};
  Colour colour = Colour::red;
  std::vector<std::string> names{"a"}, origins;
  std::map<std::string, std::string> tags;
  Secret password;
  std::string key_file;
  Secret key;
  Inner inner;
  template <class V>
  void fields(V& v) {
    v("is_on", is_on, "Whether.");
    v("bytes_max", bytes_max, "How much.", in(1, 1 << 30), unit("bytes"));
    v("ratio", ratio, "Share.", in(0.0, 1.0));
    v("heartbeat", heartbeat, "How often.", in(1s, 10min), env("SAMPLE_HEARTBEAT"), reloadable);
    v("patience", patience, "How long.", in(1ms, 1h));
    v("colour", colour, "Which.");
    v("names", names, "Who.", len(0, 3));
    v("origins", origins, "From where.", format("origin"));
    v("tags", tags, "What.");
    v("password", password, "Hush.", env("SAMPLE_PASSWORD"));
    v("key", key, "A key.");
    v("key_file", key_file, "A file that holds a key.");
    v("inner", inner, "A part.");
  }
};

class Config : public ::testing::Test {
 protected:
  Config() { loader.section("sample", sample); }
  ~Config() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }
  std::filesystem::path file(const std::string& name, const std::string& text) {
    if (folder_.empty()) {
      std::string pattern = ::testing::TempDir() + "loquat-config-XXXXXX";
      folder_ = ::mkdtemp(pattern.data());
    }
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  Result<void> load_yaml(const std::string& text) {
    sources.yaml = file("loquat.yaml", text);
    return loader.load(sources);
  }
  static std::vector<std::string> messages(const Result<void>& outcome) {
    std::vector<std::string> all;
    if (!outcome)
      for (const auto& issue : outcome.error().fields) all.push_back(issue.message);
    return all;
  }

  Sample sample;
  Loader loader;
  LoadSources sources;

 private:
  std::filesystem::path folder_;
};

TEST_F(Config, FlagWinsOverEnvironmentOverFileOverDefault) {
  sources.environment = {{"LOQUAT_SAMPLE__RATIO", "0.2"}, {"LOQUAT_SAMPLE__INNER__PORT", "2"}};
  sources.flags = {{"sample.inner.port", "3"}};
  ASSERT_TRUE(load_yaml("sample: {bytes_max: 7, ratio: 0.1, inner: {port: 1}}"));
  EXPECT_EQ(sample.bytes_max, 7);
  EXPECT_EQ(sample.ratio, 0.2);
  EXPECT_EQ(sample.inner.port, 3);
  EXPECT_EQ(sample.patience, 200ms);
}

TEST_F(Config, EveryKindIsRead) {
  ASSERT_TRUE(load_yaml(R"(
sample:
  is_on: off
  bytes_max: 64KiB
  heartbeat: 2m
  patience: 1500
  colour: light_green
  names: [x, y]
  tags: {team: sales}
  inner: {host: here}
)"));
  EXPECT_FALSE(sample.is_on);
  EXPECT_EQ(sample.bytes_max, 65536);
  EXPECT_EQ(sample.heartbeat, 120s);
  EXPECT_EQ(sample.patience, 1500ms);
  EXPECT_EQ(sample.colour, Colour::light_green);
  EXPECT_EQ(sample.names, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(sample.tags.at("team"), "sales");
  EXPECT_EQ(sample.inner.host, "here");
}

TEST_F(Config, PlainNumbersCountInTheMembersUnit) {
  sources.environment = {{"SAMPLE_HEARTBEAT", "45"}, {"LOQUAT_SAMPLE__NAMES", "a, b"}};
  ASSERT_TRUE(loader.load(sources));
  EXPECT_EQ(sample.heartbeat, 45s);
  EXPECT_EQ(sample.names.size(), 2U);
}

TEST_F(Config, AnArrayFromTheEnvironmentIsTheListThatItSays) {
  sources.environment = {{"LOQUAT_SAMPLE__NAMES", R"( ["https://a.example.com", "b,c"] )"}};
  ASSERT_TRUE(loader.load(sources));
  EXPECT_EQ(sample.names, (std::vector<std::string>{"https://a.example.com", "b,c"}));
  sources.environment = {{"LOQUAT_SAMPLE__NAMES", "[::1]:9092,[::2]:9092"}};
  ASSERT_TRUE(loader.load(sources));
  EXPECT_EQ(sample.names, (std::vector<std::string>{"[::1]:9092", "[::2]:9092"}));
  for (const auto* wrong : {R"(["a)", R"(["a" "b"])", R"(["a"],b)", R"(["a",])", R"([1, "a"])"}) {
    sources.environment = {{"LOQUAT_SAMPLE__NAMES", wrong}};
    EXPECT_FALSE(loader.load(sources)) << wrong;
  }
}

TEST_F(Config, AnOriginThatNoBrowserSendsIsRefusedAndNotJustNeverMet) {
  for (const auto* good : {"https://app.example.com", "http://localhost:5173", "https://[::1]:8443",
                           R"(["https://a.example", "https://b.example"])"}) {
    sources.environment = {{"LOQUAT_SAMPLE__ORIGINS", good}};
    EXPECT_TRUE(loader.load(sources)) << good;
  }
  for (const auto* wrong : {"*", "null", "https://*.example.com", "app.example.com", "https://",
                            "https://a.example/", "https://A.example", "[https://a.example"}) {
    sources.environment = {{"LOQUAT_SAMPLE__ORIGINS", wrong}};
    EXPECT_THAT(messages(loader.load(sources)), Contains(HasSubstr("is no origin"))) << wrong;
  }
}

TEST_F(Config, EverythingWrongIsToldAtOnceAndNothingChanges) {
  sources.environment = {{"LOQUAT_SAMPLE__RATIO", "2"}, {"LOQUAT_SAMPLE__NOPE", "1"}};
  sources.flags = {{"sample.colour", "blue"}};
  const auto outcome = load_yaml(
      "sample:\n  is_on: false\n  bytes_mx: 1\n  patience: 1y\n  inner: {port: 70000}\n"
      "  names: [1, 2, 3, 4]\n");
  ASSERT_FALSE(outcome);
  const auto all = messages(outcome);
  EXPECT_EQ(all.size(), 7U);
  EXPECT_THAT(all, Contains(HasSubstr("did you mean sample.bytes_max?")));
  EXPECT_THAT(all, Contains(HasSubstr("sample.patience (line 4): '1y' is no duration")));
  EXPECT_THAT(all, Contains(HasSubstr("70000 is out of bounds; allowed: 0 to 65535")));
  EXPECT_THAT(all, Contains(HasSubstr("at most 3")));
  EXPECT_THAT(all, Contains(HasSubstr("allowed: 0 to 1")));
  EXPECT_THAT(all, Contains(HasSubstr("LOQUAT_SAMPLE__NOPE")));
  EXPECT_THAT(all, Contains(HasSubstr("allowed: red, light_green")));
  EXPECT_THAT(outcome.error().detail, HasSubstr("sample.colour"));
  EXPECT_TRUE(sample.is_on);
}

TEST_F(Config, BoundsOfDurationsAreKeptAndNamed) {
  sources.environment = {{"SAMPLE_HEARTBEAT", "11m"}};
  EXPECT_THAT(messages(loader.load(sources)), Contains(HasSubstr("from 1s to 10m")));
  sources.environment = {{"SAMPLE_HEARTBEAT", "1500ms"}};
  EXPECT_THAT(messages(loader.load(sources)), Contains(HasSubstr("multiples of 1s")));
}

TEST_F(Config, SecretComesFromAFileAndIsNeverPrinted) {
  sources.environment = {{"SAMPLE_PASSWORD_FILE", file("secret", "tiger\n").string()}};
  ASSERT_TRUE(loader.load(sources));
  EXPECT_EQ(sample.password.reveal(), "tiger");
  EXPECT_THAT(loader.print(), Not(HasSubstr("tiger")));
  EXPECT_THAT(loader.print(), HasSubstr("password: '<redacted>'"));
}

TEST_F(Config, NoSecretWithinAUrlIsPrinted) {
  sample.names = {"https://ada:tiger@host:1/a?sig=lion&x=puma#f", "http://host/?a", "a=b"};
  const auto printed = loader.print();
  for (const char* secret : {"ada", "tiger", "lion", "puma"})
    EXPECT_THAT(printed, Not(HasSubstr(secret)));
  EXPECT_THAT(printed, HasSubstr("https://[redacted]@host:1/a?sig=[redacted]&x=[redacted]#f"));
  EXPECT_THAT(printed, HasSubstr("http://host/?a"));
  EXPECT_THAT(printed, HasSubstr("a=b"));
}

TEST_F(Config, MissingSecretFileStopsTheStart) {
  sources.environment = {{"SAMPLE_PASSWORD_FILE", "/nonexistent/secret"}};
  EXPECT_THAT(messages(loader.load(sources)), Contains(HasSubstr("cannot be read")));
}

TEST_F(Config, AKeyThatEndsInFileIsNoSecretsFile) {
  sources.environment = {{"LOQUAT_SAMPLE__KEY_FILE", "/etc/key.pem"}};
  ASSERT_TRUE(loader.load(sources));
  EXPECT_EQ(sample.key_file, "/etc/key.pem");
  EXPECT_TRUE(sample.key.empty());
}

TEST_F(Config, BrokenFilesAreRefusedWithTheirLine) {
  EXPECT_THAT(load_yaml("sample:\n  - [\n").error().detail, HasSubstr("line"));
  EXPECT_EQ(load_yaml("just text").error().code, Errc::invalid_request);
  EXPECT_THAT(messages(load_yaml("sample: {is_on: true, is_on: false}")),
              Contains(HasSubstr("twice")));
  sources.yaml = "/nonexistent.yaml";
  EXPECT_EQ(loader.load(sources).error().code, Errc::io);
}

TEST_F(Config, EmptySectionsSayNothing) { EXPECT_TRUE(load_yaml("sample:\n  inner:\n")); }

TEST_F(Config, ReloadTakesOverOnlyWhatMayChange) {
  ASSERT_TRUE(load_yaml("sample: {heartbeat: 20, ratio: 0.1}"));
  sources.yaml = file("loquat.yaml", "sample: {heartbeat: 10, ratio: 0.3}");
  const auto report = loader.reload(sources);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->applied, std::vector<std::string>{"sample.heartbeat"});
  EXPECT_EQ(report->needs_restart, std::vector<std::string>{"sample.ratio"});
  EXPECT_EQ(sample.heartbeat, 10s);
  EXPECT_EQ(sample.ratio, 0.1);
}

TEST_F(Config, ReferenceAndPrintReadBackAsTheSameSettings) {
  sample.names = {"it's", "two"};
  sources.yaml = file("reference.yaml", loader.render_reference());
  auto outcome = loader.load(sources);
  ASSERT_TRUE(outcome) << outcome.error().detail;
  EXPECT_EQ(sample.names, std::vector<std::string>{"a"});
  EXPECT_THAT(loader.render_reference(), HasSubstr("SAMPLE_HEARTBEAT"));
  EXPECT_THAT(loader.render_reference(), HasSubstr("1s to 10m"));
  sources.yaml = file("printed.yaml", loader.print());
  EXPECT_TRUE(loader.load(sources));
}

TEST_F(Config, OneKeyBelongsToOneMember) {
  Inner other;
  EXPECT_THROW(loader.section("sample.inner", other), std::logic_error);
}

TEST(CommandLine, KnowsItsWordsAndAnyKey) {
  const std::vector<const char*> arguments{"--config", "a.yaml", "--check-config", "--http.port=0"};
  const auto line = parse_command_line(arguments);
  ASSERT_TRUE(line);
  EXPECT_EQ(line->config, "a.yaml");
  EXPECT_TRUE(line->check_config);
  EXPECT_EQ(line->settings.at(0).second, "0");
  const std::vector<const char*> wrong{"--verbos"};
  EXPECT_THAT(parse_command_line(wrong).error().detail, HasSubstr("--verbos"));
}

}  // namespace
}  // namespace loquat::config

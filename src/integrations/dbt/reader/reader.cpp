#include "loquat/dbt/reader.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "loquat/base/time_format.hpp"
#include "parts.hpp"
#include "read_trimmed.hpp"
#include "wanted.hpp"

namespace loquat::dbt {
namespace {

using contracts::ImportProblem;
using contracts::ProjectModel;

constexpr std::string_view kSchema = "/manifest/v12";

/// Two multiplicative sums, eight bytes a step: enough to tell imports apart; nobody attacks a
/// version. (Words are taken in the machine's byte order: a version is compared on one machine.)
class ContentHash {
 public:
  void add(std::string_view text) {
    const char* at = text.data();
    std::size_t left = text.size();
    for (; left >= kWord; at += kWord, left -= kWord) step(word_at(at, kWord));
    step(word_at(at, left));
    step(text.size());
  }
  [[nodiscard]] std::string hex() const {
    std::array<char, 33> out{};
    static_cast<void>(std::snprintf(out.data(), out.size(), "%016llx%016llx",
                                    static_cast<unsigned long long>(a_),
                                    static_cast<unsigned long long>(b_)));
    return out.data();
  }

 private:
  static constexpr std::size_t kWord = sizeof(std::uint64_t);
  static std::uint64_t word_at(const char* at, std::size_t size) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, size);
    return word;
  }
  void step(std::uint64_t word) {
    a_ = (a_ ^ word) * 0x9FB21C651E98DF25ULL;
    a_ ^= a_ >> 32U;
    b_ = (b_ + word + 1) * 0x9E3779B97F4A7C15ULL;
    b_ ^= b_ >> 29U;
  }
  std::uint64_t a_ = 0xcbf29ce484222325ULL;
  std::uint64_t b_ = 0x2545F4914F6CDD1DULL;
};

bool is_known_schema(std::string_view schema) {
  const std::size_t at = schema.find(kSchema);
  if (at == std::string_view::npos) return false;
  const std::string_view rest = schema.substr(at + kSchema.size());
  return rest.empty() || rest == ".json";
}

Result<void> read_metadata(const Document& manifest, ProjectModel& out) {
  std::string schema;
  manifest.with("metadata", [&](const Place& metadata) {
    schema = metadata.text("dbt_schema_version");
    out.project_name = metadata.text("project_name");
    out.dbt_version = metadata.text("dbt_version");
    out.generated_at = parse_rfc3339(metadata.text("generated_at"));
  });
  if (!is_known_schema(schema))
    return fail(Errc::corrupt, "manifest: schema version " + (schema.empty() ? "missing" : schema) +
                                   "; manifest v12 (dbt 1.8 and later) is read");
  return {};
}

}  // namespace

std::string content_version(const std::map<std::string, std::string>& texts) {
  ContentHash hash;
  for (const auto& [artifact, text] : texts) {
    hash.add(artifact);
    hash.add(text);
  }
  return hash.hex();
}

Result<std::string> trim_artifact(std::string_view artifact, std::string_view text) {
  Trimmer trimmer(wanted_of(artifact));
  trimmer.feed(text);
  if (const auto whole = trimmer.finish(); !whole)
    return fail(Errc::corrupt, std::string(artifact) + ": " + whole.error().detail);
  return trimmer.take_text();
}

Result<ProjectModel> read_trimmed(const std::map<std::string, std::string>& texts, WallTime now) {
  ProjectModel out;
  std::vector<ImportProblem> problems;
  out.version = content_version(texts);
  out.imported_at = now;
  const auto document = [&](const char* artifact) -> std::optional<Document> {
    const auto found = texts.find(artifact);
    if (found == texts.end()) return std::nullopt;
    return Document(found->second, artifact, problems);
  };
  const auto manifest = document("manifest");
  const auto semantic_manifest = document("semantic_manifest");
  if (manifest)
    if (auto known = read_metadata(*manifest, out); !known) return known.error();
  if (semantic_manifest)
    read_semantics(*semantic_manifest, out);
  else if (manifest)
    read_semantics(*manifest, out);
  if (manifest) {
    if (semantic_manifest) read_metric_config(*manifest, out);
    read_nodes(*manifest, out);
  }
  if (const auto catalog = document("catalog")) read_catalog(*catalog, out);
  if (const auto run_results = document("run_results")) read_run_results(*run_results, out);
  if (const auto sources = document("sources")) read_sources(*sources, out);
  read_calendar(out, problems);
  if (problems.size() > kProblemsMax) {
    const std::size_t more = problems.size() - kProblemsMax;
    problems.resize(kProblemsMax);
    problems.push_back({"", "", std::to_string(more) + " further problems are not listed"});
  }
  out.problems = std::move(problems);
  return out;
}

Result<ProjectModel> read_project(const Artifacts& artifacts, WallTime now) {
  std::map<std::string, std::string> texts;
  std::vector<ImportProblem> problems;
  const auto take = [&](const char* name, std::string_view text) -> Result<void> {
    auto trimmed = trim_artifact(name, text);
    if (!trimmed) return trimmed.error();
    texts.emplace(name, std::move(*trimmed));
    return {};
  };
  const bool has_manifest = !artifacts.manifest.empty() || !artifacts.semantic_manifest;
  if (has_manifest)
    if (auto taken = take("manifest", artifacts.manifest); !taken) return taken.error();
  const std::pair<const char*, const std::optional<std::string>*> beside[] = {
      {"semantic_manifest", &artifacts.semantic_manifest},
      {"catalog", &artifacts.catalog},
      {"run_results", &artifacts.run_results},
      {"sources", &artifacts.sources}};
  for (const auto& [name, text] : beside) {
    if (!*text) continue;
    if (auto taken = take(name, **text); !taken)
      problems.push_back({name, "", taken.error().detail + "; left out"});
  }
  auto out = read_trimmed(texts, now);
  if (out) out->problems.insert(out->problems.begin(), problems.begin(), problems.end());
  return out;
}

}  // namespace loquat::dbt

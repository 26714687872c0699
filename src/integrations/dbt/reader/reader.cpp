#include "loquat/dbt/reader.hpp"

#include <array>
#include <cstdint>
#include <cstdio>

#include "loquat/base/time_format.hpp"
#include "parts.hpp"

namespace loquat::dbt {
namespace {

using contracts::ImportProblem;
using contracts::ProjectModel;

constexpr std::string_view kSchema = "/manifest/v12";

/// Two independent FNV-1a sums: enough to tell imports apart; nobody attacks a version.
class ContentHash {
 public:
  void add(std::string_view text) {
    for (const char c : text) step(static_cast<unsigned char>(c));
    step(0xFFU);
  }
  [[nodiscard]] std::string hex() const {
    std::array<char, 33> out{};
    std::snprintf(out.data(), out.size(), "%016llx%016llx", static_cast<unsigned long long>(a_),
                  static_cast<unsigned long long>(b_));
    return out.data();
  }

 private:
  void step(std::uint64_t byte) {
    a_ = (a_ ^ byte) * 0x100000001b3ULL;
    b_ = (b_ + byte + 1) * 0x9E3779B97F4A7C15ULL;
    b_ ^= b_ >> 29U;
  }
  std::uint64_t a_ = 0xcbf29ce484222325ULL;
  std::uint64_t b_ = 0x2545F4914F6CDD1DULL;
};

std::string version_of(const Artifacts& artifacts) {
  ContentHash hash;
  hash.add(artifacts.manifest);
  for (const auto* text : {&artifacts.semantic_manifest, &artifacts.catalog, &artifacts.run_results,
                           &artifacts.sources})
    hash.add(text->has_value() ? std::string_view(**text) : std::string_view());
  return hash.hex();
}

Json parsed(std::string_view text) {
  return Json::parse(text, nullptr, /*allow_exceptions=*/false);
}

/// An artifact beside the manifest: read if it is a JSON object, else reported and left out.
template <class Read>
bool read_beside(const std::optional<std::string>& text, std::string_view artifact,
                 std::vector<ImportProblem>& problems, const Read& read) {
  if (!text) return false;
  const Json root = parsed(*text);
  const Place place(root, artifact, "", problems);
  if (!root.is_object()) {
    place.report(root.is_discarded() ? "is not JSON; left out" : "is not an object; left out");
    return false;
  }
  read(place);
  return true;
}

Result<void> check_manifest(const Json& root) {
  if (root.is_discarded() || !root.is_object())
    return fail(Errc::corrupt, "manifest: not a JSON object (half written?)");
  const auto metadata = root.find("metadata");
  std::string schema;
  if (metadata != root.end() && metadata->is_object()) {
    const auto version = metadata->find("dbt_schema_version");
    if (version != metadata->end() && version->is_string()) schema = version->get<std::string>();
  }
  if (schema.find(kSchema) == std::string::npos)
    return fail(Errc::corrupt, "manifest: schema version " + (schema.empty() ? "missing" : schema) +
                                   "; manifest v12 (dbt 1.8 and later) is read");
  return {};
}

void read_calendar(ProjectModel& out) {
  for (const auto& [_, node] : out.nodes) {
    const Json meta = parsed(node.meta.json);
    if (!meta.is_object()) continue;
    const auto set = [&](const char* key, int low, int high, int& target) {
      const auto found = meta.find(key);
      if (found == meta.end() || !found->is_number_integer()) return;
      const auto value = found->get<std::int64_t>();
      if (value >= low && value <= high) target = static_cast<int>(value);
    };
    set("fiscal_year_start_month", 1, 12, out.fiscal_year_start_month);
    set("week_starts_on", 1, 7, out.week_starts_on);
  }
}

}  // namespace

Result<ProjectModel> read_project(const Artifacts& artifacts, WallTime now) {
  const Json manifest = parsed(artifacts.manifest);
  if (const auto checked = check_manifest(manifest); checked.has_error()) return checked.error();
  ProjectModel out;
  std::vector<ImportProblem> problems;
  const Place root(manifest, "manifest", "", problems);
  const Place metadata = root.at("metadata");
  out.version = version_of(artifacts);
  out.imported_at = now;
  out.project_name = metadata.text("project_name");
  out.dbt_version = metadata.text("dbt_version");
  out.generated_at = parse_rfc3339(metadata.text("generated_at"));

  const bool separate = read_beside(artifacts.semantic_manifest, "semantic_manifest", problems,
                                    [&](const Place& place) { read_semantics(place, out); });
  if (separate) {
    read_metric_config(root, out);
  } else {
    read_semantics(root, out);
  }
  read_nodes(root, out);
  if (out.time_spines.empty()) read_spines_of_nodes(root, out);
  read_beside(artifacts.catalog, "catalog", problems,
              [&](const Place& place) { read_catalog(place, out); });
  read_beside(artifacts.run_results, "run_results", problems,
              [&](const Place& place) { read_run_results(place, out); });
  read_beside(artifacts.sources, "sources", problems,
              [&](const Place& place) { read_sources(place, out); });
  read_calendar(out);
  out.problems = std::move(problems);
  return out;
}

}  // namespace loquat::dbt

#include "wanted.hpp"

#include <array>

namespace loquat::dbt {
namespace {

using Member = std::pair<std::string_view, const Wanted*>;

constexpr Wanted kAll{};
constexpr Wanted members(std::span<const Member> of) {
  return {Wanted::Kind::members, of, nullptr};
}
constexpr Wanted each(const Wanted& item) { return {Wanted::Kind::each, {}, &item}; }

constexpr auto kMetadataMembers = std::to_array<Member>({{"dbt_schema_version", &kAll},
                                                         {"project_name", &kAll},
                                                         {"dbt_version", &kAll},
                                                         {"generated_at", &kAll}});
constexpr Wanted kMetadata = members(kMetadataMembers);

constexpr auto kConfigMembers = std::to_array<Member>({{"materialized", &kAll},
                                                       {"meta", &kAll},
                                                       {"tags", &kAll},
                                                       {"group", &kAll},
                                                       {"enabled", &kAll}});
constexpr Wanted kConfig = members(kConfigMembers);
constexpr auto kColumnMembers = std::to_array<Member>({{"name", &kAll},
                                                       {"description", &kAll},
                                                       {"data_type", &kAll},
                                                       {"tags", &kAll},
                                                       {"meta", &kAll},
                                                       {"config", &kConfig},
                                                       {"granularity", &kAll}});
constexpr Wanted kColumn = members(kColumnMembers);
constexpr Wanted kColumns = each(kColumn);
constexpr auto kDependsMembers = std::to_array<Member>({{"nodes", &kAll}});
constexpr Wanted kDepends = members(kDependsMembers);
constexpr auto kTestMembers = std::to_array<Member>({{"name", &kAll}, {"kwargs", &kAll}});
constexpr Wanted kTest = members(kTestMembers);

/// Models, seeds, snapshots, tests and sources.
constexpr auto kNodeMembers = std::to_array<Member>(
    {{"unique_id", &kAll},      {"resource_type", &kAll}, {"name", &kAll},
     {"alias", &kAll},          {"identifier", &kAll},    {"database", &kAll},
     {"schema", &kAll},         {"relation_name", &kAll}, {"description", &kAll},
     {"tags", &kAll},           {"meta", &kAll},          {"group", &kAll},
     {"version", &kAll},        {"columns", &kColumns},   {"config", &kConfig},
     {"depends_on", &kDepends}, {"attached_node", &kAll}, {"column_name", &kAll},
     {"test_metadata", &kTest}, {"time_spine", &kAll}});
constexpr Wanted kNode = members(kNodeMembers);
constexpr Wanted kNodes = each(kNode);

constexpr auto kExposureMembers = std::to_array<Member>({{"unique_id", &kAll},
                                                         {"name", &kAll},
                                                         {"type", &kAll},
                                                         {"url", &kAll},
                                                         {"owner", &kAll},
                                                         {"depends_on", &kDepends}});
constexpr Wanted kExposure = members(kExposureMembers);
constexpr Wanted kExposures = each(kExposure);
constexpr auto kGroupMembers = std::to_array<Member>({{"name", &kAll}, {"owner", &kAll}});
constexpr Wanted kGroup = members(kGroupMembers);
constexpr Wanted kGroups = each(kGroup);

/// Semantic models, metrics and saved queries.
constexpr auto kSemanticMembers = std::to_array<Member>({{"name", &kAll},
                                                         {"label", &kAll},
                                                         {"description", &kAll},
                                                         {"meta", &kAll},
                                                         {"tags", &kAll},
                                                         {"group", &kAll},
                                                         {"config", &kConfig},
                                                         {"node_relation", &kAll},
                                                         {"model", &kAll},
                                                         {"depends_on", &kDepends},
                                                         {"primary_entity", &kAll},
                                                         {"defaults", &kAll},
                                                         {"entities", &kAll},
                                                         {"dimensions", &kAll},
                                                         {"measures", &kAll},
                                                         {"type", &kAll},
                                                         {"type_params", &kAll},
                                                         {"filter", &kAll},
                                                         {"time_granularity", &kAll},
                                                         {"query_params", &kAll}});
constexpr Wanted kSemantic = members(kSemanticMembers);
constexpr Wanted kSemantics = each(kSemantic);

constexpr auto kManifestMembers = std::to_array<Member>({{"metadata", &kMetadata},
                                                         {"nodes", &kNodes},
                                                         {"sources", &kNodes},
                                                         {"exposures", &kExposures},
                                                         {"groups", &kGroups},
                                                         {"semantic_models", &kSemantics},
                                                         {"metrics", &kSemantics},
                                                         {"saved_queries", &kSemantics},
                                                         {"project_configuration", &kAll}});
constexpr Wanted kManifest = members(kManifestMembers);

constexpr auto kStatMembers = std::to_array<Member>({{"id", &kAll}, {"value", &kAll}});
constexpr Wanted kStat = members(kStatMembers);
constexpr Wanted kStats = each(kStat);
constexpr auto kCatalogColumnMembers =
    std::to_array<Member>({{"name", &kAll}, {"type", &kAll}, {"index", &kAll}, {"comment", &kAll}});
constexpr Wanted kCatalogColumn = members(kCatalogColumnMembers);
constexpr Wanted kCatalogColumns = each(kCatalogColumn);
constexpr auto kCatalogNodeMembers = std::to_array<Member>(
    {{"unique_id", &kAll}, {"columns", &kCatalogColumns}, {"stats", &kStats}});
constexpr Wanted kCatalogNode = members(kCatalogNodeMembers);
constexpr Wanted kCatalogNodes = each(kCatalogNode);
constexpr auto kCatalogMembers =
    std::to_array<Member>({{"nodes", &kCatalogNodes}, {"sources", &kCatalogNodes}});
constexpr Wanted kCatalog = members(kCatalogMembers);

constexpr auto kResultMembers =
    std::to_array<Member>({{"unique_id", &kAll}, {"status", &kAll}, {"max_loaded_at", &kAll}});
constexpr Wanted kResult = members(kResultMembers);
constexpr Wanted kResults = each(kResult);
constexpr auto kRunMembers =
    std::to_array<Member>({{"metadata", &kMetadata}, {"results", &kResults}});
constexpr Wanted kRun = members(kRunMembers);

}  // namespace

const Wanted& wanted_of(std::string_view artifact) {
  if (artifact == "catalog") return kCatalog;
  if (artifact == "run_results" || artifact == "sources") return kRun;
  return kManifest;
}

}  // namespace loquat::dbt

#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "loquat/base/fields.hpp"
#include "loquat/wire/events.hpp"

/// Bodies of the lineage routes.
namespace loquat::lineage {

struct ExtractBody {
  std::string sql;
  std::string dialect = "duckdb";
  std::optional<std::map<std::string, std::vector<std::string>>> schema;
  template <class V>
  void fields(V& v) {
    v("sql", sql, "One statement: SELECT, CREATE TABLE AS or INSERT INTO … SELECT.",
      len(1, 64 << 10));
    v("dialect", dialect, "duckdb or trino.", one_of({"duckdb", "trino"}), defaulted);
    v("schema", schema, "Table to its columns, in order; absent: the imported model's.");
  }
};
struct ExtractAnswer {
  std::vector<std::string> tables;
  std::vector<std::string> columns;
  std::string fingerprint;
  std::vector<wire::LineageSource> sources;
  std::vector<wire::LineageOutput> outputs;
  std::vector<wire::LineageTransformation> transformations;
  std::vector<std::string> unresolved;
  template <class V>
  void fields(V& v) {
    v("tables", tables, "Tables read.");
    v("columns", columns, "Output columns, in order.");
    v("fingerprint", fingerprint, "SHA-256 of the statement with literals taken out.");
    v("sources", sources, "Columns read of each table.");
    v("outputs", outputs, "What each output column comes from.");
    v("transformations", transformations, "What was done.");
    v("unresolved", unresolved, "What could not be followed, in words.");
  }
};
struct GraphNode {
  std::string fqn, name, type;
  int depth = 0;
  template <class V>
  void fields(V& v) {
    v("fqn", fqn, "database.schema.name; without a relation the unique_id; a query's id.");
    v("name", name, "Short name.");
    v("type", type, "model, seed, snapshot, source, exposure or query.");
    v("depth", depth, "Steps from the entity asked for.");
  }
};
struct GraphEdge {
  std::string source, target;
  template <class V>
  void fields(V& v) {
    v("source", source, "fqn that feeds.");
    v("target", target, "fqn that is fed.");
  }
};
struct GraphAnswer {
  std::string root;
  std::vector<GraphNode> nodes;
  std::vector<GraphEdge> edges;
  bool truncated = false;
  std::string model_version;
  template <class V>
  void fields(V& v) {
    v("root", root, "The entity asked for.");
    v("nodes", nodes, "Nearest first.");
    v("edges", edges, "In the direction of the data.");
    v("truncated", truncated, "True if there is more than fits.");
    v("model_version", model_version, "Version of the imported dbt model.");
  }
};

}  // namespace loquat::lineage

#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "loquat/observability/telemetry.hpp"

/// What dbt reports of itself. Names of the project's metrics and models are no secrets; users'
/// stored questions are, and are only counted.
namespace loquat::dbt {

struct ModelSwapped {
  std::string_view version;
  std::uint64_t added = 0, changed = 0, removed = 0, problems = 0, broken_queries = 0;
  std::string_view names;  ///< the first of what was changed or removed
  static constexpr observability::Level level = observability::Level::info;
  static constexpr std::string_view name = "dbt.model_swapped";
  static constexpr std::string_view message = "A new semantic model is in force.";
  static constexpr observability::CounterSpec counter{"loquat_dbt_model_swaps_total",
                                                      "Semantic models put in force."};
  template <class V>
  void fields(V& v) const {
    v("version", version);
    v("added", added);
    v("changed", changed);
    v("removed", removed);
    v("problems", problems);
    v("broken_queries", broken_queries);
    v("names", names);
  }
};

struct SyncFailed {
  std::string_view detail;
  bool has_model = false;  ///< an older model goes on answering
  static constexpr observability::Level level = observability::Level::warning;
  static constexpr std::string_view name = "dbt.sync_failed";
  static constexpr std::string_view message = "The dbt artifacts could not be read.";
  static constexpr observability::CounterSpec counter{"loquat_dbt_failed_syncs_total",
                                                      "Syncs that left the old model in force."};
  template <class V>
  void fields(V& v) const {
    v("detail", detail);
    v("has_model", has_model);
  }
};

}  // namespace loquat::dbt

#pragma once
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "loquat/contracts/row_filter.hpp"
#include "loquat/contracts/turn.hpp"
#include "loquat/dbt/dbt.hpp"
#include "survey.hpp"
#include "undertaker.hpp"

namespace loquat::dbt {

/// The model as callers with row filters may know it. One vocabulary for each distinct set of
/// filters, read at its first use under these filters and kept while the model and its own
/// vocabulary stay; bounded, least lately used goes first. Loop thread only.
class VisibleModels {
 public:
  using Snapshot = std::shared_ptr<const contracts::ModelSnapshot>;
  /// All outlive it.
  VisibleModels(const DbtConfig& config, Ports& ports, runtime::TaskGroup& tasks,
                std::shared_ptr<Undertaker> undertaker)
      : config_(config), ports_(ports), tasks_(tasks), undertaker_(std::move(undertaker)) {}

  /// `base` with a vocabulary of values that `filters` let through. Where reading them takes longer
  /// than a moment, this time without any values: fewer words are understood, none is given away.
  [[nodiscard]] contracts::Task<Snapshot> of(Snapshot base,
                                             std::vector<contracts::RowFilter> filters);

 private:
  using Words = std::shared_ptr<const semantic::Vocabulary>;
  struct Entry {
    explicit Entry(runtime::Executor executor) : read(std::move(executor)) {}
    std::string key;
    Words of;                      ///< the vocabulary that it was made beside
    Words made;                    ///< null while it is read
    Time again = runtime::kNever;  ///< when to read anew; the engine was away
    runtime::Notification read;
  };
  using EntryPtr = std::shared_ptr<Entry>;

  EntryPtr find(const std::string& key, const Words& beside);
  contracts::Task<void> read(EntryPtr entry, Snapshot base,
                             std::vector<contracts::RowFilter> filters);
  contracts::Task<Words> wordless(Snapshot base);
  contracts::Task<Words> build(Snapshot base, semantic::DimensionValues values);

  const DbtConfig& config_;
  Ports& ports_;
  runtime::TaskGroup& tasks_;
  std::shared_ptr<Undertaker> undertaker_;
  std::list<EntryPtr> entries_;  // last used first
  Words wordless_of_, wordless_;
};

}  // namespace loquat::dbt

#include "visible.hpp"

#include <algorithm>

namespace loquat::dbt {

using contracts::ModelSnapshot;
using contracts::RowFilter;
using contracts::Task;

namespace {

constexpr auto kPatience = std::chrono::seconds(3);
constexpr auto kReadAgain = std::chrono::seconds(15);

std::string key_of(const std::vector<RowFilter>& filters) {
  std::string key;
  const auto add = [&key](const std::string& part) {
    key += std::to_string(part.size()) + ':' + part;
  };
  for (const RowFilter& filter : filters) {
    add(filter.dimension);
    add(filter.missing);
    key += filter.skips_unreachable ? '+' : '-';
    for (const std::string& value : filter.values) add(value);
    key += ';';
  }
  return key;
}

/// Somebody without a value for a filter may read nothing at all.
bool may_read(const std::vector<RowFilter>& filters) {
  return std::ranges::none_of(filters, [](const RowFilter& filter) {
    return filter.values.empty() || !filter.missing.empty();
  });
}

}  // namespace

Task<VisibleModels::Words> VisibleModels::build(Snapshot base, semantic::DimensionValues values) {
  auto work = [index = base->index, values = std::move(values)] {
    return semantic::Vocabulary::build(index, values);
  };
  auto made = co_await ports_.workers.run(std::move(work));
  if (!made) co_return nullptr;
  co_return undertaker_->entrust(std::move(*made));
}

Task<VisibleModels::Words> VisibleModels::wordless(Snapshot base) {
  if (wordless_ && wordless_of_ == base->vocabulary) co_return wordless_;
  semantic::DimensionValues none;
  Words made = co_await build(base, std::move(none));
  if (made) {
    wordless_ = made;
    wordless_of_ = base->vocabulary;
  }
  co_return made;
}

VisibleModels::EntryPtr VisibleModels::find(const std::string& key, const Words& beside) {
  // What was read beside another vocabulary is of another model, or of older data.
  std::erase_if(entries_, [&](const EntryPtr& entry) {
    return entry->of != beside || (entry->made && Clock::now() >= entry->again);
  });
  const auto known =
      std::ranges::find_if(entries_, [&](const EntryPtr& entry) { return entry->key == key; });
  if (known == entries_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, known);
  return entries_.front();
}

Task<void> VisibleModels::read(EntryPtr entry, Snapshot base, std::vector<RowFilter> filters) {
  auto data = co_await survey_values(config_, ports_.engine, ports_.tags, ports_.sources,
                                     ports_.workers, base->index, std::move(filters));
  if (!data.is_complete) entry->again = Clock::now() + kReadAgain;
  entry->made = co_await build(base, std::move(data.values));
  if (!entry->made) std::erase(entries_, entry);
  entry->read.notify_all();
}

Task<VisibleModels::Snapshot> VisibleModels::of(Snapshot base, std::vector<RowFilter> filters) {
  auto seen = std::make_shared<ModelSnapshot>(*base);
  if (!may_read(filters)) {
    seen->vocabulary = co_await wordless(base);
    co_return seen->vocabulary ? std::move(seen) : nullptr;
  }
  std::string key = key_of(filters);
  EntryPtr entry = find(key, base->vocabulary);
  if (!entry) {
    entry = std::make_shared<Entry>(ports_.executor);
    entry->key = std::move(key);
    entry->of = base->vocabulary;
    entries_.push_front(entry);
    if (entries_.size() > config_.filtered_vocabularies_max) entries_.pop_back();
    tasks_.spawn("read visible values", read(entry, base, std::move(filters)));
  }
  const Time until = Clock::now() + kPatience;
  while (!entry->made) {
    const bool is_told = co_await entry->read.wait_until(until);
    if (!is_told || !entry->made) break;
  }
  seen->vocabulary = entry->made;
  if (!seen->vocabulary) seen->vocabulary = co_await wordless(base);
  co_return seen->vocabulary ? std::move(seen) : nullptr;
}

}  // namespace loquat::dbt

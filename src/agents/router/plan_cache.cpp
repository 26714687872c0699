#include "loquat/agents/plan_cache.hpp"

#include "loquat/base/time_format.hpp"

namespace loquat::agents {
namespace {

void add_date(CacheKey& key, const std::optional<Date>& date) {
  key.add(date ? format_date(*date) : std::string());
}

void add_options(CacheKey& key, const semantic::CompileOptions& options) {
  key.add(std::to_string(static_cast<int>(options.dialect)));
  key.add(std::to_string(options.row_limit_max));
  key.add(std::to_string(options.row_filters.size()));
  for (const auto& filter : options.row_filters) {
    key.add(filter.dimension).add(filter.missing).add(filter.skips_unreachable ? "1" : "0");
    key.add(std::to_string(filter.values.size()));
    for (const auto& value : filter.values) key.add(value);
  }
}

/// About what a plan holds beside its SQL: words, candidates, provenance.
constexpr std::size_t kPlanBytes = 8U << 10U;

std::size_t weight_of(const PlanDone& done) {
  std::size_t bytes = kPlanBytes;
  if (done.compiled) bytes += 2 * done.compiled->sql.size();
  if (const auto* text = std::get_if<semantic::ModelAnswer>(&done.outcome.result))
    bytes += text->text.size();
  return bytes;
}

}  // namespace

std::string PlanCache::key_of(const PlanTask& task) const {
  if (task.unsure || !task.model) return {};
  const auto& request = task.request;
  CacheKey key;
  key.add(request.question).add(format_date(request.today)).add(request.refine ? "1" : "0");
  key.add(request.preferred_grain).add(request.may_see_personal_data ? "1" : "0");
  add_date(key, request.data_start);
  add_date(key, request.data_end);
  add_options(key, task.options);
  key.add_address(task.learnt.get()).add_address(task.model->vocabulary.get());
  if (request.previous)
    key.add(encode_last_query(
        {request.previous->question, request.previous->query, request.previous->time_phrase}));
  return key.take();
}

void PlanCache::follow(const contracts::ModelSnapshot& model) {
  if (index_ == model.index) return;
  plans_.clear();
  index_ = model.index;
}

std::optional<PlanDone> PlanCache::find(const PlanTask& task, std::string_view key) {
  if (key.empty()) return std::nullopt;
  follow(*task.model);
  const auto known = plans_.find(key);
  // An address may have come again; what it belonged to has not.
  if (!known || known->vocabulary.lock() != task.model->vocabulary) return std::nullopt;
  return known->done;
}

void PlanCache::put(const PlanTask& task, std::string key, const PlanDone& done) {
  if (key.empty()) return;
  follow(*task.model);
  plans_.put(std::move(key),
             std::make_shared<const Kept>(done, task.learnt, task.model->vocabulary),
             weight_of(done));
}

}  // namespace loquat::agents

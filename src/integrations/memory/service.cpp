#include "service.hpp"

#include <algorithm>

#include "gate.hpp"
#include "loquat/agents/learnt.hpp"

namespace loquat::memory {

using contracts::LearntItem;
using contracts::LearntState;
using contracts::Task;

namespace {
constexpr std::size_t kResponsesMax = 5'000;
constexpr std::size_t kBooksMax = 8;
}  // namespace

Service::Service(MemoryConfig config, Ports ports)
    : config_(config),
      ports_(std::move(ports)),
      tasks_(ports_.executor, "memory", ports_.telemetry) {}

Task<Result<Service::TenantPtr>> Service::tenant(std::string tenant_id) {
  const auto known = tenants_.find(tenant_id);
  if (known != tenants_.end()) co_return known->second;
  auto items =
      co_await ports_.store.list(tenant_id, static_cast<std::size_t>(config_.items_max) * 2);
  if (!items) co_return items.error();
  // Somebody else may have loaded it meanwhile: what is in memory is newer.
  auto& place = tenants_[tenant_id];
  if (!place) {
    place = std::make_shared<Tenant>(ports_.executor);
    for (auto& item : *items) {
      complete_stances(item);
      const std::string id = item.id;
      place->items.emplace(id, std::move(item));
    }
    place->generation = 1;
  }
  co_return place;
}

Task<Result<void>> Service::keep(TenantPtr tenant, Item item) {
  const auto known = tenant->items.find(item.id);
  if (known == tenant->items.end() &&
      tenant->items.size() >= static_cast<std::size_t>(config_.items_max))
    co_return fail(Errc::overloaded, "There are as many items as are allowed; retire and remove.");
  const std::optional<Item> before =
      known == tenant->items.end() ? std::nullopt : std::optional<Item>(known->second);
  tenant->items[item.id] = item;
  ++tenant->generation;
  const std::string id = item.id;
  const Result<void> kept = co_await ports_.store.put(std::move(item));
  if (kept) co_return kept;
  if (before)
    tenant->items[id] = *before;
  else
    tenant->items.erase(id);
  ++tenant->generation;
  co_return kept;
}

std::shared_ptr<const agents::LearntBook> Service::known_book(
    Tenant& tenant, const contracts::ModelSnapshot& model) {
  if (tenant.book_generation != tenant.generation) tenant.books.clear();
  tenant.book_generation = tenant.generation;
  // A book keeps its vocabulary, and so its model: none of an earlier model is held on to.
  std::erase_if(tenant.books,
                [&](const auto& book) { return &book->vocabulary->index() != model.index.get(); });
  const auto known = std::ranges::find_if(
      tenant.books, [&](const auto& book) { return book->vocabulary == model.vocabulary; });
  if (known == tenant.books.end()) return nullptr;
  std::rotate(tenant.books.begin(), known, known + 1);
  return tenant.books.front();
}

Task<std::shared_ptr<const agents::LearntBook>> Service::book(std::string tenant_id,
                                                              Snapshot model) {
  auto found = co_await tenant(std::move(tenant_id));
  if (!found || !model) co_return nullptr;
  TenantPtr own = *found;
  if (auto known = known_book(*own, *model)) co_return known;
  std::vector<Item> active;
  for (const auto& [_, item] : own->items)
    if (item.state == LearntState::active) active.push_back(item);
  if (active.empty()) co_return nullptr;
  const std::uint64_t generation = own->generation;
  auto work = [vocabulary = model->vocabulary, active = std::move(active), day = ports_.today()] {
    return agents::build_book(vocabulary, active, day);
  };
  auto built = co_await ports_.workers.run(std::move(work));
  if (!built) co_return nullptr;
  if (own->generation == generation) own->books.insert(own->books.begin(), *built);
  if (own->books.size() > kBooksMax) own->books.pop_back();
  co_return *built;
}

void Service::used(std::string tenant_id, std::string id, std::string response_id) {
  const auto known = tenants_.find(tenant_id);
  if (known == tenants_.end()) return;
  const auto item = known->second->items.find(id);
  if (item == known->second->items.end()) return;
  // Counting changes nothing that may be used, so the book stays.
  auto& answers = known->second->item_of_response;
  if (answers.size() >= kResponsesMax) answers.erase(answers.begin());  // ids sort by time
  answers[std::move(response_id)] = std::move(id);
  ++item->second.used_count;
  tasks_.spawn("count use", count_use(known->second, item->first));
}

Task<void> Service::count_use(TenantPtr tenant, std::string id) {
  const auto turn = co_await tenant->turn.acquire();
  const auto item = tenant->items.find(id);
  if (!turn || item == tenant->items.end()) co_return;  // removed meanwhile
  Item counted = item->second;
  const Result<void> kept = co_await ports_.store.put(std::move(counted));
  static_cast<void>(kept);
}

Task<Result<bool>> Service::make_room(TenantPtr tenant, std::string author) {
  const auto most = static_cast<std::size_t>(config_.items_max);
  const std::size_t most_learnt = most - most / 5;  // the rest is for verified answers
  const std::size_t most_pending = std::max<std::size_t>(most / 10, 1);
  std::size_t learnt = 0, pending = 0;
  const Item* oldest = nullptr;
  // What will never be used goes first: retired, then pending with something that speaks against
  // it.
  const auto worth = [](const Item& item) {
    if (item.state == LearntState::retired) return 0;
    return item.state == LearntState::pending && (!item.query || !item.problems.empty()) ? 1 : 2;
  };
  for (const auto& [_, item] : tenant->items) {
    if (item.kind != contracts::LearntKind::memory) continue;
    ++learnt;
    pending += item.state == LearntState::pending && item.author == author ? 1 : 0;
    if (worth(item) < 2 && (oldest == nullptr || std::pair(worth(item), item.updated_at) <
                                                     std::pair(worth(*oldest), oldest->updated_at)))
      oldest = &item;
  }
  if (pending >= most_pending) co_return false;
  if (learnt < most_learnt && tenant->items.size() < most) co_return true;
  if (oldest == nullptr) co_return false;
  std::string id = oldest->id;
  const Result<void> removed = co_await ports_.store.remove(oldest->tenant_id, id);
  if (!removed) co_return removed.error();
  tenant->items.erase(id);
  ++tenant->generation;
  co_return true;
}

Task<Result<void>> Service::learn(wire::FeedbackEvent event) {
  if (!event.verified || !event.user_id) co_return Result<void>{};
  auto found = co_await tenant(event.tenant_id);
  if (!found) co_return found.error();
  const bool is_correction = event.feedback_type == wire::FeedbackType::correction;
  if (!is_correction || event.supersedes) {
    const Result<void> learnt = co_await learn_vote(event, *found);
    if (!learnt) co_return learnt;
  }
  if (!is_correction) co_return Result<void>{};
  co_return co_await learn_correction(std::move(event), *found);
}

void Service::on_feedback(const wire::FeedbackEvent& event) {
  tasks_.spawn("learn", learn_later(event));
}

Task<void> Service::learn_later(wire::FeedbackEvent event) {
  const Result<void> learnt = co_await learn(std::move(event));
  if (!learnt) count_not_learnt();
}

void Service::count_not_learnt() {
  ports_.telemetry.metrics()
      .counter("loquat_memory_failed_corrections_total",
               "Corrections that could not be kept as items.")
      .add(1);
}

Task<void> Service::stop(Time deadline) { return tasks_.drain(deadline); }

namespace {

class StoredQueries final : public contracts::KnownQueries {
 public:
  explicit StoredQueries(contracts::LearntStore& store) : store_(store) {}
  Task<Result<std::vector<contracts::KnownQuery>>> known_queries(std::size_t limit) override {
    auto items = co_await store_.list("", limit);
    if (!items) co_return items.error();
    std::vector<contracts::KnownQuery> out;
    for (const auto& item : *items) {
      if (item.state != LearntState::active || !item.query) continue;
      auto query = agents::from_shape(*item.query);
      if (!query) continue;
      const bool is_verified = item.kind == contracts::LearntKind::verified;
      out.push_back({item.tenant_id, is_verified ? "verified_answer" : "memory", item.id,
                     item.question, std::move(*query)});
    }
    co_return out;
  }

 private:
  contracts::LearntStore& store_;
};

}  // namespace

std::unique_ptr<Memory> make_memory(MemoryConfig config, Ports ports) {
  return std::make_unique<Service>(config, std::move(ports));
}
std::unique_ptr<contracts::KnownQueries> make_known_queries(contracts::LearntStore& store) {
  return std::make_unique<StoredQueries>(store);
}

}  // namespace loquat::memory

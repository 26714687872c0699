#pragma once
#include <map>
#include <string>

#include "loquat/agents/query_shape.hpp"
#include "loquat/memory/memory.hpp"
#include "loquat/runtime/sync.hpp"
#include "views.hpp"

namespace loquat::memory {

class Service final : public Memory {
 public:
  Service(MemoryConfig config, Ports ports);

  contracts::Task<std::shared_ptr<const agents::LearntBook>> book(
      std::string tenant_id, std::shared_ptr<const contracts::ModelSnapshot> model) override;
  void used(std::string tenant_id, std::string id, std::string response_id) override;
  contracts::Task<Result<void>> learn(wire::FeedbackEvent event) override;
  void on_feedback(const wire::FeedbackEvent& event) override;
  void add_routes(edge::Routes& routes) override;
  contracts::Task<void> stop(Time deadline) override;

 private:
  using Item = contracts::LearntItem;
  using Snapshot = std::shared_ptr<const contracts::ModelSnapshot>;
  struct Tenant {
    explicit Tenant(runtime::Executor loop) : turn(std::move(loop), 1, kTurnsMax) {}
    static constexpr std::size_t kTurnsMax = 10'000;
    /// Held by whoever changes items, from the look at them until they are stored.
    runtime::Semaphore turn;
    std::map<std::string, Item> items;
    /// Which item made which answer, the last few thousand: votes find their item by it.
    std::map<std::string, std::string> item_of_response;
    std::uint64_t generation = 0;  ///< raised by every change of what may be used
    /// Of the generation, one for each vocabulary in use; last used first.
    std::vector<std::shared_ptr<const agents::LearntBook>> books;
    std::uint64_t book_generation = 0;
  };
  using TenantPtr = std::shared_ptr<Tenant>;

  // service.cpp
  contracts::Task<Result<TenantPtr>> tenant(std::string tenant_id);
  static std::shared_ptr<const agents::LearntBook> known_book(
      Tenant& tenant, const contracts::ModelSnapshot& model);
  /// The caller has the tenant's turn.
  contracts::Task<Result<void>> keep(TenantPtr tenant, Item item);
  contracts::Task<void> count_use(TenantPtr tenant, std::string id);
  /// Room for one more memory item: what is retired, or can never pass, goes for it.
  contracts::Task<Result<bool>> make_room(TenantPtr tenant, std::string author);
  contracts::Task<void> learn_later(wire::FeedbackEvent event);
  void count_not_learnt();
  [[nodiscard]] static bool is_learnt(const Tenant& tenant, const std::string& event_id);

  // corrections.cpp
  contracts::Task<Result<void>> learn_correction(wire::FeedbackEvent event, TenantPtr tenant);
  contracts::Task<Result<void>> learn_checked(wire::FeedbackEvent event, TenantPtr tenant,
                                              bool may_run);
  contracts::Task<Result<void>> learn_vote(wire::FeedbackEvent event, TenantPtr tenant);
  contracts::Task<Result<std::string>> item_behind(const wire::FeedbackEvent& event,
                                                   TenantPtr tenant);
  struct Lesson {
    Item item;
    std::optional<contracts::MetricQuery> query;
  };
  contracts::Task<Result<void>> read_correction(Lesson& lesson, const wire::FeedbackEvent& event,
                                                Snapshot model);
  contracts::Task<Result<std::optional<contracts::MetricQuery>>> match_sql(
      Lesson& lesson, const contracts::MetricQuery& planned, Snapshot model);
  contracts::Task<Result<contracts::ResultSet>> run(std::string sql, std::string tenant_id,
                                                    std::string user_id);
  contracts::Task<contracts::LearntEffect> effect_of(contracts::MetricQuery query, Snapshot model,
                                                     std::string tenant_id, std::string user_id);
  contracts::Task<Result<void>> check(Lesson& lesson, Snapshot model);

  // routes.cpp
  contracts::Task<Result<edge::Reply>> list_route(edge::Call& call, contracts::LearntKind kind);
  contracts::Task<Result<edge::Reply>> show_route(edge::Call& call, contracts::LearntKind kind);
  contracts::Task<Result<edge::Reply>> activate_route(edge::Call& call);
  contracts::Task<Result<edge::Reply>> retire_route(edge::Call& call);
  contracts::Task<Result<edge::Reply>> undo_route(edge::Call& call);
  contracts::Task<Result<edge::Reply>> verify_route(edge::Call& call);
  contracts::Task<Result<edge::Reply>> remove_route(edge::Call& call, contracts::LearntKind kind);
  contracts::Task<Result<contracts::MetricQuery>> query_for(edge::Call& call,
                                                            const VerifyBody& body);
  Result<Item*> find_item(Tenant& tenant, const std::string& id, contracts::LearntKind kind);
  ItemView view_of(const Item& item) const;

  MemoryConfig config_;
  Ports ports_;
  runtime::TaskGroup tasks_;
  std::map<std::string, TenantPtr> tenants_;
};

}  // namespace loquat::memory

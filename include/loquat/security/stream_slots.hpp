#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "loquat/security/config.hpp"

namespace loquat::security {

/// How many readers a user and a tenant hold at a time, whatever the transport. Pure; loop thread
/// only. Places may outlive it.
class StreamSlots {
 private:
  struct Counts {
    std::map<std::string, int, std::less<>> by_user, by_tenant;
  };

 public:
  explicit StreamSlots(StreamsConfig config) : config_(config) {}
  /// Gives itself back when it dies.
  class Place {
   public:
    Place(Place&&) noexcept = default;
    Place& operator=(Place&& other) noexcept {
      std::swap(counts_, other.counts_);
      std::swap(tenant_, other.tenant_);
      std::swap(user_, other.user_);
      return *this;
    }
    ~Place();

   private:
    friend class StreamSlots;
    Place(std::shared_ptr<Counts> counts, std::string tenant, std::string user)
        : counts_(std::move(counts)), tenant_(std::move(tenant)), user_(std::move(user)) {}
    std::shared_ptr<Counts> counts_;
    std::string tenant_, user_;
  };
  /// Nothing where the user or the tenant holds as many as he may.
  [[nodiscard]] std::optional<Place> take(const std::string& tenant, const std::string& user);
  [[nodiscard]] std::size_t tenants() const noexcept { return counts_->by_tenant.size(); }

 private:
  StreamsConfig config_;
  std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
};

}  // namespace loquat::security

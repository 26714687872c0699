#include "loquat/security/stream_slots.hpp"

namespace loquat::security {
namespace {

using Numbers = std::map<std::string, int, std::less<>>;

int held(const Numbers& numbers, const std::string& key) {
  const auto found = numbers.find(key);
  return found == numbers.end() ? 0 : found->second;
}
void give_back(Numbers& numbers, const std::string& key) {
  const auto found = numbers.find(key);
  if (--found->second == 0) numbers.erase(found);
}

}  // namespace

StreamSlots::Place::~Place() {
  if (!counts_) return;
  give_back(counts_->by_user, user_);
  give_back(counts_->by_tenant, tenant_);
}

std::optional<StreamSlots::Place> StreamSlots::take(const std::string& tenant,
                                                    const std::string& user) {
  auto key = tenant + '\x1f' + user;  // no id holds a control character
  if (held(counts_->by_user, key) >= config_.user_max ||
      held(counts_->by_tenant, tenant) >= config_.tenant_max)
    return std::nullopt;
  ++counts_->by_user[key];
  ++counts_->by_tenant[tenant];
  return Place(counts_, tenant, std::move(key));
}

}  // namespace loquat::security

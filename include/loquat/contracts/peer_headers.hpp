#pragma once
#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "loquat/base/clock.hpp"
#include "loquat/base/secret.hpp"
#include "loquat/contracts/principal.hpp"

namespace loquat::contracts {

/// What every call to a peer carries (contract, section 7). `deadline` becomes what is left of it,
/// in milliseconds, in X-Deadline-Ms; `token`, if there is one, the bearer of Authorization.
[[nodiscard]] inline std::vector<std::pair<std::string, std::string>> peer_headers(
    const Principal& principal, const RequestContext& context, const Secret& token, Time deadline,
    Time now) {
  std::vector<std::pair<std::string, std::string>> out;
  // Ids come from tokens and headers: a line break in one must not become a header of its own.
  const auto add = [&](const char* name, std::string value) {
    std::erase_if(value, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    if (!value.empty()) out.emplace_back(name, std::move(value));
  };
  add("X-Tenant-ID", principal.tenant_id);
  add("X-User-ID", principal.user_id);
  add("X-Request-ID", context.request_id);
  if (context.trace_id.size() == 32 && context.parent_span_id.size() == 16)
    add("traceparent", "00-" + context.trace_id + "-" + context.parent_span_id + "-01");
  if (!token.empty()) add("Authorization", "Bearer " + token.reveal());
  using Milliseconds = std::chrono::milliseconds;
  if (deadline != Time::max() && deadline != Time{}) {
    const auto left = std::max<Clock::duration>(deadline - now, Clock::duration::zero());
    add("X-Deadline-Ms", std::to_string(std::chrono::duration_cast<Milliseconds>(left).count()));
  }
  return out;
}

}  // namespace loquat::contracts

#include "row_policies.hpp"

#include <algorithm>
#include <optional>
#include <sstream>

namespace loquat::app {
namespace {

constexpr const char* kForm =
    "a rule is '<entity>__<dimension> in <tenant | user | claim:NAME | values:A|B> "
    "[for|except ROLE, ROLE]'";

std::string trimmed(std::string text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.back())) text.pop_back();
  text.erase(text.begin(), std::ranges::find_if_not(text, blank));
  return text;
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, at);)
    if (part = trimmed(part); !part.empty()) out.push_back(part);
  return out;
}

/// Cuts `text` at ` word ` and gives what follows; nothing if it is not there.
std::optional<std::string> cut_after(std::string& text, const std::string& word) {
  const std::size_t at = text.rfind(" " + word + " ");
  if (at == std::string::npos) return std::nullopt;
  std::string rest = trimmed(text.substr(at + word.size() + 2));
  text = trimmed(text.substr(0, at));
  return rest;
}

bool are_roles(const std::vector<std::string>& roles) {
  return !roles.empty() && std::ranges::all_of(roles, [](const std::string& role) {
    return role == "viewer" || role == "analyst" || role == "curator" || role == "operator";
  });
}

std::optional<RowPolicy> parse(std::string text) {
  RowPolicy out;
  if (const auto roles = cut_after(text, "except")) {
    out.except_roles = split(*roles, ',');
    if (!are_roles(out.except_roles)) return std::nullopt;
  }
  if (const auto roles = cut_after(text, "for")) {
    out.only_roles = split(*roles, ',');
    if (!are_roles(out.only_roles)) return std::nullopt;
  }
  const std::size_t in = text.find(" in ");
  if (in == std::string::npos) return std::nullopt;
  out.dimension = trimmed(text.substr(0, in));
  const std::string source = trimmed(text.substr(in + 4));
  if (out.dimension.empty() || out.dimension.find(' ') != std::string::npos) return std::nullopt;
  if (source == "tenant") return out;
  if (source == "user") {
    out.source = RowPolicy::Source::user;
  } else if (source.starts_with("claim:")) {
    out.source = RowPolicy::Source::claim;
    out.claim = trimmed(source.substr(6));
    if (out.claim.empty()) return std::nullopt;
  } else if (source.starts_with("values:")) {
    out.source = RowPolicy::Source::values;
    out.values = split(source.substr(7), '|');
    if (out.values.empty()) return std::nullopt;
  } else {
    return std::nullopt;
  }
  return out;
}

bool holds_for(const RowPolicy& policy, const contracts::Principal& principal) {
  const auto has = [&](const std::string& role) { return principal.has_role(role); };
  if (std::ranges::any_of(policy.except_roles, has)) return false;
  return policy.only_roles.empty() || std::ranges::any_of(policy.only_roles, has);
}

class FilteringAuthenticator final : public security::Authenticator {
 public:
  FilteringAuthenticator(std::unique_ptr<security::Authenticator> inner,
                         std::vector<RowPolicy> policies, bool skips_unreachable)
      : inner_(std::move(inner)),
        policies_(std::move(policies)),
        skips_unreachable_(skips_unreachable) {}
  Result<contracts::Principal> authenticate(
      const security::Credentials& credentials) const override {
    auto principal = inner_->authenticate(credentials);
    if (principal) apply_policies(*principal);
    return principal;
  }
  void apply_policies(contracts::Principal& principal) const override {
    principal.row_filters = row_filters_for(policies_, principal, skips_unreachable_);
  }
  security::AuthMode mode() const noexcept override { return inner_->mode(); }
  contracts::Task<void> learn_keys(std::string token) override {
    return inner_->learn_keys(std::move(token));
  }
  contracts::Task<void> keep_keys() override { return inner_->keep_keys(); }

 private:
  std::unique_ptr<security::Authenticator> inner_;
  std::vector<RowPolicy> policies_;
  bool skips_unreachable_;
};

}  // namespace

Result<std::vector<RowPolicy>> parse_row_policies(const std::vector<std::string>& rules) {
  std::vector<RowPolicy> out;
  std::vector<FieldIssue> issues;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (auto policy = parse(trimmed(rules[i])))
      out.push_back(std::move(*policy));
    else
      issues.push_back({"semantic.row_filters[" + std::to_string(i) + "]",
                        "'" + rules[i] + "' cannot be read; " + kForm});
  }
  if (issues.empty()) return out;
  return Error{Errc::invalid_request, "The configuration is wrong.", std::move(issues)};
}

std::vector<std::string> claims_of(const std::vector<RowPolicy>& policies) {
  std::vector<std::string> out;
  for (const RowPolicy& policy : policies)
    if (!policy.claim.empty()) out.push_back(policy.claim);
  return out;
}

std::vector<contracts::RowFilter> row_filters_for(const std::vector<RowPolicy>& policies,
                                                  const contracts::Principal& principal,
                                                  bool skips_unreachable) {
  std::vector<contracts::RowFilter> out;
  for (const RowPolicy& policy : policies) {
    if (!holds_for(policy, principal)) continue;
    contracts::RowFilter filter{policy.dimension, policy.values, "", skips_unreachable};
    if (policy.source == RowPolicy::Source::tenant) filter.values = {principal.tenant_id};
    if (policy.source == RowPolicy::Source::user) filter.values = {principal.user_id};
    if (policy.source == RowPolicy::Source::claim) {
      const auto claim = principal.attributes.find(policy.claim);
      if (claim != principal.attributes.end()) filter.values = claim->second;
      if (filter.values.empty()) filter.missing = "the claim '" + policy.claim + "' of your token";
    }
    out.push_back(std::move(filter));
  }
  return out;
}

std::unique_ptr<security::Authenticator> with_row_filters(
    std::unique_ptr<security::Authenticator> inner, std::vector<RowPolicy> policies,
    bool skips_unreachable) {
  if (policies.empty()) return inner;
  return std::make_unique<FilteringAuthenticator>(std::move(inner), std::move(policies),
                                                  skips_unreachable);
}

}  // namespace loquat::app

#include "breakage.hpp"

namespace loquat::dbt {
namespace {

std::string reason_of(const Error& error) {
  return error.fields.empty() ? error.detail : error.fields.front().message;
}

}  // namespace

std::vector<Breakage> find_broken(const std::vector<contracts::KnownQuery>& queries,
                                  const semantic::ModelIndex* before,
                                  const semantic::ModelIndex& after, semantic::Dialect dialect) {
  std::vector<Breakage> broken;
  semantic::CompileOptions options;
  options.dialect = dialect;
  for (const auto& known : queries) {
    const auto now = after.compile(known.query, options);
    if (now) continue;
    Breakage one{known.tenant_id, known.kind, known.id, known.title, reason_of(now.error())};
    one.is_new = before != nullptr && before->compile(known.query, options).has_value();
    broken.push_back(std::move(one));
  }
  return broken;
}

}  // namespace loquat::dbt

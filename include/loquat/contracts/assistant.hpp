#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "loquat/contracts/ports.hpp"

namespace loquat::contracts {

/// The language model behind its budgets: what a turn asks where the planner is not sure.
class Assistant {
 public:
  virtual ~Assistant() = default;
  /// False: no model is configured, or the operator has switched this off.
  [[nodiscard]] virtual bool is_enabled() const noexcept = 0;
  /// One reply held by `json_schema`. Errors: llm_unavailable (also when a budget of the request or
  /// of the tenant's day is used up), timed_out, corrupt.
  [[nodiscard]] virtual Task<Result<ModelReply>> propose(std::string tenant_id, std::string system,
                                                         std::string user, std::string json_schema,
                                                         Time deadline) = 0;
  /// Rows of a result that it may be shown to tell of them; 0: it may not.
  [[nodiscard]] virtual std::size_t narration_rows_max() const noexcept = 0;
  /// Free text, piece by piece as LanguageModel::stream. Errors as propose.
  [[nodiscard]] virtual Task<Result<ModelReply>> tell(std::string tenant_id, std::string system,
                                                      std::string user,
                                                      std::function<void(std::string_view)> on_text,
                                                      Time deadline) = 0;
};

}  // namespace loquat::contracts

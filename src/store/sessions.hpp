#pragma once
#include "writer.hpp"

namespace loquat::store {

class SqliteSessions final : public contracts::SessionStore {
 public:
  SqliteSessions(Writer& writer, std::int64_t log_max_events)
      : writer_(writer), log_max_events_(log_max_events) {}
  contracts::Task<Result<void>> put_session(contracts::SessionRecord record) override;
  contracts::Task<Result<std::optional<contracts::SessionRecord>>> find_session(
      std::string tenant_id, std::string session_id) override;
  contracts::Task<Result<contracts::Page<contracts::SessionInfo>>> list_sessions(
      std::string tenant_id, std::string user_id, std::string cursor, std::size_t limit) override;
  contracts::Task<Result<void>> remove_session(std::string tenant_id,
                                               std::string session_id) override;
  contracts::Task<Result<void>> append_entries(
      std::vector<contracts::StoredEntry> entries) override;
  contracts::Task<Result<std::vector<contracts::StoredEntry>>> read_entries(
      std::string session_id, std::uint64_t after, std::size_t limit) override;
  contracts::Task<Result<void>> put_message(
      MessageRecord record, std::optional<contracts::SessionRecord> session) override;
  contracts::Task<Result<contracts::Page<MessageRecord>>> list_messages(std::string tenant_id,
                                                                        std::string session_id,
                                                                        std::string cursor,
                                                                        std::size_t limit) override;
  contracts::Task<Result<std::optional<MessageRecord>>> find_message(std::string tenant_id,
                                                                     std::string session_id,
                                                                     Question question) override;
  contracts::Task<Result<std::optional<MessageRecord>>> find_response(
      std::string response_id) override;

 private:
  Writer& writer_;
  std::int64_t log_max_events_;
};

}  // namespace loquat::store

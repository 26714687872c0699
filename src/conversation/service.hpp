#pragma once
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "log_tail.hpp"
#include "log_writer.hpp"
#include "loquat/agents/orchestrator.hpp"
#include "loquat/agents/plan_cache.hpp"
#include "loquat/conversation/conversation.hpp"
#include "loquat/runtime/fair_gate.hpp"
#include "session.hpp"

namespace loquat::conversation {

class Service final : public Conversation {
 public:
  Service(SessionsConfig config, Ports ports);

  contracts::Task<Result<contracts::SessionInfo>> create(contracts::Principal principal,
                                                         std::string title) override;
  contracts::Task<Result<contracts::Page<contracts::SessionInfo>>> list(
      contracts::Principal principal, std::string cursor, std::size_t limit) override;
  contracts::Task<Result<contracts::SessionInfo>> get(contracts::Principal principal,
                                                      std::string session_id) override;
  contracts::Task<Result<void>> end(contracts::Principal principal,
                                    std::string session_id) override;
  contracts::Task<Result<contracts::Page<contracts::StoredMessage>>> messages(
      contracts::Principal principal, std::string session_id, std::string cursor,
      std::size_t limit) override;
  contracts::Task<Result<contracts::Accepted>> submit(contracts::TurnRequest request) override;
  contracts::Task<Result<std::shared_ptr<const wire::Answer>>> answer(
      contracts::Principal principal, std::string session_id, std::string message_id) override;
  contracts::Task<Result<void>> cancel(contracts::Principal principal, std::string session_id,
                                       std::optional<std::string> message_id) override;
  contracts::Task<Result<std::shared_ptr<contracts::SessionLog>>> open_log(
      contracts::Principal principal, std::string session_id) override;
  void cancel_turns_at(Time at) override;
  contracts::Task<void> stop(Time deadline) override;
  Clock::duration expected_wait() const noexcept override { return slots_.expected_wait(); }

 private:
  using SessionPtr = std::shared_ptr<Session>;
  using TurnPtr = std::shared_ptr<Turn>;

  // sessions.cpp
  /// A question of long ago, that memory has forgotten.
  contracts::Task<Result<std::optional<contracts::SessionStore::MessageRecord>>> find_old(
      SessionPtr session, contracts::SessionStore::Question question);
  contracts::Task<Result<SessionPtr>> find(contracts::Principal principal, std::string session_id);
  /// One at a time for a session: who comes meanwhile waits for the same, and nobody sees it half
  /// restored.
  struct Loading;
  contracts::Task<Result<SessionPtr>> load(contracts::Principal principal, std::string session_id);
  contracts::Task<void> load_for(std::shared_ptr<Loading> loading);
  contracts::Task<Result<SessionPtr>> restore(contracts::SessionRecord record);
  contracts::Task<Result<void>> restore_turns(SessionPtr session, LogTail tail);
  /// Questions that stand in the log, but whose record was not kept any more.
  void restore_unrecorded(const SessionPtr& session, const LogTail& tail);
  void adopt(const SessionPtr& session);
  /// True if sessions had to stay because the store lacks something of them.
  bool evict();
  [[nodiscard]] bool has_room_for(const contracts::Principal& principal) const;
  void start_catching_up();
  contracts::Task<void> catch_up_all();
  /// False if the store does not take it.
  contracts::Task<bool> catch_up(SessionPtr session);
  LogBuffer::Limits log_limits() const;
  contracts::Task<void> stop_turns_at(Time at);
  static contracts::SessionRecord record_of(const Session& session);
  contracts::Task<void> save(SessionPtr session);
  std::uint64_t append(const SessionPtr& session, const Turn* turn,
                       const wire::EntryPayload& payload);

  // questions.cpp
  contracts::Task<Result<std::optional<contracts::Accepted>>> repeat_of(
      SessionPtr session, const contracts::TurnRequest& request);

  // personal.cpp
  /// Errors: forbidden where the session shows what `principal` may not see any more.
  [[nodiscard]] Result<void> may_read(const contracts::Principal& principal, Session& session);
  /// Of a turn that comes from the store: its values may be older than what memory keeps.
  void note_personal(Session& session, const Turn& turn);
  [[nodiscard]] const std::set<std::string, std::less<>>& personal_names();
  /// True if a plain user may not see one of these columns.
  /// Columns of `rows` with values that most roles may not see.
  [[nodiscard]] std::vector<std::size_t> personal_columns(const std::vector<SourceColumn>& sources,
                                                          const contracts::ResultSet& rows) const;

  // turns.cpp
  void start_turn(const SessionPtr& session, const TurnPtr& turn);
  contracts::Task<void> run_turn(SessionPtr session, TurnPtr turn);
  contracts::Task<void> drive(SessionPtr session, TurnPtr turn);
  contracts::Task<Result<std::shared_ptr<const contracts::ModelSnapshot>>> visible_model(
      contracts::Principal principal);
  void finish_waiting(const SessionPtr& session, const TurnPtr& turn, Error why);
  contracts::Task<void> keep_message(SessionPtr session, TurnPtr turn, const wire::Answer* answer,
                                     const agents::LastQuery* last);
  contracts::Task<void> keep_unkept(SessionPtr session);
  void remember(const SessionPtr& session, TurnPtr turn);
  struct Progress;
  agents::TurnInput input_of(const Session& session, const Turn& turn,
                             contracts::Preferences preferences) const;
  void note_store(Progress& progress);
  void perform_now(Progress& progress, agents::Actions& actions);
  contracts::Task<agents::Actions> perform_waiting(Progress& progress, agents::Action action);
  contracts::Task<Result<contracts::ResultSet>> fetch(Progress& progress,
                                                      const agents::RunQuery& query,
                                                      std::string& answered_by);
  contracts::Task<agents::Actions> hear_words(Progress& progress, agents::AskWords ask);
  contracts::Task<agents::Actions> make_plan(Progress& progress, agents::PlanTask task);
  void complete(Progress& progress, agents::Finish finish);

  SessionsConfig config_;
  Ports ports_;
  runtime::TaskGroup turns_;
  runtime::TaskGroup log_tasks_;
  LogWriter writer_;
  runtime::FairGate slots_;  ///< tenants and their users share it
  std::map<std::string, SessionPtr> sessions_;
  std::map<std::string, std::shared_ptr<Loading>> loading_;
  std::list<std::string> by_use_;  ///< most recently used first
  std::map<std::string, std::list<std::string>::iterator> use_of_;
  agents::PlanCache plans_;
  observability::Counter plans_found_, plans_made_;
  std::set<std::string, std::less<>> names_;  ///< of columns tagged as personal data
  Time names_until_{};
  bool is_stopping_ = false;
  bool is_catching_up_ = false;
};

}  // namespace loquat::conversation

#pragma once
#include <boost/asio/post.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "loquat/contracts/conversations.hpp"
#include "loquat/runtime/sync.hpp"

/// Conversations that keep state and answer every question in the same few entries.
namespace loquat::test {

class FakeLog final : public contracts::SessionLog {
 public:
  explicit FakeLog(runtime::Executor executor) : executor_(executor), changed_(executor) {}
  void append(std::string type, std::string fields) {
    contracts::LogEntry entry;
    entry.seq = last_ + 1;
    entry.bytes = std::make_shared<const std::string>(
        R"({"seq":)" + std::to_string(entry.seq) + R"(,"type":")" + type + R"(")" + fields + "}");
    entry.type = std::move(type);
    entries.push_back(std::move(entry));
    ++last_;
    announce();
  }
  /// Drops the oldest.
  void trim(std::size_t count) {
    entries.erase(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(count));
  }
  void close() {
    closed_ = true;
    announce();
  }
  /// What is to be appended whenever a reader has taken all there is: entries that come live.
  std::vector<std::pair<std::string, std::string>> live;
  std::vector<contracts::LogEntry> entries;
  std::string name = "epoch-1";

  std::string_view epoch() const noexcept override { return name; }
  std::uint64_t first_seq() const noexcept override {
    return entries.empty() ? last_ + 1 : entries.front().seq;
  }
  std::uint64_t last_seq() const noexcept override { return last_; }
  std::uint64_t next_kept(std::uint64_t after) const noexcept override {
    return std::max(after + 1, first_seq());
  }
  bool is_stored() const noexcept override { return true; }
  Result<void> may_read() const override { return {}; }
  bool is_closed() const noexcept override { return closed_; }
  contracts::Task<Result<std::vector<contracts::LogEntry>>> read(std::uint64_t after,
                                                                 std::size_t limit,
                                                                 std::size_t) override {
    if (after > last_) co_return fail(Errc::invalid_request, "past the end");
    if (after + 1 < first_seq()) co_return fail(Errc::not_found, "gone");
    std::vector<contracts::LogEntry> found;
    for (const auto& entry : entries)
      if (entry.seq > after && found.size() < limit) found.push_back(entry);
    co_return found;
  }
  contracts::Task<void> wait(std::uint64_t after) override {
    if (!live.empty()) {
      auto next = std::move(live.front());
      live.erase(live.begin());
      append(std::move(next.first), std::move(next.second));
    }
    while (last_ <= after && !closed_) co_await changed_.wait();
  }

  void listen(contracts::LogListener& listener) override {
    listeners_.push_back(&listener);
    if (!live.empty()) boost::asio::post(executor_, [this] { come_alive(); });
  }
  void unlisten(contracts::LogListener& listener) noexcept override {
    std::erase(listeners_, &listener);
  }

 private:
  void announce() {
    changed_.notify_all();
    for (auto* listener : listeners_) listener->on_news();
  }
  /// One entry a turn of the loop, as long as somebody listens.
  void come_alive() {
    if (live.empty() || listeners_.empty()) return;
    auto next = std::move(live.front());
    live.erase(live.begin());
    append(std::move(next.first), std::move(next.second));
    boost::asio::post(executor_, [this] { come_alive(); });
  }
  std::vector<contracts::LogListener*> listeners_;
  runtime::Executor executor_;
  runtime::Notification changed_;
  std::uint64_t last_ = 0;
  bool closed_ = false;
};

class FakeConversations final : public contracts::Conversations {
 public:
  explicit FakeConversations(runtime::Executor executor) : executor_(std::move(executor)) {}
  struct Session {
    contracts::SessionInfo info;
    std::shared_ptr<FakeLog> log;
    std::vector<contracts::StoredMessage> messages;
  };
  std::map<std::string, Session> sessions;
  std::vector<contracts::TurnRequest> submitted;
  std::vector<std::string> cancelled;
  bool refuse_open = false;
  Errc refuse_with = Errc::internal;  ///< internal: do not refuse

  std::shared_ptr<FakeLog> add(std::string id, std::string tenant = "demo",
                               std::string user = "demo") {
    Session session;
    session.info.session_id = id;
    session.info.tenant_id = std::move(tenant);
    session.info.user_id = std::move(user);
    session.log = std::make_shared<FakeLog>(executor_);
    auto log = session.log;
    sessions[std::move(id)] = std::move(session);
    return log;
  }

  contracts::Task<Result<contracts::SessionInfo>> create(contracts::Principal principal,
                                                         std::string title) override {
    const auto id = "se-" + std::to_string(sessions.size() + 1);
    add(id, principal.tenant_id, principal.user_id);
    sessions[id].info.title = std::move(title);
    co_return sessions[id].info;
  }
  contracts::Task<Result<contracts::Page<contracts::SessionInfo>>> list(
      contracts::Principal principal, std::string, std::size_t) override {
    contracts::Page<contracts::SessionInfo> page;
    for (const auto& [id, session] : sessions)
      if (mine(session, principal)) page.items.push_back(session.info);
    co_return page;
  }
  contracts::Task<Result<contracts::SessionInfo>> get(contracts::Principal principal,
                                                      std::string id) override {
    auto* session = find(principal, id);
    if (session == nullptr) co_return none();
    co_return session->info;
  }
  contracts::Task<Result<void>> end(contracts::Principal principal, std::string id) override {
    auto* session = find(principal, id);
    if (session == nullptr) co_return none();
    session->log->close();
    sessions.erase(id);
    co_return Result<void>();
  }
  contracts::Task<Result<contracts::Page<contracts::StoredMessage>>> messages(
      contracts::Principal principal, std::string id, std::string, std::size_t) override {
    auto* session = find(principal, id);
    if (session == nullptr) co_return none();
    contracts::Page<contracts::StoredMessage> page;
    page.items = session->messages;
    co_return page;
  }
  contracts::Task<Result<contracts::Accepted>> submit(contracts::TurnRequest request) override {
    auto* session = find(request.principal, request.session_id);
    if (session == nullptr) co_return none();
    if (refuse_with != Errc::internal) co_return fail(refuse_with, "four turns wait already");
    contracts::Accepted accepted;
    for (const auto& known : session->messages)
      if (request.client_id && known.client_id == request.client_id) {
        accepted.message_id = known.message_id;
        accepted.is_repeat = true;
        co_return accepted;
      }
    contracts::StoredMessage message;
    message.message_id = "me-" + std::to_string(session->messages.size() + 1);
    message.session_id = request.session_id;
    message.content = request.text;
    message.client_id = request.client_id;
    auto answer = std::make_shared<wire::Answer>();
    answer->message_id = message.message_id;
    answer->response = "about " + request.text;
    message.answer = answer;
    accepted.message_id = message.message_id;
    const auto about = R"(,"message_id":")" + message.message_id + R"(")";
    session->log->append("message", about);
    accepted.seq = session->log->last_seq();
    session->log->append("degraded", about + R"(,"integration":"query_engine","behaviour":"b")");
    session->log->append("error", about + R"(,"code":"QUERY_ENGINE_UNAVAILABLE","message":"m")");
    session->log->append("complete", about);
    session->messages.push_back(std::move(message));
    submitted.push_back(std::move(request));
    co_return accepted;
  }
  contracts::Task<Result<std::shared_ptr<const wire::Answer>>> answer(
      contracts::Principal principal, std::string id, std::string message_id) override {
    auto* session = find(principal, id);
    if (session == nullptr) co_return none();
    for (const auto& message : session->messages)
      if (message.message_id == message_id) co_return message.answer;
    co_return none();
  }
  contracts::Task<Result<void>> cancel(contracts::Principal principal, std::string id,
                                       std::optional<std::string> message_id) override {
    if (find(principal, id) == nullptr) co_return none();
    cancelled.push_back(message_id.value_or("-"));
    co_return Result<void>();
  }
  contracts::Task<Result<std::shared_ptr<contracts::SessionLog>>> open_log(
      contracts::Principal principal, std::string id) override {
    auto* session = find(principal, id);
    if (session == nullptr) co_return none();
    if (refuse_open) co_return fail(Errc::overloaded, "too many sessions");
    co_return std::shared_ptr<contracts::SessionLog>(session->log);
  }

 private:
  static Error none() { return fail(Errc::not_found, "There is no such session."); }
  static bool mine(const Session& session, const contracts::Principal& principal) {
    return session.info.tenant_id == principal.tenant_id &&
           session.info.user_id == principal.user_id;
  }
  Session* find(const contracts::Principal& principal, const std::string& id) {
    const auto found = sessions.find(id);
    return found == sessions.end() || !mine(found->second, principal) ? nullptr : &found->second;
  }
  runtime::Executor executor_;
};

}  // namespace loquat::test

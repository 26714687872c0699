#include <algorithm>

#include "log_reader.hpp"
#include "loquat/wire/codec.hpp"
#include "service.hpp"

namespace loquat::conversation {

using contracts::Page;
using contracts::Principal;
using contracts::SessionInfo;
using contracts::SessionRecord;
using contracts::StoredMessage;
using contracts::Task;

namespace {

constexpr std::size_t kTitleMax = 200;
constexpr std::size_t kPlanBytesMax = 16U << 20U;
/// What a turn has left to say goodbye once a drain cuts it short.
constexpr auto kGoodbye = std::chrono::seconds(1);

Error no_such_session() { return fail(Errc::not_found, "There is no such session."); }

runtime::FairQueue::Limits slot_limits(const SessionsConfig& config) {
  const std::size_t slots = config.concurrent_turns_max;
  const std::size_t tenant =
      config.tenant_turns_max > 0 ? config.tenant_turns_max : runtime::most_of(slots);
  const std::size_t user = config.user_turns_max > 0 ? config.user_turns_max : tenant;
  return {slots, tenant, user, config.line_max, config.tenant_line_max, config.user_line_max};
}

runtime::FairGate::Meters slot_meters(observability::MetricsRegistry& metrics) {
  return {metrics.gauge("loquat_conversation_running_turns", "Questions that have a slot."),
          metrics.gauge("loquat_conversation_waiting_turns", "Questions that wait for a slot."),
          metrics.counter("loquat_conversation_refused_turns_total",
                          "Questions refused because the line, or one's share of it, was full.")};
}

}  // namespace

std::shared_ptr<const wire::Answer> decode_answer(const std::string& json) {
  if (json.empty()) return nullptr;
  const wire::JsonLimits limits{.bytes_max = 64U << 20U, .depth_max = 64, .values_max = 20'000'000};
  auto decoded = wire::decode<wire::Answer>(json, limits);
  if (!decoded) return nullptr;
  return std::make_shared<const wire::Answer>(std::move(decoded->message));
}

Service::Service(SessionsConfig config, Ports ports)
    : config_(config),
      ports_(std::move(ports)),
      turns_(ports_.executor, "conversation", ports_.telemetry),
      log_tasks_(ports_.executor, "session log", ports_.telemetry),
      writer_(ports_.executor, ports_.store, log_tasks_),
      slots_(ports_.executor, slot_limits(config), slot_meters(ports_.telemetry.metrics())),
      plans_(config.plans_kept_max, kPlanBytesMax) {
  auto& metrics = ports_.telemetry.metrics();
  plans_found_ =
      metrics.counter("loquat_conversation_plan_hits_total", "Questions whose plan was known.");
  plans_made_ =
      metrics.counter("loquat_conversation_plan_misses_total", "Questions that were planned.");
}

std::unique_ptr<Conversation> make_conversation(SessionsConfig config, Ports ports) {
  return std::make_unique<Service>(config, std::move(ports));
}

LogBuffer::Limits Service::log_limits() const {
  return {config_.memory_events_max, static_cast<std::size_t>(config_.memory_bytes_max),
          config_.log_max_events};
}

std::uint64_t Service::append(const SessionPtr& session, const Turn* turn,
                              const wire::EntryPayload& payload) {
  LogBuffer::Stamp stamp;
  if (turn != nullptr) {
    stamp.message_id = turn->message_id;
    if (!turn->request.context.trace_id.empty()) stamp.trace_id = turn->request.context.trace_id;
  }
  stamp.timestamp = ports_.sources.wall.now();
  const auto& entry = session->log.append(std::move(stamp), payload);
  const std::uint64_t seq = entry.seq;
  // Nothing of a session that is being removed may come to the store behind its removal.
  if (session->is_removed)
    session->log.release(seq);
  else
    writer_.add(session, entry);
  return seq;
}

void Service::adopt(const SessionPtr& session) {
  const std::string& id = session->info.session_id;
  sessions_[id] = session;
  by_use_.push_front(id);
  use_of_[id] = by_use_.begin();
  if (evict()) start_catching_up();
}

bool Service::evict() {
  // Only sessions that nobody reads and that run nothing leave; their log is in the store.
  bool is_store_behind = false;
  auto candidate = by_use_.end();
  while (sessions_.size() > config_.in_memory_max && candidate != by_use_.begin()) {
    --candidate;
    const auto found = sessions_.find(*candidate);
    const Session& session = *found->second;
    is_store_behind |= session.is_store_behind;
    if (found->second.use_count() > 1 || session.queue.running() || session.is_store_behind ||
        session.log.last_seq() != session.log.appended_seq())
      continue;
    use_of_.erase(*candidate);
    sessions_.erase(found);
    candidate = by_use_.erase(candidate);
  }
  return is_store_behind;
}

/// Sessions that the store could not take hold memory: once it is back they may leave again.
void Service::start_catching_up() {
  if (is_catching_up_ || is_stopping_) return;
  is_catching_up_ = true;
  log_tasks_.spawn("catch up", catch_up_all());
}

Task<void> Service::catch_up_all() {
  struct Ended {
    bool& flag;
    ~Ended() { flag = false; }
  } const ended{is_catching_up_};
  std::vector<SessionPtr> behind;
  for (const auto& [_, session] : sessions_)
    if (session->is_store_behind) behind.push_back(session);
  while (!behind.empty()) {  // who is held here cannot leave
    const SessionPtr session = std::move(behind.back());
    behind.pop_back();
    if (session->is_closed) continue;
    const bool is_taken = co_await catch_up(session);
    if (!is_taken) co_return;
  }
  evict();
}

Task<bool> Service::catch_up(SessionPtr session) {
  const Result<void> stored = co_await ports_.store.put_session(record_of(*session));
  if (!stored) co_return false;
  session->is_record_kept = true;
  if (!session->is_removed) co_await writer_.catch_up(session);
  if (!session->is_removed) co_await keep_unkept(session);
  session->is_store_behind = session->unstored_from != 0 || !session->unkept.empty();
  co_return true;
}

bool Service::has_room_for(const Principal& principal) const {
  const std::size_t most = 2 * static_cast<std::size_t>(config_.in_memory_max);
  if (sessions_.size() <= config_.in_memory_max) return true;  // what is not in use leaves
  if (sessions_.size() >= most) return false;
  // The last places are nobody's alone, however many sessions he keeps in use by reading them.
  std::size_t of_user = 0, of_tenant = 0;
  for (const auto& [_, session] : sessions_) {
    if (session->info.tenant_id != principal.tenant_id) continue;
    ++of_tenant;
    if (session->info.user_id == principal.user_id) ++of_user;
  }
  return of_user < most - most / 10 && of_tenant < most - most / 20;
}

Task<Result<SessionInfo>> Service::create(Principal principal, std::string title) {
  if (is_stopping_) co_return fail(Errc::overloaded, "The service is stopping.");
  if (title.size() > kTitleMax)
    co_return Error{
        Errc::invalid_request, "The title is too long.", {{"/title", "is longer than 200 bytes"}}};
  if (!has_room_for(principal)) {
    start_catching_up();
    co_return fail(Errc::overloaded, "Too many sessions are in use; try again shortly.");
  }
  SessionInfo info;
  info.session_id = make_id("ses", ports_.sources);
  info.tenant_id = principal.tenant_id;
  info.user_id = principal.user_id;
  info.title = std::move(title);
  info.created_at = ports_.sources.wall.now();
  info.last_active_at = info.created_at;
  LogBuffer log(log_limits(), info.session_id, make_hex(8, ports_.sources.random), 0);
  auto session =
      std::make_shared<Session>(ports_.executor, info, std::move(log), config_.waiting_turns_max);
  adopt(session);
  co_await save(session);
  co_return session->info;
}

SessionRecord Service::record_of(const Session& session) {
  return {session.info, session.log.epoch(), session.log.appended_seq()};
}

Task<void> Service::save(SessionPtr session) {
  const Result<void> stored = co_await ports_.store.put_session(record_of(*session));
  session->is_record_kept = stored.has_value();
  if (!stored) session->is_store_behind = true;
}

Task<Result<Service::SessionPtr>> Service::find(Principal principal, std::string session_id) {
  if (const auto known = sessions_.find(session_id); known != sessions_.end()) {
    const auto& info = known->second->info;
    if (info.tenant_id != principal.tenant_id || info.user_id != principal.user_id) {
      // As long as a name that is nobody's takes: else time would tell that there is a session.
      const auto asked = co_await ports_.store.find_session(principal.tenant_id, session_id);
      if (!asked) co_return asked.error();
      co_return no_such_session();
    }
    by_use_.splice(by_use_.begin(), by_use_, use_of_[session_id]);
    co_return known->second;
  }
  auto loaded = co_await load(std::move(principal), std::move(session_id));
  if (loaded && !*loaded) co_return no_such_session();
  co_return loaded;
}

void Service::remember(const SessionPtr& session, TurnPtr turn) {
  if (turn->request.client_id) session->by_client_id[*turn->request.client_id] = turn->message_id;
  session->turn_order.push_back(turn->message_id);
  session->turns[turn->message_id] = std::move(turn);
  std::size_t bytes = 0;
  for (const auto& [_, one] : session->turns) bytes += one->answer_bytes;
  while (session->turn_order.size() > kTurnsKept ||
         (bytes > config_.memory_bytes_max && session->turn_order.size() > 1)) {
    const auto oldest = session->turns.find(session->turn_order.front());
    if (oldest != session->turns.end() && !oldest->second->answer) break;
    session->has_older_turns = true;
    if (oldest != session->turns.end()) {
      bytes -= oldest->second->answer_bytes;
      if (oldest->second->request.client_id)
        session->by_client_id.erase(*oldest->second->request.client_id);
      session->turns.erase(oldest);
    }
    session->turn_order.pop_front();
  }
}

Task<Result<Page<SessionInfo>>> Service::list(Principal principal, std::string cursor,
                                              std::size_t limit) {
  auto page =
      co_await ports_.store.list_sessions(principal.tenant_id, principal.user_id, cursor, limit);
  if (!page) co_return page.error();
  for (auto& info : page->items)
    if (const auto known = sessions_.find(info.session_id); known != sessions_.end())
      info = known->second->info;
  co_return page;
}

Task<Result<SessionInfo>> Service::get(Principal principal, std::string session_id) {
  auto session = co_await find(std::move(principal), std::move(session_id));
  if (!session) co_return session.error();
  co_return (*session)->info;
}

Task<Result<void>> Service::end(Principal principal, std::string session_id) {
  auto session = co_await find(principal, session_id);
  if (!session) co_return session.error();
  Session& s = **session;
  s.is_closed = true;
  s.is_removed = true;
  for (auto& [_, turn] : s.turns) {
    if (turn->answer) continue;
    turn->stopped = fail(Errc::cancelled, "The session was ended.");
    turn->stop_waiting.emit(boost::asio::cancellation_type::terminal);
  }
  co_await writer_.flush();
  auto removed = co_await ports_.store.remove_session(principal.tenant_id, session_id);
  if (const auto use = use_of_.find(session_id); use != use_of_.end()) {
    by_use_.erase(use->second);
    use_of_.erase(use);
  }
  sessions_.erase(session_id);
  s.announce();
  s.answered.notify_all();
  co_return removed;
}

Task<Result<Page<StoredMessage>>> Service::messages(Principal principal, std::string session_id,
                                                    std::string cursor, std::size_t limit) {
  auto session = co_await find(principal, session_id);
  if (!session) co_return session.error();
  if (const auto allowed = may_read(principal, **session); !allowed) co_return allowed.error();
  auto stored = co_await ports_.store.list_messages(principal.tenant_id, session_id, cursor, limit);
  if (!stored) co_return stored.error();
  Page<StoredMessage> page;
  page.next_cursor = stored->next_cursor;
  for (auto& record : stored->items)
    page.items.push_back({record.message_id, record.session_id, record.content, record.created_at,
                          record.client_id, decode_answer(record.answer_json)});
  co_return page;
}

Task<Result<std::shared_ptr<contracts::SessionLog>>> Service::open_log(Principal principal,
                                                                       std::string session_id) {
  auto session = co_await find(principal, std::move(session_id));
  if (!session) co_return session.error();
  if (const auto allowed = may_read(principal, **session); !allowed) co_return allowed.error();
  std::shared_ptr<contracts::SessionLog> reader =
      std::make_shared<LogReader>(*session, ports_.store, may_see_personal_data(principal));
  co_return reader;
}

Task<void> Service::stop_turns_at(Time at) {
  co_await runtime::sleep_until(at);
  for (auto& [_, session] : sessions_) {
    for (auto& [id, turn] : session->turns) {
      if (turn->answer) continue;
      turn->stopped = fail(Errc::cancelled, "The service is stopping.");
      turn->stop_waiting.emit(boost::asio::cancellation_type::terminal);
    }
  }
}

void Service::cancel_turns_at(Time at) { log_tasks_.spawn("stop turns", stop_turns_at(at)); }

Task<void> Service::stop(Time deadline) {
  is_stopping_ = true;
  cancel_turns_at(deadline - kGoodbye);
  co_await turns_.drain(deadline);
  co_await writer_.flush();
  const auto everybody = sessions_;
  for (const auto& [_, session] : everybody) {
    if (session->is_store_behind) co_await catch_up(session);
  }
  for (auto& [_, session] : sessions_) {
    session->is_closed = true;
    session->announce();
    session->answered.notify_all();
  }
  co_await log_tasks_.close();
}

}  // namespace loquat::conversation

// long: one machine; its transitions are read together.
#include "outbox_fsm.hpp"

#include <algorithm>

namespace loquat::kafka {

using contracts::Receipt;
using degradation::BreakerState;
using degradation::CallOutcome;

Outbox::Outbox(OutboxLimits limits)
    : limits_(limits),
      buffer_(limits.buffer, [this](Held&& held) { on_drop(std::move(held)); }),
      breaker_(limits.breaker) {}

// ---- what comes in
// ------------------------------------------------------------------------------------------------

void Outbox::recovered(const std::map<std::string, std::uint64_t>& records, Time now) {
  for (const auto& [topic, count] : records) {
    disk_topics_[topic].count += count;
    disk_stored_ += count;
    totals_.offered += count;
  }
  tick(now);
}

Ticket Outbox::publish(OutRecord record, Time now) {
  ++totals_.offered;
  const Ticket ticket = ++last_ticket_;
  open_tickets_.insert(ticket);
  if (can_spool(record) && (on_disk() > 0 || !parked_.empty()))
    parked_.push_back({std::move(record), ticket, now + limits_.ack_wait});
  else
    admit(std::move(record), ticket, now);
  pump(now);
  return ticket;
}

void Outbox::admit(OutRecord record, Ticket ticket, Time now) {
  const bool may_spool = can_spool(record);
  const RecordId id = hold(record, ticket, false, 0);
  if (id == 0) {
    if (may_spool) {
      to_disk(std::move(record), ticket);
    } else {
      ++totals_.refused;
      resolve(ticket, fail(Errc::buffer_full, "The event buffer is full."));
    }
    return;
  }
  const Held& held = *buffer_.find(id);
  const bool is_closed = breaker_.state() == BreakerState::closed;
  if (may_spool && (!is_closed || held.state == State::awaiting_spool))
    spool_up_to(held.lane->second, id);
  else if (!limits_.has_spool && held.record.is_kept && !is_closed)
    resolve(ticket, Receipt::buffered);
  else
    ack_deadlines_.emplace_back(now + limits_.ack_wait, id);
}

void Outbox::release_parked(Time now) {
  const bool is_closed = breaker_.state() == BreakerState::closed;
  while (!parked_.empty()) {
    const bool is_late =
        parked_.front().until <= now || !is_closed || parked_.size() > limits_.buffer.events_max;
    if (on_disk() > 0 && !is_late) return;
    Parked next = std::move(parked_.front());
    parked_.pop_front();
    if (on_disk() > 0)
      to_disk(std::move(next.record), next.ticket);
    else
      admit(std::move(next.record), next.ticket, now);
  }
}

void Outbox::offer(OutRecord record, Time now) {
  if (record.is_kept) {  // kept although nobody waits: the ticket is resolved unheard
    static_cast<void>(publish(std::move(record), now));
    return;
  }
  ++totals_.offered;
  if (hold(record, 0, false, 0) == 0) {
    ++totals_.dropped;
    actions_.emplace_back(Lost{record.topic, false});
  }
  pump(now);
}

void Outbox::reported(RecordId id, Report report, Time now) {
  Held* held = buffer_.find(id);
  if (held == nullptr || held->state != State::in_flight) return;
  --in_flight_;
  Lane& lane = held->lane->second;
  --lane.in_flight;
  if (report == Report::too_large && held->is_alone) report = Report::rejected;
  if (report == Report::delivered) {
    delivered(*held, now);
  } else if (report != Report::rejected) {
    held->may_be_there |= report == Report::failed;
    came_back(*held, report, now);
  } else {
    if (held->kept == Kept::on_disk) acknowledge(held->position);
    resolve(held->ticket, fail(Errc::payload_too_large, "The broker does not take this event."));
    actions_.emplace_back(Lost{held->record.topic, true});
    if (held->record.is_kept) ++sums_[held->record.topic].lost;
    ++totals_.dropped;
    leave(*held);
  }
  pump(now);
}

void Outbox::delivered(Held& held, Time now) {
  heard_at_ = now;
  delivered_at_ = now;
  // An acknowledgement is the best proof there is, whichever record it is for.
  if (breaker_.state() == BreakerState::closed)
    breaker_.report(false, CallOutcome::ok, now);
  else
    breaker_ = degradation::Breaker(limits_.breaker);
  probe_ = 0;
  const bool needs_effect = limits_.is_forgetful && held.record.needs_effect;
  if (held.kept == Kept::on_disk) {
    if (needs_effect && settled_early_.erase(held.record.event_id) == 0)
      unsettled_[held.record.event_id] = held.position;
    else
      acknowledge(held.position);
  }
  resolve(held.ticket, needs_effect ? Receipt::buffered : Receipt::accepted);
  ++totals_.delivered;
  leave(held);
}

void Outbox::came_back(Held& held, Report report, Time now) {
  if (report == Report::no_topic) {
    rest(held.record.topic, now);
    if (held.id == probe_) brokers_up(now);  // it was the broker that said so
  } else if (report == Report::too_large) {
    too_large_.insert(held.id);
  } else {
    breaker_.report(held.id == probe_, CallOutcome::failed, now);
  }
  if (held.id == probe_) probe_ = 0;
  Lane& lane = held.lane->second;
  lane.is_blocked = lane.in_flight > 0;
  if (held.kept == Kept::refused) {
    ++totals_.refused;
    resolve(held.ticket, fail(Errc::buffer_full, "Neither broker nor spool takes the event now."));
    leave(held);
    return;
  }
  held.state = State::queued;
  buffer_.unpin(held.id);
  lane.queued.insert(held.id);
  reindex(lane);
}

/// A missing topic is no missing broker: the others go on.
void Outbox::rest(const std::string& topic, Time now) {
  if (!resting_.emplace(topic, now + limits_.topic_rest).second) return;
  const auto begin = lanes_.lower_bound(topic + '\0');
  for (auto at = begin; at != lanes_.end() && at->first.starts_with(topic + '\0'); ++at) {
    at->second.is_resting = true;
    reindex(at->second);
  }
}

void Outbox::end_rests(Time now) {
  for (auto resting = resting_.begin(); resting != resting_.end();) {
    if (resting->second > now) {
      ++resting;
      continue;
    }
    const std::string prefix = resting->first + '\0';
    resting = resting_.erase(resting);
    for (auto at = lanes_.lower_bound(prefix); at != lanes_.end() && at->first.starts_with(prefix);
         ++at) {
      at->second.is_resting = false;
      reindex(at->second);
    }
  }
}

void Outbox::brokers_down(Time now) {
  if (breaker_.state() == BreakerState::half_open) {
    breaker_.report(true, CallOutcome::failed, now);
    probe_ = 0;
  }
  open_breaker(now);
  tick(now);
}

void Outbox::open_breaker(Time now) {
  for (std::uint32_t i = 0; i < limits_.breaker.failures_to_open; ++i)
    breaker_.report(false, CallOutcome::failed, now);
}

void Outbox::brokers_up(Time now) {
  if (breaker_.state() == BreakerState::closed) return;
  breaker_ = degradation::Breaker(limits_.breaker);
  probe_ = 0;
  pump(now);
}

void Outbox::settled(const std::string& event_id) {
  if (!limits_.is_forgetful || !limits_.has_spool) return;
  const auto known = unsettled_.find(event_id);
  if (known != unsettled_.end()) {
    acknowledge(known->second);
    unsettled_.erase(known);
    return;
  }
  // The effect may be stored before the report is seen here. Bounded: at worst a copy is sent.
  constexpr std::size_t kEarlyMax = 10'000;
  if (settled_early_.size() >= kEarlyMax) settled_early_.clear();
  settled_early_.insert(event_id);
}

void Outbox::tick(Time now) {
  if (const auto at = silent_at(); at && *at <= now) open_breaker(now);
  const bool is_closed = breaker_.state() == BreakerState::closed;
  while (!ack_deadlines_.empty() && (ack_deadlines_.front().first <= now || !is_closed)) {
    const bool is_due = ack_deadlines_.front().first <= now;
    const RecordId id = ack_deadlines_.front().second;
    ack_deadlines_.pop_front();
    Held* held = buffer_.find(id);
    if (held == nullptr) continue;
    Lane& lane = held->lane->second;
    if (held->state == State::in_flight) {
      if (is_due) note_silence(id, now);
      // The client library may yet give it back: a later one of its key must not overtake it.
      lane.is_blocked = true;
      reindex(lane);
    }
    if (can_spool(held->record))
      spool_up_to(lane, id);
    else if (held->record.is_kept)
      resolve(held->ticket, Receipt::buffered);
  }
  while (!lane_deadlines_.empty() && lane_deadlines_.front().first <= now) {
    Held* held = buffer_.find(lane_deadlines_.front().second);
    lane_deadlines_.pop_front();
    if (held == nullptr || held->state != State::in_flight) continue;
    held->lane->second.is_blocked = true;
    reindex(held->lane->second);
  }
  end_rests(now);
  if (const auto at = take_back_at(); at && *at <= now) {
    in_flight_since_ = now;
    actions_.emplace_back(TakeBack{});
  }
  if (read_again_at_ && *read_again_at_ <= now) read_again_at_.reset();
  pump(now);
}

/// A burst whose reports are late is one silence, not many failures.
void Outbox::note_silence(RecordId id, Time now) {
  if (id != probe_ && now - heard_at_ < limits_.ack_wait) return;
  heard_at_ = now;
  breaker_.report(id == probe_, CallOutcome::failed, now);
  if (id == probe_) probe_ = 0;
}

// ---- memory
// ------------------------------------------------------------------------------------------------

RecordId Outbox::hold(OutRecord& record, Ticket ticket, bool is_on_disk, std::uint64_t position) {
  // One that is larger than all the room there is comes from the disk alone, when there is nothing
  // else.
  const std::size_t whole = record.bytes();
  const bool is_sole = is_on_disk && buffer_.empty();
  const std::size_t bytes = is_sole ? std::min(whole, limits_.buffer.bytes_max) : whole;
  const int rank = record.rank;
  const bool waits_for_spool = needs_spool_first(record) && !is_on_disk;
  Held held;
  held.record = std::move(record);
  held.ticket = ticket;
  held.kept = is_on_disk ? Kept::on_disk : Kept::nowhere;
  held.position = position;
  held.state = waits_for_spool ? State::awaiting_spool : State::queued;
  const RecordId id = buffer_.place(std::move(held), bytes, rank);
  if (id == 0) {
    record =
        std::move(held.record);  // NOLINT(bugprone-use-after-move): without room it is not taken
    return 0;
  }
  Held& stored = *buffer_.find(id);
  stored.id = id;
  stored.lane = lanes_.try_emplace(lane_name(stored.record)).first;
  if (is_on_disk) positions_.insert(position);
  Lane& lane = stored.lane->second;
  lane.is_resting = resting_.contains(stored.record.topic);
  lane.held.insert(id);
  if (!waits_for_spool) lane.queued.insert(id);
  if (!is_on_disk && can_spool(stored.record)) lane.unspooled.insert(id);
  reindex(lane);
  return id;
}

void Outbox::leave(Held& held) {
  const auto at = held.lane;
  Lane& lane = at->second;
  const RecordId id = held.id;
  lane.held.erase(id);
  lane.queued.erase(id);
  lane.unspooled.erase(id);
  too_large_.erase(id);
  if (lane.in_flight == 0) lane.is_blocked = false;
  reindex(lane);
  if (lane.held.empty()) lanes_.erase(at);
  buffer_.remove(id);
}

/// The buffer made room by giving up this one; it has left the buffer already.
void Outbox::on_drop(Held&& held) {
  const auto at = held.lane;
  Lane& lane = at->second;
  lane.held.erase(held.id);
  lane.queued.erase(held.id);
  too_large_.erase(held.id);
  reindex(lane);
  if (lane.held.empty()) lanes_.erase(at);
  ++totals_.dropped;
  actions_.emplace_back(Lost{held.record.topic, false});
}

void Outbox::reindex(Lane& lane) {
  const bool is_ready = !lane.is_blocked && !lane.is_resting && !lane.queued.empty();
  const RecordId wanted = is_ready ? *lane.queued.begin() : 0;
  if (wanted == lane.ready_as) return;
  if (lane.ready_as != 0) ready_.erase({lane.ready_as, &lane});
  if (wanted != 0) ready_.insert({wanted, &lane});
  lane.ready_as = wanted;
}

/// A lane with something in flight when the broker went waits for its reports: what went out behind
/// it, as a probe, would stand before it if only the older of the two were given back.
void Outbox::note_breaker(Time now) {
  const bool is_away = breaker_.state() != BreakerState::closed;
  if (is_away == is_away_) return;
  is_away_ = is_away;
  if (!is_away) return;
  away_since_ = now;
  for (auto& [_, lane] : lanes_) {
    if (lane.in_flight == 0) continue;
    lane.is_blocked = true;
    reindex(lane);
  }
}

/// Lanes behind a silent record stand still, so that few silences are counted: the breaker alone
/// would stay closed, and each sender wait in vain for an acknowledgement.
std::optional<Time> Outbox::silent_at() const {
  if (in_flight_ == 0 || breaker_.state() != BreakerState::closed) return std::nullopt;
  return std::max(delivered_at_, in_flight_since_) + limits_.silence;
}

std::optional<Time> Outbox::take_back_at() const {
  if (!is_away_ || in_flight_ == 0) return std::nullopt;
  return std::max(away_since_, in_flight_since_) + limits_.take_back;
}

void Outbox::pump(Time now) {
  note_breaker(now);
  release_parked(now);
  while (!ready_.empty() && in_flight_ < (too_large_.empty() ? limits_.in_flight_max : 1)) {
    const auto admission = breaker_.ask(now);
    if (admission == degradation::Breaker::Admission::refuse) break;
    const auto [id, lane] = *ready_.begin();
    Held& held = *buffer_.find(id);
    lane->queued.erase(id);
    ++lane->in_flight;
    if (admission == degradation::Breaker::Admission::probe) lane->is_blocked = true;
    reindex(*lane);
    held.state = State::in_flight;
    buffer_.pin(id);
    held.is_alone = in_flight_ == 0 && !too_large_.empty();
    if (in_flight_++ == 0) in_flight_since_ = now;
    if (!held.record.is_kept) lane_deadlines_.emplace_back(now + limits_.lane_patience, id);
    if (held.may_be_there) ++sums_[held.record.topic].copies;
    actions_.emplace_back(Send{id, &held.record});
    if (admission == degradation::Breaker::Admission::probe) {
      probe_ = id;
      break;
    }
  }
  refill();
}

// ---- spool
// ------------------------------------------------------------------------------------------------

void Outbox::to_disk(OutRecord record, Ticket ticket) {
  const auto older = lanes_.find(lane_name(record));
  if (older != lanes_.end()) spool_up_to(older->second, ~RecordId{0});
  ++disk_writing_;
  OnDisk& disk = disk_topics_[record.topic];
  if (disk.count++ == 0) disk.oldest = record.made_at;
  to_write_.push_back({0, ticket, record.event_id, to_spool(record), record.topic});
  flush_append();
}

/// All of the lane up to `last` that stand nowhere else, oldest first: a later one must not stand
/// before an earlier one on disk, or a restart would change their order.
void Outbox::spool_up_to(Lane& lane, RecordId last) {
  while (!lane.unspooled.empty() && lane.unspooled.lowest() <= last) {
    const RecordId id = lane.unspooled.lowest();
    lane.unspooled.drop_lowest();
    Held& held = *buffer_.find(id);
    held.kept = Kept::writing;
    buffer_.pin(id);
    to_write_.push_back({id, held.ticket, held.record.event_id, to_spool(held.record), {}});
  }
  flush_append();
}

void Outbox::flush_append() {
  if (!writing_.empty() || to_write_.empty()) return;
  constexpr std::size_t kBatchMax = 1'000;
  const std::size_t count = writes_singly_ ? 1 : std::min(to_write_.size(), kBatchMax);
  std::vector<degradation::SpoolRecord> records;
  for (std::size_t i = 0; i < count; ++i) {
    records.push_back(std::move(to_write_.front().record));
    writing_.push_back(std::move(to_write_.front()));
    to_write_.pop_front();
  }
  writing_records_ = std::make_shared<const decltype(records)>(std::move(records));
  actions_.emplace_back(Append{writing_records_});
}

void Outbox::appended(Result<std::vector<std::uint64_t>> positions, Time now) {
  std::vector<Writing> batch = std::move(writing_);
  const auto records = std::exchange(writing_records_, nullptr);
  writing_.clear();
  if (!positions && batch.size() > 1) {
    writes_singly_ = true;  // what does not fit together may fit in part
    for (std::size_t i = batch.size(); i-- > 0;) {
      batch[i].record = (*records)[i];
      to_write_.push_front(std::move(batch[i]));
    }
  } else if (positions) {
    for (std::size_t i = 0; i < batch.size(); ++i) written(batch[i], (*positions)[i]);
    if (to_write_.empty()) writes_singly_ = false;
  } else {
    for (const auto& item : batch) not_written(item);
    if (to_write_.empty()) writes_singly_ = false;
  }
  flush_append();
  pump(now);
}

void Outbox::written(const Writing& item, std::uint64_t position) {
  if (item.id == 0) {
    --disk_writing_;
    ++disk_stored_;
    resolve(item.ticket, Receipt::buffered);
    return;
  }
  Held* held = buffer_.find(item.id);
  if (held == nullptr) return acknowledge(position);  // reported meanwhile
  held->kept = Kept::on_disk;
  held->position = position;
  positions_.insert(position);
  resolve(item.ticket, Receipt::buffered);
  if (held->state != State::awaiting_spool) return;
  held->state = State::queued;
  Lane& lane = held->lane->second;
  lane.queued.insert(item.id);
  reindex(lane);
}

void Outbox::not_written(const Writing& item) {
  const Error error = fail(Errc::buffer_full, "The spool has no room and the broker is away.");
  if (item.id == 0) {
    --disk_writing_;
    --disk_topics_[item.topic].count;
    ++totals_.refused;
    resolve(item.ticket, error);
    return;
  }
  Held* held = buffer_.find(item.id);
  if (held == nullptr) return;
  const bool is_promised = !open_tickets_.contains(item.ticket);
  if (is_promised) {  // once said to be kept in memory, it stays there
    held->kept = Kept::nowhere;
    held->lane->second.unspooled.insert(held->id);
  } else if (held->state == State::in_flight) {
    held->kept = Kept::refused;  // cannot be taken back: its report decides what the sender hears
  } else {
    ++totals_.refused;
    resolve(item.ticket, error);
    leave(*held);
  }
}

void Outbox::refill() {
  const bool has_room = buffer_.size() < std::max<std::size_t>(limits_.buffer.events_max / 2, 1) &&
                        buffer_.bytes() < limits_.buffer.bytes_max / 2;
  // While the broker is away one read is enough: without a record in memory there is no probe.
  const bool is_wanted =
      breaker_.state() == BreakerState::closed || (ready_.empty() && in_flight_ == 0);
  const bool may_read =
      !is_reading_ && !read_again_at_ && disk_stored_ > 0 && has_room && is_wanted;
  if (!may_read) return;
  is_reading_ = true;
  actions_.emplace_back(ReadSpool{cursor_, limits_.refill});
}

void Outbox::read(Result<std::vector<SpooledOut>> records, Time now) {
  is_reading_ = false;
  // Copies on disk of what was in memory when the disk was read, and reported before this.
  const auto gone = std::exchange(acknowledged_while_reading_, {});
  if (!records) {
    read_again_at_ = now + std::chrono::seconds(1);
    return;
  }
  if (records->empty()) {  // damaged records were skipped by the spool
    totals_.dropped += disk_stored_;
    disk_stored_ = 0;
    for (const auto& [topic, disk] : std::exchange(disk_topics_, {}))
      sums_[topic].lost += disk.count;
  }
  for (auto& [position, record] : *records) {
    if (positions_.contains(position) || gone.contains(position)) {
      cursor_ = position;
      continue;
    }
    if (!record) {
      actions_.emplace_back(Acknowledge{{position}});
      ++totals_.dropped;
    } else if (const RecordId id = hold(*record, 0, true, position); id != 0) {
      const OutRecord& stored = buffer_.find(id)->record;
      OnDisk& disk = disk_topics_[stored.topic];
      disk.oldest = stored.made_at;  // what is left there is newer
      if (disk.count > 0) --disk.count;
    } else {
      break;  // no room after all: from here again later
    }
    cursor_ = position;
    if (disk_stored_ > 0) --disk_stored_;
  }
  pump(now);
}

void Outbox::acknowledge(std::uint64_t position) {
  positions_.erase(position);
  if (is_reading_) acknowledged_while_reading_.insert(position);
  auto* last = actions_.empty() ? nullptr : std::get_if<Acknowledge>(&actions_.back());
  if (last != nullptr)
    last->positions.push_back(position);
  else
    actions_.emplace_back(Acknowledge{{position}});
}

void Outbox::stow() {
  if (limits_.has_spool)
    for (auto& [_, lane] : lanes_) spool_up_to(lane, ~RecordId{0});
  // Those that are parked are newer than all of them.
  for (auto& parked : std::exchange(parked_, {})) to_disk(std::move(parked.record), parked.ticket);
}

// ---- what is asked
// ------------------------------------------------------------------------------------------------

void Outbox::resolve(Ticket ticket, Result<Receipt> outcome) {
  if (ticket == 0 || open_tickets_.erase(ticket) == 0) return;
  actions_.emplace_back(Resolve{ticket, std::move(outcome)});
}

std::vector<Action> Outbox::take_actions() { return std::exchange(actions_, {}); }

std::optional<Time> Outbox::next_wake() const {
  std::optional<Time> wake;
  const auto earlier = [&wake](std::optional<Time> at) {
    if (at && (!wake || *at < *wake)) wake = at;
  };
  if (!ack_deadlines_.empty()) earlier(ack_deadlines_.front().first);
  // Not one wake for each: a little later there are more of them.
  if (!lane_deadlines_.empty()) earlier(lane_deadlines_.front().first + limits_.lane_patience / 4);
  for (const auto& [_, until] : resting_) earlier(until);
  if (!ready_.empty() && in_flight_ < limits_.in_flight_max) earlier(breaker_.retry_at());
  earlier(read_again_at_);
  if (!parked_.empty()) earlier(parked_.front().until);
  earlier(silent_at());
  earlier(take_back_at());
  return wake;
}

OutboxTotals Outbox::totals() const {
  OutboxTotals totals = totals_;
  totals.held = buffer_.size() + on_disk() + parked_.size();
  return totals;
}

std::vector<std::string> Outbox::resting_topics() const {
  std::vector<std::string> topics;
  for (const auto& [topic, _] : resting_) topics.push_back(topic);
  return topics;
}

std::map<std::string, TopicState> Outbox::topics() const {
  auto topics = sums_;
  const auto add = [&topics](const std::string& topic, std::uint64_t count, auto oldest) {
    if (count == 0) return;
    TopicState& state = topics[topic];
    state.waiting += count;
    if (oldest && (!state.oldest || *oldest < *state.oldest)) state.oldest = oldest;
  };
  for (const auto& [name, lane] : lanes_) {
    if (lane.held.empty()) continue;
    const OutRecord& first = buffer_.find(lane.held.lowest())->record;
    add(first.topic, lane.held.size(), std::optional(first.made_at));
  }
  for (const auto& one : parked_) add(one.record.topic, 1, std::optional(one.record.made_at));
  for (const auto& [topic, disk] : disk_topics_) add(topic, disk.count, disk.oldest);
  return topics;
}

bool Outbox::is_idle() const noexcept {
  return in_flight_ == 0 && ready_.empty() && !is_writing() && disk_stored_ == 0 && parked_.empty();
}

}  // namespace loquat::kafka

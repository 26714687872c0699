#pragma once
#include <boost/unordered/unordered_flat_set.hpp>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "loquat/base/ordered_ids.hpp"
#include "loquat/contracts/ports.hpp"
#include "loquat/degradation/bounded_buffer.hpp"
#include "loquat/degradation/breaker.hpp"
#include "loquat/degradation/spool.hpp"
#include "record.hpp"

namespace loquat::kafka {

using RecordId = std::uint64_t;
using Ticket = std::uint64_t;

struct OutboxLimits {
  degradation::BufferLimits buffer;
  std::size_t in_flight_max = 1'000;
  Clock::duration ack_wait = std::chrono::milliseconds(200);
  degradation::BreakerConfig breaker;
  bool has_spool = false;
  bool is_forgetful = false;   ///< the broker is embedded: its report is not a promise
  std::size_t refill = 1'000;  ///< records read from the spool at once
  /// A broker that acknowledges nothing of what is in flight for this long does not answer, though
  /// its connection stands: it hangs, or the network swallows what is sent.
  Clock::duration silence = std::chrono::seconds(3);
  /// What may be dropped holds up its lane when it is silent for this long: a partition that takes
  /// nothing must not fill all that may be in flight.
  Clock::duration lane_patience = std::chrono::seconds(1);
  /// A topic that the broker has not is tried again after this.
  Clock::duration topic_rest = std::chrono::seconds(2);
  /// While no broker answers, what the client library has had for this long is taken back.
  Clock::duration take_back = std::chrono::seconds(30);
};

/// What librdkafka said in the end. `not_taken`: at once, nothing of it went out. `no_topic`: the
/// broker has no such topic, or not for us, and may be well. `too_large`: together with what went
/// out in the same batch. `rejected`: this record can never be taken.
enum class Report { delivered, failed, not_taken, no_topic, too_large, rejected };

struct Send {
  RecordId id;
  const OutRecord* record;  ///< stays until the report
};
struct Append {
  std::shared_ptr<const std::vector<degradation::SpoolRecord>> records;
};
struct ReadSpool {
  std::uint64_t after;
  std::size_t limit;
};
struct Acknowledge {
  std::vector<std::uint64_t> positions;
};
struct Resolve {
  Ticket ticket;
  Result<contracts::Receipt> outcome;
};
struct Lost {
  std::string topic;
  bool was_rejected;  ///< by the broker; else there was no room
};
/// Everything in flight is to be taken from the client library and reported as failed, in order.
struct TakeBack {};
using Action = std::variant<Send, Append, ReadSpool, Acknowledge, Resolve, Lost, TakeBack>;

/// offered == delivered + dropped + refused + held, always.
struct OutboxTotals {
  std::uint64_t offered = 0, delivered = 0, dropped = 0, refused = 0, held = 0;
};

/// What an operator asks of one topic. Copies: records offered again although an earlier attempt
/// may have reached the topic. Lost: of what somebody was promised.
struct TopicState {
  std::uint64_t waiting = 0, copies = 0, lost = 0;
  std::optional<WallTime> oldest;  ///< of those that wait
};

struct SpooledOut {
  std::uint64_t position = 0;
  std::optional<OutRecord> record;  ///< nothing: not ours, to be passed over
};

/// Decides what becomes of each record: where it waits, when it is offered to the broker, what its
/// sender is told. Pure: facts in, actions out through `take_actions`, to be carried out in order;
/// Append, ReadSpool and Acknowledge one after the other.
///
/// Order per (topic, key) is a lane. A lane's records are offered in order of arrival, many in
/// flight at once; when one comes back or is silent for too long, or no broker answers any more,
/// nothing more of that lane is offered until all that are in flight have been reported, then it
/// goes on with the oldest. This keeps the order if the client library gives back either none of
/// what it has of a lane, or everything from some record on. Records that are only on disk are
/// newer than all of their lane in memory: while there is one, newer ones of kept topics are parked
/// for as long as an acknowledgement may take, so that the disk can empty under a steady load; then
/// they join it there.
class Outbox {
 public:
  explicit Outbox(OutboxLimits limits);

  /// The spool was opened and holds this many records of each topic.
  void recovered(const std::map<std::string, std::uint64_t>& records, Time now);
  /// A kept record; its ticket is resolved once.
  [[nodiscard]] Ticket publish(OutRecord record, Time now);
  /// Nobody waits for it, and it may be dropped unless its topic keeps all.
  void offer(OutRecord record, Time now);
  void reported(RecordId id, Report report, Time now);
  /// The client library has lost every broker.
  void brokers_down(Time now);
  /// A broker answers again, seen by other means than a report.
  void brokers_up(Time now);
  /// The outcome of the oldest Append. Any error means that nothing of it was written.
  void appended(Result<std::vector<std::uint64_t>> positions, Time now);
  /// The outcome of a ReadSpool.
  void read(Result<std::vector<SpooledOut>> records, Time now);
  /// The pipeline has stored the effect of this event.
  void settled(const std::string& event_id);
  /// To be called at next_wake or later.
  void tick(Time now);
  /// Puts all that was promised and is only in memory into the spool: the process ends.
  void stow();

  [[nodiscard]] std::vector<Action> take_actions();
  [[nodiscard]] std::optional<Time> next_wake() const;
  [[nodiscard]] OutboxTotals totals() const;
  [[nodiscard]] degradation::BreakerState breaker() const noexcept { return breaker_.state(); }
  [[nodiscard]] std::uint64_t spooled() const noexcept { return positions_.size() + on_disk(); }
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
  /// Topics that the broker had not, and that are tried again soon.
  [[nodiscard]] std::vector<std::string> resting_topics() const;
  /// By topic; those that never had anything are not there.
  [[nodiscard]] std::map<std::string, TopicState> topics() const;
  /// Nothing waits to be offered, reported or written.
  [[nodiscard]] bool is_idle() const noexcept;
  [[nodiscard]] bool is_writing() const noexcept { return !writing_.empty() || !to_write_.empty(); }

 private:
  enum class State { queued, in_flight, awaiting_spool };
  enum class Kept { nowhere, writing, on_disk, refused };
  struct Lane {
    OrderedIds held;            // all of the lane in memory
    std::set<RecordId> queued;  // of these, what may be offered; those that come back go in front
    OrderedIds unspooled;       // of these, what could be on disk and is not
    std::size_t in_flight = 0;
    bool is_blocked = false;
    bool is_resting = false;  // its topic is
    RecordId ready_as = 0;    // key in ready_; 0: not there
  };
  using Lanes = std::map<std::string, Lane>;  // by topic and key; gone when it holds nothing
  struct Held {
    OutRecord record;
    Lanes::iterator lane;
    RecordId id = 0;
    Ticket ticket = 0;
    State state = State::queued;
    Kept kept = Kept::nowhere;
    std::uint64_t position = 0;
    bool is_alone = false;      // nothing else was in flight when it was offered
    bool may_be_there = false;  // an attempt failed in a way that may have reached the broker
  };
  struct Writing {
    RecordId id = 0;  // 0: only for the disk
    Ticket ticket = 0;
    std::string event_id;
    degradation::SpoolRecord record;
    std::string topic;  // where id is 0
  };
  struct OnDisk {
    std::uint64_t count = 0;
    std::optional<WallTime> oldest;  // or a little older
  };
  struct Parked {
    OutRecord record;
    Ticket ticket;
    Time until;
  };
  [[nodiscard]] bool can_spool(const OutRecord& record) const {
    return limits_.has_spool && record.is_kept;
  }
  [[nodiscard]] std::uint64_t on_disk() const noexcept { return disk_stored_ + disk_writing_; }
  [[nodiscard]] bool needs_spool_first(const OutRecord& record) const {
    return limits_.is_forgetful && record.needs_effect && can_spool(record);
  }
  static std::string lane_name(const OutRecord& record) { return record.topic + '\0' + record.key; }
  /// Moves the record into memory; 0, and the record stays, if there was no room.
  RecordId hold(OutRecord& record, Ticket ticket, bool is_on_disk, std::uint64_t position);
  void admit(OutRecord record, Ticket ticket, Time now);
  void release_parked(Time now);
  void to_disk(OutRecord record, Ticket ticket);
  void spool_up_to(Lane& lane, RecordId last);
  void flush_append();
  void written(const Writing& item, std::uint64_t position);
  void not_written(const Writing& item);
  void leave(Held& held);
  void delivered(Held& held, Time now);
  void came_back(Held& held, Report report, Time now);
  void rest(const std::string& topic, Time now);
  void end_rests(Time now);
  void note_silence(RecordId id, Time now);
  void on_drop(Held&& held);
  void resolve(Ticket ticket, Result<contracts::Receipt> outcome);
  void acknowledge(std::uint64_t position);
  void reindex(Lane& lane);
  void note_breaker(Time now);
  void open_breaker(Time now);
  [[nodiscard]] std::optional<Time> silent_at() const;
  [[nodiscard]] std::optional<Time> take_back_at() const;
  void pump(Time now);
  void refill();

  OutboxLimits limits_;
  degradation::BoundedBuffer<Held> buffer_;
  degradation::Breaker breaker_;
  Lanes lanes_;
  std::set<std::pair<RecordId, Lane*>> ready_;
  std::size_t in_flight_ = 0;
  RecordId probe_ = 0;
  bool is_away_ = false;  // as the lanes know it
  Time away_since_{};
  Time in_flight_since_{};  // of the oldest, or of the last taking back
  Time delivered_at_{};     // of the last acknowledgement
  Time heard_at_{};         // of the last acknowledgement, or of the last silence that was counted
  std::deque<std::pair<Time, RecordId>> ack_deadlines_;
  std::deque<std::pair<Time, RecordId>> lane_deadlines_;
  std::map<std::string, Time> resting_;  // topics, and until when
  std::set<RecordId> too_large_;         // with others: to be offered alone
  std::deque<Parked> parked_;
  boost::unordered_flat_set<Ticket> open_tickets_;
  Ticket last_ticket_ = 0;
  // The spool.
  std::deque<Writing> to_write_;
  std::vector<Writing> writing_;
  decltype(Append::records) writing_records_;
  bool writes_singly_ = false;
  boost::unordered_flat_set<std::uint64_t> positions_;  // on disk and also in memory or unsettled
  std::unordered_map<std::string, std::uint64_t> unsettled_;
  std::unordered_set<std::string> settled_early_;
  std::uint64_t disk_stored_ = 0, disk_writing_ = 0;
  std::map<std::string, OnDisk> disk_topics_;
  std::map<std::string, TopicState> sums_;  // copies and lost
  std::uint64_t cursor_ = 0;
  bool is_reading_ = false;
  boost::unordered_flat_set<std::uint64_t> acknowledged_while_reading_;
  std::optional<Time> read_again_at_;
  OutboxTotals totals_;
  std::vector<Action> actions_;
};

}  // namespace loquat::kafka

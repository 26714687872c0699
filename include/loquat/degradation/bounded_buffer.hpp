#pragma once
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <list>
#include <map>
#include <optional>
#include <utility>

#include "loquat/base/check.hpp"
#include "loquat/base/enum_names.hpp"
#include "loquat/base/ordered_ids.hpp"

namespace loquat::degradation {

/// What happens to an item that finds no room. `drop_lowest`: the oldest item of the lowest rank
/// under its own goes first; if there is none and its rank may be dropped, the new one is dropped,
/// else refused.
enum class FullPolicy { refuse, drop_oldest, drop_newest, drop_lowest };

struct BufferLimits {
  std::size_t events_max = 10'000;
  std::size_t bytes_max = 16U << 20U;
  FullPolicy policy = FullPolicy::refuse;
  int keep_rank = 1 << 30;  ///< items of this rank or above are never dropped
};

/// Accounting by totals: offered == delivered + dropped + refused + held, always.
struct BufferTotals {
  std::uint64_t offered = 0, delivered = 0, dropped = 0, refused = 0;
};

enum class PushOutcome { stored, dropped, refused };

/// A queue bounded in items and bytes, in order of arrival. Items may also keep their place while
/// they are elsewhere: each has a number, leaves by it, and can be pinned so that it never makes
/// room for another. Pure; loop thread only.
template <class T>
class BoundedBuffer {
 public:
  using OnDrop = std::function<void(T&&)>;
  /// `on_drop` hears of every stored item that made room for another.
  explicit BoundedBuffer(BufferLimits limits, OnDrop on_drop = {})
      : limits_(limits), on_drop_(std::move(on_drop)) {}

  /// `bytes`: what the item counts for. `rank`: the higher, the longer it is kept.
  PushOutcome push(T item, std::size_t bytes, int rank = 0) {
    if (place(std::move(item), bytes, rank) != 0) return PushOutcome::stored;
    return may_drop(rank) ? PushOutcome::dropped : PushOutcome::refused;
  }
  /// As push. The item's number; 0 if it finds no room: then it was not moved from.
  std::uint64_t place(T&& item, std::size_t bytes, int rank = 0) {
    ++totals_.offered;
    if (!make_room(bytes, rank)) {
      ++(may_drop(rank) ? totals_.dropped : totals_.refused);
      return 0;
    }
    const std::uint64_t number = ++last_;
    items_.push_back({std::move(item), bytes, rank, number});
    fresh_.insert(number);
    by_number_[number] = std::prev(items_.end());
    if (fresh_.size() > kFreshMax) rank_fresh();
    bytes_ += bytes;
    return number;
  }
  [[nodiscard]] T* find(std::uint64_t number) {
    const auto known = by_number_.find(number);
    return known == by_number_.end() ? nullptr : &known->second->value;
  }
  [[nodiscard]] const T* find(std::uint64_t number) const {
    const auto known = by_number_.find(number);
    return known == by_number_.end() ? nullptr : &known->second->value;
  }
  /// The item leaves as delivered.
  void remove(std::uint64_t number) {
    const auto known = by_number_.find(number);
    if (known == by_number_.end()) return;
    ++totals_.delivered;
    forget(known->second);
    items_.erase(known->second);
    by_number_.erase(known);
  }
  void pin(std::uint64_t number) {
    const auto known = by_number_.find(number);
    if (known == by_number_.end() || fresh_.erase(number)) return;
    by_rank_.erase({known->second->rank, number});
  }
  void unpin(std::uint64_t number) {
    const auto known = by_number_.find(number);
    if (known != by_number_.end()) by_rank_[{known->second->rank, number}] = known->second;
  }
  /// The oldest item leaves as delivered.
  [[nodiscard]] std::optional<T> pop() {
    if (items_.empty()) return std::nullopt;
    ++totals_.delivered;
    return take(items_.begin());
  }
  [[nodiscard]] const T* front() const { return items_.empty() ? nullptr : &items_.front().value; }
  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto& item : items_) visit(item.value);
  }

  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] bool empty() const noexcept { return items_.empty(); }
  [[nodiscard]] const BufferLimits& limits() const noexcept { return limits_; }
  [[nodiscard]] const BufferTotals& totals() const noexcept { return totals_; }

 private:
  struct Item {
    T value;
    std::size_t bytes;
    int rank;
    std::uint64_t number;
  };
  using Items = std::list<Item>;

  static constexpr std::size_t kFreshMax = 4'096;

  [[nodiscard]] bool fits(std::size_t bytes) const {
    return items_.size() < limits_.events_max && bytes_ + bytes <= limits_.bytes_max;
  }
  [[nodiscard]] bool may_drop(int rank) const {
    return limits_.policy != FullPolicy::refuse && rank < limits_.keep_rank;
  }
  /// The item that goes first under the policy; end() if none may.
  typename Items::iterator victim(int rank) {
    rank_fresh();
    if (by_rank_.empty()) return items_.end();  // nothing, or all pinned
    if (limits_.policy == FullPolicy::drop_oldest) {
      auto oldest = items_.begin();
      while (oldest != items_.end() && !by_rank_.contains({oldest->rank, oldest->number})) ++oldest;
      return oldest->rank < limits_.keep_rank ? oldest : items_.end();
    }
    if (limits_.policy != FullPolicy::drop_lowest) return items_.end();
    const auto lowest = by_rank_.begin()->second;
    // Of equal rank the newcomer yields: what was taken first is closer to being delivered.
    return lowest->rank < rank && lowest->rank < limits_.keep_rank ? lowest : items_.end();
  }
  [[nodiscard]] bool make_room(std::size_t bytes, int rank) {
    if (bytes > limits_.bytes_max || limits_.events_max == 0) return false;
    while (!fits(bytes)) {
      const auto gone = victim(rank);
      if (gone == items_.end()) return false;
      ++totals_.dropped;
      T value = take(gone);
      if (on_drop_) on_drop_(std::move(value));
    }
    return true;
  }
  /// Most items are pinned or leave before anything has to make room: only then is rank looked at.
  void rank_fresh() {
    while (!fresh_.empty()) {
      const auto item = by_number_.find(fresh_.lowest())->second;
      by_rank_[{item->rank, item->number}] = item;
      fresh_.drop_lowest();
    }
  }
  void forget(typename Items::iterator at) {
    bytes_ -= at->bytes;
    if (!fresh_.erase(at->number)) by_rank_.erase({at->rank, at->number});
  }
  T take(typename Items::iterator at) {
    T value = std::move(at->value);
    forget(at);
    by_number_.erase(at->number);
    items_.erase(at);
    return value;
  }

  BufferLimits limits_;
  OnDrop on_drop_;
  Items items_;
  // Those that are not pinned stand in one of these.
  OrderedIds fresh_;
  std::map<std::pair<int, std::uint64_t>, typename Items::iterator> by_rank_;
  boost::unordered_flat_map<std::uint64_t, typename Items::iterator> by_number_;
  std::size_t bytes_ = 0;
  std::uint64_t last_ = 0;
  BufferTotals totals_;
};

}  // namespace loquat::degradation

namespace loquat {
LOQUAT_ENUM(degradation::FullPolicy, 4,
            {{{degradation::FullPolicy::refuse, "refuse"},
              {degradation::FullPolicy::drop_oldest, "drop_oldest"},
              {degradation::FullPolicy::drop_newest, "drop_newest"},
              {degradation::FullPolicy::drop_lowest, "drop_lowest"}}});
}  // namespace loquat

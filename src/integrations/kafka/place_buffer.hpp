#pragma once
#include <cstdint>
#include <functional>
#include <iterator>
#include <list>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "loquat/degradation/bounded_buffer.hpp"

namespace loquat::kafka {

/// Bounded like degradation::BoundedBuffer under `drop_lowest`, but items keep their place while
/// they are elsewhere: each has a number, leaves by it when its report comes, and can be pinned so
/// that it never makes room for another. Pure; loop thread only.
template <class T>
class PlaceBuffer {
 public:
  using OnDrop = std::function<void(T&&)>;
  PlaceBuffer(degradation::BufferLimits limits, OnDrop on_drop)
      : limits_(limits), on_drop_(std::move(on_drop)) {}

  /// The item's number; 0 if it finds no room. The oldest unpinned item of the lowest rank under
  /// its own goes first.
  std::uint64_t push(T item, std::size_t bytes, int rank) {
    if (!make_room(bytes, rank)) return 0;
    const std::uint64_t number = ++last_;
    items_.push_back({std::move(item), bytes, rank, number});
    by_rank_[{rank, number}] = std::prev(items_.end());
    by_number_[number] = std::prev(items_.end());
    bytes_ += bytes;
    return number;
  }
  [[nodiscard]] T* find(std::uint64_t number) {
    const auto known = by_number_.find(number);
    return known == by_number_.end() ? nullptr : &known->second->value;
  }
  void remove(std::uint64_t number) {
    const auto known = by_number_.find(number);
    if (known != by_number_.end()) static_cast<void>(take(known->second));
  }
  void pin(std::uint64_t number) {
    const auto known = by_number_.find(number);
    if (known != by_number_.end()) by_rank_.erase({known->second->rank, number});
  }
  void unpin(std::uint64_t number) {
    const auto known = by_number_.find(number);
    if (known != by_number_.end()) by_rank_[{known->second->rank, number}] = known->second;
  }
  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  struct Item {
    T value;
    std::size_t bytes;
    int rank;
    std::uint64_t number;
  };
  using Items = std::list<Item>;

  [[nodiscard]] bool fits(std::size_t bytes) const {
    return items_.size() < limits_.events_max && bytes_ + bytes <= limits_.bytes_max;
  }
  [[nodiscard]] bool make_room(std::size_t bytes, int rank) {
    if (bytes > limits_.bytes_max || limits_.events_max == 0) return false;
    while (!fits(bytes)) {
      if (by_rank_.empty()) return false;
      const auto lowest = by_rank_.begin()->second;
      if (lowest->rank >= rank || lowest->rank >= limits_.keep_rank) return false;
      T value = take(lowest);
      on_drop_(std::move(value));
    }
    return true;
  }
  T take(typename Items::iterator at) {
    T value = std::move(at->value);
    bytes_ -= at->bytes;
    by_rank_.erase({at->rank, at->number});
    by_number_.erase(at->number);
    items_.erase(at);
    return value;
  }

  degradation::BufferLimits limits_;
  OnDrop on_drop_;
  Items items_;
  std::map<std::pair<int, std::uint64_t>, typename Items::iterator> by_rank_;  // not the pinned
  std::unordered_map<std::uint64_t, typename Items::iterator> by_number_;
  std::size_t bytes_ = 0;
  std::uint64_t last_ = 0;
};

}  // namespace loquat::kafka

#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace loquat {

/// A set of ids, lowest first, made for ids that are given in rising order: to add the largest and
/// to take the lowest or the largest is O(1), and allocates nothing once it has grown. Anywhere
/// else an id costs a move of what stands behind it. No thread of its own.
class OrderedIds {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == ids_.size(); }
  [[nodiscard]] std::size_t size() const noexcept { return ids_.size() - first_; }
  /// Not if it is empty.
  [[nodiscard]] std::uint64_t lowest() const { return ids_[first_]; }
  [[nodiscard]] auto begin() const { return ids_.begin() + static_cast<std::ptrdiff_t>(first_); }
  [[nodiscard]] auto end() const { return ids_.end(); }

  void insert(std::uint64_t id) {
    if (empty() || ids_.back() < id) {
      ids_.push_back(id);
      return;
    }
    const auto at = std::lower_bound(begin(), end(), id);
    if (*at != id) ids_.insert(at, id);
  }
  /// True if it was there.
  bool erase(std::uint64_t id) {
    if (empty()) return false;
    if (ids_[first_] == id) {
      drop_lowest();
      return true;
    }
    if (ids_.back() == id) {
      ids_.pop_back();
      return true;
    }
    const auto at = std::lower_bound(begin(), end(), id);
    if (at == end() || *at != id) return false;
    ids_.erase(at);
    return true;
  }
  void drop_lowest() {
    ++first_;
    // What has left takes no more room than what is there, and is moved over once at most.
    constexpr std::size_t kSlack = 64;
    if (first_ < kSlack + size()) return;
    ids_.erase(ids_.begin(), begin());
    first_ = 0;
  }

 private:
  std::vector<std::uint64_t> ids_;
  std::size_t first_ = 0;
};

}  // namespace loquat

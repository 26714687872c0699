#pragma once
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace loquat {

/// Results of pure work by all that they depend on, written out as one text (`CacheKey`): the key
/// is compared whole, so two inputs never share a result. Bounded in entries and in the bytes of
/// keys and of what `put` says a result weighs; the one longest unused goes first. Not thread safe.
template <class T>
class RecentCache {
 public:
  RecentCache(std::size_t entries_max, std::size_t bytes_max)
      : entries_max_(entries_max), bytes_max_(bytes_max) {}

  /// Null: not known.
  [[nodiscard]] std::shared_ptr<const T> find(std::string_view key) {
    const auto known = by_key_.find(key);
    if (known == by_key_.end()) return nullptr;
    items_.splice(items_.begin(), items_, known->second);
    return items_.front().value;
  }
  /// `weight`: bytes of the value, about.
  void put(std::string key, std::shared_ptr<const T> value, std::size_t weight) {
    if (const auto known = by_key_.find(key); known != by_key_.end()) drop(known->second);
    const std::size_t bytes = key.size() + weight;
    if (entries_max_ == 0 || bytes > bytes_max_) return;
    items_.push_front({std::move(key), std::move(value), bytes});
    by_key_.emplace(items_.front().key, items_.begin());
    bytes_ += bytes;
    while (items_.size() > entries_max_ || bytes_ > bytes_max_) drop(std::prev(items_.end()));
  }
  void forget(std::string_view key) {
    if (const auto known = by_key_.find(key); known != by_key_.end()) drop(known->second);
  }
  void clear() noexcept {
    by_key_.clear();
    items_.clear();
    bytes_ = 0;
  }
  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  struct Item {
    std::string key;
    std::shared_ptr<const T> value;
    std::size_t bytes;
  };
  using Place = typename std::list<Item>::iterator;
  void drop(Place item) {
    bytes_ -= item->bytes;
    by_key_.erase(std::string_view(item->key));
    items_.erase(item);
  }
  std::size_t entries_max_, bytes_max_;
  std::list<Item> items_;                               ///< last used first
  std::unordered_map<std::string_view, Place> by_key_;  ///< views into the items' keys
  std::size_t bytes_ = 0;
};

/// Writes parts so that different parts never give the same text.
class CacheKey {
 public:
  CacheKey& add(std::string_view part) {
    text_ += std::to_string(part.size());
    text_ += ':';
    text_ += part;
    return *this;
  }
  /// Whoever keeps the key keeps the object too, or forgets both: an address can come again.
  CacheKey& add_address(const void* object) {
    return add(std::to_string(reinterpret_cast<std::uintptr_t>(object)));
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace loquat

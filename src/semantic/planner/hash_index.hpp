#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

namespace loquat::semantic::planner {

/// Many ids by many keys in eight bytes each: keys are hashed, so what is found has to be held
/// against the word itself. Filled once, then sealed, then only read.
class HashIndex {
 public:
  void add(std::string_view key, std::uint32_t id) { entries_.emplace_back(hash_of(key), id); }
  void seal() {
    std::sort(entries_.begin(), entries_.end());
    entries_.erase(std::unique(entries_.begin(), entries_.end()), entries_.end());
    entries_.shrink_to_fit();
  }
  /// Calls `use` with each id that `key` may stand for.
  template <class Use>
  void find(std::string_view key, Use use) const {
    const std::uint32_t hash = hash_of(key);
    for (auto at = std::lower_bound(entries_.begin(), entries_.end(), std::pair{hash, 0U});
         at != entries_.end() && at->first == hash; ++at)
      use(at->second);
  }

 private:
  static std::uint32_t hash_of(std::string_view key) {
    const std::uint64_t wide = std::hash<std::string_view>{}(key);
    return static_cast<std::uint32_t>(wide ^ wide >> 32);
  }
  std::vector<std::pair<std::uint32_t, std::uint32_t>> entries_;
};

}  // namespace loquat::semantic::planner

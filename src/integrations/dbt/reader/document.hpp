#pragma once
#include <functional>
#include <map>
#include <string_view>
#include <vector>

#include "place.hpp"

namespace loquat::dbt {

/// One artifact's trimmed text, read one item at a time: only the item in hand is a tree in memory.
/// The text must outlive it.
class Document {
 public:
  /// `text`: an object whose structure has been checked (see Trimmer).
  Document(std::string_view text, std::string_view artifact,
           std::vector<contracts::ImportProblem>& problems);

  using Use = std::function<void(const Place&)>;
  /// Calls `use` for every element of an array, or every value of an object, at the root's `key`.
  /// An item that is no JSON is reported and passed over.
  void each(std::string_view key, const Use& use) const;
  /// Calls `use` once with the root's `key`; with a null place if there is none.
  void with(std::string_view key, const Use& use) const;

 private:
  void use_slice(std::string_view slice, const std::string& pointer, const Use& use) const;
  std::string_view artifact_;
  std::vector<contracts::ImportProblem>* problems_;
  std::map<std::string_view, std::string_view> members_;
};

}  // namespace loquat::dbt

#pragma once
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "loquat/base/clock.hpp"
#include "loquat/base/result.hpp"

namespace loquat::platform {

/// What the catalog says of one table's columns.
struct TableTags {
  std::set<std::string, std::less<>> personal;  ///< lower-case columns that hold personal data
  std::set<std::string, std::less<>> known;     ///< all columns it lists
};
/// Reads GET /v1/catalog/tables/{fqn}: `columns` of {name, type, classification, tags}, tags being
/// names or {name}. Errors: corrupt.
[[nodiscard]] Result<TableTags> read_table_tags(std::string_view body,
                                                const std::vector<std::string>& personal_tags);

/// Last known tags by relation, of a bounded number of relations; the least recently asked goes.
/// A relation that the catalog does not have is known to have no tags. Pure.
class TagBook {
 public:
  explicit TagBook(std::size_t tables_max) : tables_max_(tables_max) {}
  void put(std::string_view relation, TableTags tags, Time now);
  struct Entry {
    TableTags tags;
    Time at;
  };
  [[nodiscard]] const Entry* find(std::string_view relation) const;

 private:
  std::size_t tables_max_;
  std::list<std::pair<std::string, Entry>> entries_;  // last stored first
  std::unordered_map<std::string, std::list<std::pair<std::string, Entry>>::iterator> by_key_;
};

/// The decision about one column (contract, section 5).
struct MaskQuestion {
  bool is_configured = false;
  const TableTags* tags = nullptr;  ///< null: never reached for this relation
  std::string_view column;
  std::optional<bool> dbt_says;
  bool is_text = false;
  bool may_see = false;  ///< the role sees personal data
};
[[nodiscard]] bool decide_mask(const MaskQuestion& question);

/// Without quotes and in lower case, so that `"shop"."main"."orders"` is `shop.main.orders`.
[[nodiscard]] std::string plain_name(std::string_view relation);

}  // namespace loquat::platform

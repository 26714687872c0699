#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "loquat/contracts/semantic_model.hpp"

/// What a query or a filter names, before it is known how a metric gets at it.
namespace loquat::semantic {

/// A group-by item or the subject of a filter. `metric_time` has no links.
struct Item {
  enum class Kind { metric_time, time, categorical, entity, metric };
  Kind kind = Kind::categorical;
  std::vector<std::string> links;            ///< entities from the metric's model on
  std::string element;                       ///< dimension, entity or metric
  std::string grain;                         ///< standard or custom; empty: none or the default
  std::string date_part;                     ///< dow, month…; empty: none
  std::vector<std::string> metric_group_by;  ///< kind metric
  bool descending = false;                   ///< order by only

  /// `product__category`, without grain.
  [[nodiscard]] std::string path_name() const;
  /// The output column: `metric_time__month`, `metric_time__extract_dow`, `product__category`.
  [[nodiscard]] std::string output() const;
  [[nodiscard]] bool is_time() const { return kind == Kind::metric_time || kind == Kind::time; }
};

/// A call in the template language: `TimeDimension('metric_time', 'month').date_part('dow')`.
struct TemplateCall {
  using Value = std::variant<std::string, std::vector<std::string>, bool>;
  struct Argument {
    std::string name;  ///< empty: by position
    Value value;
  };
  std::string function;
  std::vector<Argument> arguments;
  std::vector<TemplateCall> chained;
};

struct TemplateError {
  std::string message;
  bool item_format = false;  ///< a name inside a template is not written as it must be
};

/// Reads one call from `text` at `at` and moves `at` past it.
[[nodiscard]] std::variant<TemplateCall, TemplateError> parse_call(std::string_view text,
                                                                   std::size_t& at);
/// What a call names. `in_filter`: dimensions are `entity__name`, further entities in entity_path.
[[nodiscard]] std::variant<Item, TemplateError> item_of_call(const TemplateCall& call,
                                                             bool in_filter);

/// A filter, parsed: SQL text and items in turn. `sql.size() == items.size() + 1`.
struct Filter {
  std::vector<std::string> sql;
  std::vector<Item> items;
  std::string text;  ///< as it was written
};
[[nodiscard]] std::variant<Filter, TemplateError> parse_filter(std::string_view text);

}  // namespace loquat::semantic

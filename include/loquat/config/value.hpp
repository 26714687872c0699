#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "loquat/base/fields.hpp"
#include "loquat/base/secret.hpp"
#include "loquat/base/time_format.hpp"

/// How one setting's text becomes a value. Every reader returns what is wrong and what is allowed,
/// or nothing.
namespace loquat::config {

/// What a source says of one key: a text, a list, or a map of texts.
using Value = std::variant<std::string, std::vector<std::string>,
                           std::map<std::string, std::string, std::less<>>>;
/// What is wrong; nothing if all is well.
using Complaint = std::optional<std::string>;

/// The text of a value that must be one text.
[[nodiscard]] Complaint take_text(const Value& value, std::string& out);
[[nodiscard]] Complaint take_list(const Value& value, std::vector<std::string>& out);
/// An origin as a browser sends it (RFC 6454, section 6.2); anything else would match no page.
[[nodiscard]] Complaint check_origin(std::string_view text);
[[nodiscard]] Complaint read_bool(std::string_view text, bool& out);
/// Whole numbers; where the unit is `bytes`, also `64KiB`, `1MiB`, `2GiB`.
[[nodiscard]] Complaint read_integer(std::string_view text, const FieldAttributes& attributes,
                                     std::int64_t low, std::int64_t high, std::int64_t& out);
[[nodiscard]] Complaint read_number(std::string_view text, const FieldAttributes& attributes,
                                    double& out);
/// A plain number in `unit`, or `200ms`, `30s`, `5m`, `2h`, `1d`.
[[nodiscard]] Complaint read_duration(std::string_view text, const FieldAttributes& attributes,
                                      std::chrono::nanoseconds unit, std::chrono::nanoseconds& out);
[[nodiscard]] Complaint check_length(std::size_t size, const FieldAttributes& attributes,
                                     std::string_view of_what);
[[nodiscard]] Complaint check_one_of(std::string_view text,
                                     const std::vector<std::string_view>& allowed);
/// A YAML scalar that reads back as `text`.
[[nodiscard]] std::string quote(std::string_view text);
/// `30s`, `200ms`, `5m`: the longest unit that divides it.
[[nodiscard]] std::string show_duration(std::chrono::nanoseconds value);
[[nodiscard]] std::string show_number(double value);

}  // namespace loquat::config

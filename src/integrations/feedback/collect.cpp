#include "collect.hpp"

#include <algorithm>

#include "loquat/base/utf8.hpp"
#include "loquat/security/audit_chain.hpp"
#include "loquat/wire/answer.hpp"
#include "loquat/wire/codec.hpp"

namespace loquat::feedback {
namespace {

constexpr std::size_t kDiffLinesMax = 400;
constexpr std::size_t kDataDepthMax = 8;

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

void add_line(std::string& out, char mark, std::string_view line) {
  out += mark;
  out += line;
  out += '\n';
}

Error data_error(std::vector<FieldIssue> issues) {
  for (auto& issue : issues) issue.pointer = "/data" + issue.pointer;
  return Error{Errc::invalid_request, "The body does not match its schema.", std::move(issues)};
}

/// Known members into the event's data, the rest into `extra`.
Result<void> take_data(const wire::RawJson& raw, const FeedbackConfig& config,
                       wire::FeedbackData& out) {
  auto node = wire::parse_json(
      raw.text, {.bytes_max = 262'144, .depth_max = kDataDepthMax, .values_max = 10'000});
  if (!node) return data_error({{"", node.error().detail}});
  auto decoded = wire::decode_node<wire::FeedbackData>(*node);
  if (!decoded) return data_error(decoded.error().fields);
  wire::JsonNode extra;
  extra.kind = wire::JsonNode::Kind::object;
  for (const auto& [key, value] : node->members)
    if (std::ranges::find(decoded->unknown, "/" + key) != decoded->unknown.end())
      extra.members.push_back({key, value});
  out = std::move(decoded->message);
  if (extra.members.empty()) return {};
  std::string text = extra.dump();
  if (text.size() > config.extra_max_bytes)
    return data_error({{"", "its unknown keys are longer than " +
                                std::to_string(config.extra_max_bytes) + " bytes"}});
  out.extra = wire::RawJson{std::move(text)};
  return {};
}

Result<void> exactly_one(const wire::FeedbackData& data) {
  const int given =
      (data.corrected_sql ? 1 : 0) + (data.corrected_text ? 1 : 0) + (data.corrected_query ? 1 : 0);
  if (given == 1) return {};
  return Error{Errc::invalid_request,
               "A correction needs exactly one of its kinds.",
               {{"", "needs exactly one of corrected_sql, corrected_text, corrected_query"}}};
}

}  // namespace

Standing standing_of(const KnownResponse& known, const contracts::Principal& principal,
                     const std::string& session_id) {
  if (!known) return Standing::unknown;
  const bool is_own =
      known->tenant_id == principal.tenant_id && known->user_id == principal.user_id;
  return is_own && known->session_id == session_id ? Standing::own : Standing::anothers;
}

std::string event_id_of(const contracts::Principal& principal, std::string_view path,
                        std::string_view key, std::string_view body) {
  std::string text = principal.tenant_id;
  for (const std::string_view part : {std::string_view(principal.user_id), path, key, body}) {
    text += '\x1f';
    text += part;
  }
  std::string hex = security::sha256_hex(text).substr(0, 32);
  hex[12] = '8';  // version
  hex[16] = "89ab"[hex[16] % 4];
  for (const std::size_t at : {20U, 16U, 12U, 8U}) hex.insert(at, 1, '-');
  return std::string(wire::FeedbackEvent::kPrefix) + "-" + hex;
}

wire::FeedbackEvent begin_event(const Subject& subject, wire::FeedbackType type) {
  wire::FeedbackEvent event;
  event.event_type = wire::FeedbackEvent::kType;
  event.tenant_id = subject.principal.tenant_id;
  event.user_id = subject.principal.user_id;
  event.session_id = subject.session_id;
  if (!subject.context.trace_id.empty()) event.trace_id = subject.context.trace_id;
  if (!subject.message_id.empty()) event.message_id = subject.message_id;
  event.response_id = subject.response_id;
  event.verified = subject.verified;
  event.feedback_type = type;
  const bool is_implicit =
      type == wire::FeedbackType::implicit_accept || type == wire::FeedbackType::implicit_reject;
  event.feedback_source =
      is_implicit ? wire::FeedbackSource::implicit : wire::FeedbackSource::explicit_;
  return event;
}

Result<wire::FeedbackEvent> from_submit(const Subject& subject, const SubmitBody& body,
                                        const FeedbackConfig& config) {
  wire::FeedbackEvent event = begin_event(subject, body.feedback_type);
  if (body.data)
    if (auto taken = take_data(*body.data, config, event.data); !taken) return taken.error();
  if (body.comment) event.data.comment = body.comment;
  if (body.rating) event.data.rating = body.rating;
  if (body.feedback_type == wire::FeedbackType::rating && !event.data.rating)
    return Error{Errc::invalid_request,
                 "A rating needs its number.",
                 {{"/rating", "is required for a rating"}}};
  if (body.corrected_sql) event.data.corrected_sql = body.corrected_sql;
  if (body.corrected_text) event.data.corrected_text = body.corrected_text;
  if (body.corrected_query) event.data.corrected_query = body.corrected_query;
  if (body.feedback_type == wire::FeedbackType::correction)
    if (auto one = exactly_one(event.data); !one) return one.error();
  const char* at = body.corrected_query ? "/corrected_query" : "/data/corrected_query";
  if (auto checked = check_query(event.data.corrected_query, at); !checked) return checked.error();
  return event;
}

Result<void> check_query(const std::optional<wire::RawJson>& query, const std::string& pointer) {
  if (!query) return {};
  auto decoded = wire::decode<wire::QueryShape>(query->text);
  std::vector<FieldIssue> issues;
  if (!decoded) {
    issues = decoded.error().fields;
    if (issues.empty()) issues.push_back({"", decoded.error().detail});
  } else if (decoded->message.metrics.empty() && !decoded->message.saved_query) {
    issues.push_back({"/metrics", "needs at least one metric, or saved_query"});
  }
  if (issues.empty()) return {};
  for (auto& issue : issues) issue.pointer = pointer + issue.pointer;
  return Error{Errc::invalid_request, "The corrected query is refused.", std::move(issues)};
}

Result<wire::FeedbackEvent> from_correction(const Subject& subject, const CorrectionBody& body,
                                            const KnownResponse& known) {
  wire::FeedbackEvent event = begin_event(subject, wire::FeedbackType::correction);
  wire::FeedbackData& data = event.data;
  data.comment = body.comment;
  data.corrected_sql = body.corrected_sql;
  data.corrected_text = body.corrected_text;
  data.corrected_query = body.corrected_query;
  data.original_sql = body.original_sql;
  if (auto one = exactly_one(data); !one) return one.error();
  if (auto checked = check_query(data.corrected_query, "/corrected_query"); !checked)
    return checked.error();
  fill_from_response(event, known);
  return event;
}

void fill_from_response(wire::FeedbackEvent& event, const KnownResponse& known) {
  wire::FeedbackData& data = event.data;
  if (event.feedback_type != wire::FeedbackType::correction) return;
  if (event.verified && known) {
    data.question = known->content;
    if (!known->sql.empty()) data.original_sql = known->sql;
    const wire::JsonLimits limits{
        .bytes_max = 64U << 20U, .depth_max = 64, .values_max = 20'000'000};
    if (auto answer = wire::decode<wire::Answer>(known->answer_json, limits)) {
      data.original_text = std::string(clip_utf8(answer->message.response, 65'536));
      if (answer->message.query)
        data.original_query = wire::RawJson{wire::encode(*answer->message.query)};
    }
  }
  if (data.corrected_sql && data.original_sql)
    data.diff = line_diff(*data.original_sql, *data.corrected_sql);
  if (data.corrected_text && data.original_text)
    data.diff = line_diff(*data.original_text, *data.corrected_text);
}

wire::FeedbackEvent from_rating(const Subject& subject, const RatingBody& body) {
  wire::FeedbackEvent event = begin_event(subject, wire::FeedbackType::rating);
  event.data.rating = body.rating;
  event.data.comment = body.comment;
  return event;
}

Result<wire::FeedbackEvent> from_change(const wire::FeedbackEvent& old, const ChangeBody& body) {
  wire::FeedbackEvent event = old;
  event.supersedes = old.event_id;
  event.event_id.clear();
  if (body.feedback_type != old.feedback_type) {
    // What was said with the old kind does not belong to the new one.
    event.data = {};
    event.data.question = old.data.question;
  }
  event.feedback_type = body.feedback_type;
  event.feedback_source = wire::FeedbackSource::explicit_;
  if (body.reasons) event.data.reasons = body.reasons;
  if (body.comment) event.data.comment = body.comment;
  if (body.rating) event.data.rating = body.rating;
  if (event.feedback_type == wire::FeedbackType::rating && !event.data.rating)
    return Error{Errc::invalid_request,
                 "A rating needs its number.",
                 {{"/rating", "is required for a rating"}}};
  if (event.feedback_type == wire::FeedbackType::correction && !exactly_one(event.data))
    return Error{Errc::invalid_request,
                 "A vote does not become a correction; send the correction.",
                 {{"/feedback_type", "may not become a correction"}}};
  return event;
}

std::string line_diff(std::string_view before, std::string_view after) {
  const auto a = lines_of(before);
  const auto b = lines_of(after);
  std::string out;
  if (a.size() > kDiffLinesMax || b.size() > kDiffLinesMax) {
    for (const auto& line : a) add_line(out, '-', line);
    for (const auto& line : b) add_line(out, '+', line);
    return out;
  }
  std::vector<std::vector<std::uint16_t>> common(a.size() + 1,
                                                 std::vector<std::uint16_t>(b.size() + 1, 0));
  for (std::size_t i = a.size(); i-- > 0;)
    for (std::size_t j = b.size(); j-- > 0;)
      common[i][j] = a[i] == b[j] ? static_cast<std::uint16_t>(common[i + 1][j + 1] + 1)
                                  : std::max(common[i + 1][j], common[i][j + 1]);
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      add_line(out, ' ', a[i]);
      ++i, ++j;
    } else if (j >= b.size() || (i < a.size() && common[i + 1][j] >= common[i][j + 1])) {
      add_line(out, '-', a[i++]);
    } else {
      add_line(out, '+', b[j++]);
    }
  }
  return out;
}

}  // namespace loquat::feedback

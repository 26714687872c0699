#include "loquat/agents/query_shape.hpp"

#include "loquat/wire/codec.hpp"

namespace loquat::agents {
namespace {

using contracts::MetricQuery;

/// The transforms of a metric query as they stand in `QueryShape::transforms`.
struct ComparisonShape {
  std::string to;
  Date start{}, end{};
  template <class V>
  void fields(V& v) {
    v("to", to, "previous_period or same_period_last_year.",
      one_of({"previous_period", "same_period_last_year"}));
    v("start", start, "First day of the compared period.");
    v("end", end, "Last day of the compared period.");
  }
};
struct ShareShape {
  std::string metric, as;
  std::vector<std::string> within;
  template <class V>
  void fields(V& v) {
    v("metric", metric, "Metric.", len(1, 256));
    v("as", as, "Output column.", len(1, 256));
    v("within", within, "Output columns of the total's groups.", len(0, 20), defaulted);
  }
};
struct RunningShape {
  std::string metric, as;
  template <class V>
  void fields(V& v) {
    v("metric", metric, "Metric.", len(1, 256));
    v("as", as, "Output column.", len(1, 256));
  }
};
struct HavingShape {
  std::string metric, op;
  double value = 0;
  template <class V>
  void fields(V& v) {
    v("metric", metric, "Metric.", len(1, 256));
    v("op", op, "Operator.", one_of({">", ">=", "<", "<=", "=", "!="}));
    v("value", value, "Threshold.");
  }
};
struct TopShape {
  std::vector<std::string> within;
  std::string by;
  std::int64_t count = 1;
  template <class V>
  void fields(V& v) {
    v("within", within, "Output columns of the group.", len(0, 20));
    v("by", by, "Output column; `-` descends.", len(1, 256));
    v("count", count, "Rows per group.", in(1, 10'000));
  }
};
struct Transforms {
  std::optional<ComparisonShape> comparison;
  std::vector<ShareShape> shares;
  std::vector<RunningShape> running_totals;
  std::vector<HavingShape> having;
  std::optional<TopShape> top_per_group;
  bool fill_time_gaps = false;
  template <class V>
  void fields(V& v) {
    v("comparison", comparison, "Another period beside this one.");
    v("shares", shares, "Shares of a total.", len(0, 10), defaulted);
    v("running_totals", running_totals, "Running totals.", len(0, 10), defaulted);
    v("having", having, "Conditions on finished rows.", len(0, 10), defaulted);
    v("top_per_group", top_per_group, "Top rows per group.");
    v("fill_time_gaps", fill_time_gaps, "A row for each period of the range.", defaulted);
  }
};
struct LastQueryShape {
  std::string question, time_phrase;
  wire::QueryShape query;
  template <class V>
  void fields(V& v) {
    v("question", question, "The question.");
    v("time_phrase", time_phrase, "How its period was said.");
    v("query", query, "Its query.");
  }
};

Transforms transforms_of(const MetricQuery& query) {
  Transforms out;
  if (query.comparison) {
    const bool last_year =
        query.comparison->to == MetricQuery::Comparison::To::same_period_last_year;
    out.comparison = ComparisonShape{last_year ? "same_period_last_year" : "previous_period",
                                     query.comparison->start, query.comparison->end};
  }
  for (const auto& s : query.shares) out.shares.push_back({s.metric, s.as, s.within});
  for (const auto& r : query.running_totals) out.running_totals.push_back({r.metric, r.as});
  for (const auto& h : query.having) out.having.push_back({h.metric, h.op, h.value});
  if (query.top_per_group)
    out.top_per_group =
        TopShape{query.top_per_group->within, query.top_per_group->by, query.top_per_group->count};
  out.fill_time_gaps = query.fill_time_gaps;
  return out;
}

bool has_transforms(const MetricQuery& query) {
  return query.comparison || !query.shares.empty() || !query.running_totals.empty() ||
         !query.having.empty() || query.top_per_group || query.fill_time_gaps;
}

void apply_transforms(const Transforms& from, MetricQuery& to) {
  using To = MetricQuery::Comparison::To;
  if (from.comparison) {
    const bool last_year = from.comparison->to == "same_period_last_year";
    to.comparison =
        MetricQuery::Comparison{last_year ? To::same_period_last_year : To::previous_period,
                                from.comparison->start, from.comparison->end};
  }
  for (const auto& s : from.shares) to.shares.push_back({s.metric, s.as, s.within});
  for (const auto& r : from.running_totals) to.running_totals.push_back({r.metric, r.as});
  for (const auto& h : from.having) to.having.push_back({h.metric, h.op, h.value});
  if (from.top_per_group)
    to.top_per_group = MetricQuery::TopPerGroup{from.top_per_group->within, from.top_per_group->by,
                                                from.top_per_group->count};
  to.fill_time_gaps = from.fill_time_gaps;
}

bool read_date(const std::optional<std::string>& text, std::string_view pointer,
               std::optional<Date>& out, std::vector<FieldIssue>& issues) {
  if (!text) return true;
  out = parse_date(*text);
  if (!out) issues.push_back({std::string(pointer), "must be a date, e.g. 2025-12-31"});
  return out.has_value();
}

}  // namespace

wire::QueryShape to_shape(const MetricQuery& query) {
  wire::QueryShape shape;
  shape.metrics = query.metrics;
  shape.group_by = query.group_by;
  shape.where = query.where;
  shape.order_by = query.order_by;
  shape.limit = query.limit;
  if (query.start_time) shape.start_time = format_date(*query.start_time);
  if (query.end_time) shape.end_time = format_date(*query.end_time);
  shape.saved_query = query.saved_query;
  if (has_transforms(query)) shape.transforms = wire::RawJson{wire::encode(transforms_of(query))};
  return shape;
}

namespace {

/// Names are compared with all that the model has, by likeness too: long ones would cost minutes.
constexpr std::size_t kNameBytesMax = 512, kFilterBytesMax = 16'384;

void check_sizes(const wire::QueryShape& shape, std::vector<FieldIssue>& issues) {
  const auto check = [&](const std::vector<std::string>& items, const std::string& pointer,
                         std::size_t most) {
    for (std::size_t i = 0; i < items.size(); ++i)
      if (items[i].size() > most)
        issues.push_back({pointer + "/" + std::to_string(i),
                          "must have at most " + std::to_string(most) + " bytes"});
  };
  check(shape.metrics, "/metrics", kNameBytesMax);
  check(shape.group_by, "/group_by", kNameBytesMax);
  check(shape.order_by, "/order_by", kNameBytesMax);
  check(shape.where, "/where", kFilterBytesMax);
  if (shape.saved_query) check({*shape.saved_query}, "/saved_query", kNameBytesMax);
}

}  // namespace

Result<MetricQuery> from_shape(const wire::QueryShape& shape) {
  MetricQuery query;
  query.metrics = shape.metrics;
  query.group_by = shape.group_by;
  query.where = shape.where;
  query.order_by = shape.order_by;
  query.limit = shape.limit;
  query.saved_query = shape.saved_query;
  std::vector<FieldIssue> issues;
  check_sizes(shape, issues);
  if (!issues.empty()) {
    Error error = fail(Errc::invalid_request, "The metric query is not valid.");
    error.fields = std::move(issues);
    return error;
  }
  read_date(shape.start_time, "/start_time", query.start_time, issues);
  read_date(shape.end_time, "/end_time", query.end_time, issues);
  if (shape.transforms) {
    auto decoded = wire::decode<Transforms>(shape.transforms->text);
    if (decoded) {
      apply_transforms(decoded->message, query);
    } else {
      for (auto& issue : decoded.error().fields)
        issues.push_back({"/transforms" + issue.pointer, issue.message});
      if (decoded.error().fields.empty()) issues.push_back({"/transforms", decoded.error().detail});
    }
  }
  if (!issues.empty()) {
    Error error = fail(Errc::invalid_request, "The metric query is not valid.");
    error.fields = std::move(issues);
    return error;
  }
  return query;
}

std::string encode_last_query(const LastQuery& last) {
  return wire::encode(LastQueryShape{last.question, last.time_phrase, to_shape(last.query)});
}

Result<LastQuery> decode_last_query(std::string_view json) {
  auto decoded = wire::decode<LastQueryShape>(json);
  if (!decoded) return decoded.error();
  auto query = from_shape(decoded->message.query);
  if (!query) return query.error();
  return LastQuery{decoded->message.question, std::move(*query), decoded->message.time_phrase};
}

}  // namespace loquat::agents

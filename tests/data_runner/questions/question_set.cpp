#include "question_set.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>

#include "loquat/dbt/reader.hpp"

namespace loquat::tests {
namespace {

namespace fs = std::filesystem;
using contracts::MetricQuery;
using semantic::DimensionInfo;

std::optional<std::string> text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}

contracts::ProjectModel read_model(const fs::path& folder) {
  const fs::path target = fs::exists(folder / "target") ? folder / "target" : folder;
  dbt::Artifacts artifacts;
  artifacts.semantic_manifest = text_of(target / "semantic_manifest.json");
  artifacts.catalog = text_of(target / "catalog.json");
  // A model of semantics alone is enough for planning.
  artifacts.manifest = text_of(target / "manifest.json")
                           .value_or(R"({"metadata":{"dbt_schema_version":)"
                                     R"("https://schemas.getdbt.com/dbt/manifest/v12.json"}})");
  auto project = dbt::read_project(artifacts, WallTime{});
  if (!project) throw std::runtime_error(project.error().detail);
  return std::move(*project);
}

semantic::DimensionValues values_in(const Warehouse& warehouse, const semantic::ModelIndex& index) {
  semantic::DimensionValues read;
  constexpr std::int64_t kValuesMax = 2000;
  std::set<std::string> seen;
  const auto dimensions = index.dimensions_for({});
  for (const DimensionInfo& info : *dimensions) {
    if (info.is_time || info.is_entity || info.personal_data || info.relation.empty()) continue;
    if (!seen.insert(info.relation + '\n' + info.expr).second) continue;
    const Table table = warehouse.run(
        semantic::dimension_values_sql(info, "", kValuesMax, semantic::Dialect::duckdb));
    auto& list = read.values[info.name];
    for (const auto& row : table.rows)
      if (row[0]) list.push_back(*row[0]);
  }
  return read;
}

semantic::DimensionValues values_listed(const fs::path& file) {
  semantic::DimensionValues read;
  if (const auto text = text_of(file))
    read.values = Json::parse(*text).get<std::map<std::string, std::vector<std::string>>>();
  return read;
}

void find_period(Company& company) {
  if (const Json& given = company.questions; given.contains("data_start")) {
    company.data_start = parse_date(given["data_start"].get<std::string>());
    company.data_end = parse_date(given["data_end"].get<std::string>());
  }
  if (company.warehouse == nullptr) return;
  for (const auto& model : company.index->project().semantic_models)
    for (const auto& dimension : model.dimensions) {
      if (dimension.type != contracts::DimensionType::time || dimension.is_validity_end) continue;
      const Table table =
          company.warehouse->run("SELECT CAST(min(" + dimension.expr + ") AS DATE), CAST(max(" +
                                 dimension.expr + ") AS DATE) FROM " + model.relation.rendered);
      if (table.rows.empty() || !table.rows[0][0]) continue;
      const auto first = parse_date(*table.rows[0][0]), last = parse_date(*table.rows[0][1]);
      if (!company.data_start || first < company.data_start) company.data_start = first;
      if (!company.data_end || last > company.data_end) company.data_end = last;
    }
}

// ------------------------------------------------------------------- comparing
std::string plain_time(std::string text) {
  if (const auto at = text.find('T'); at == 10) text[at] = ' ';
  if (text.ends_with(" 00:00:00")) text.resize(text.size() - 9);
  return text;
}

std::optional<double> number_of(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool same_cell(const Json& wanted, const std::optional<std::string>& got) {
  if (wanted.is_null() || !got) return wanted.is_null() && !got;
  if (wanted.is_boolean()) return *got == (wanted.get<bool>() ? "true" : "false");
  const std::string text = wanted.is_string() ? wanted.get<std::string>() : wanted.dump();
  const auto left = number_of(text), right = number_of(*got);
  if (left && right)
    return std::abs(*left - *right) <= 1e-9 * std::max({1.0, std::abs(*left), std::abs(*right)});
  return plain_time(text) == plain_time(*got);
}

std::string rows_differ(const Json& wanted, const Table& got, bool ordered) {
  if (!got.error.empty()) return "SQL failed: " + got.error.substr(0, 200);
  std::vector<std::size_t> order;
  for (const Json& column : wanted["columns"]) {
    const auto at =
        std::find(got.columns.begin(), got.columns.end(), column["name"].get<std::string>());
    if (at == got.columns.end()) return "no column " + column["name"].get<std::string>();
    order.push_back(static_cast<std::size_t>(at - got.columns.begin()));
  }
  if (got.columns.size() != order.size()) return "further columns";
  const Json& rows = wanted["rows"];
  if (rows.size() != got.rows.size())
    return std::to_string(got.rows.size()) + " rows for " + std::to_string(rows.size());
  std::vector<bool> used(got.rows.size());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    bool found = false;
    for (std::size_t k = ordered ? r : 0; k < (ordered ? r + 1 : got.rows.size()); ++k) {
      if (used[k]) continue;
      bool same = true;
      for (std::size_t c = 0; c < order.size() && same; ++c)
        same = same_cell(rows[r][c], got.rows[k][order[c]]);
      if (!same) continue;
      used[k] = found = true;
      break;
    }
    if (!found) return "row " + rows[r].dump() + " is not there";
  }
  return "";
}

std::multiset<std::string> strings_of(const Json& plan, const char* key) {
  std::multiset<std::string> out;
  if (plan.contains(key))
    for (const Json& item : plan[key]) out.insert(item.get<std::string>());
  return out;
}
std::multiset<std::string> strings_of(const std::vector<std::string>& list) {
  return {list.begin(), list.end()};
}

std::string date_text(const std::optional<Date>& date) { return date ? format_date(*date) : ""; }

std::string list_text(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& item : list) out += (out.empty() ? "" : ", ") + item;
  return "[" + out + "]";
}

std::string say(const MetricQuery& query) {
  std::string out = list_text(query.metrics) + " by " + list_text(query.group_by) + " where " +
                    list_text(query.where) + " order " + list_text(query.order_by);
  if (query.limit) out += " limit " + std::to_string(*query.limit);
  out += " time " + date_text(query.start_time) + ".." + date_text(query.end_time);
  if (query.comparison)
    out += " against " + format_date(query.comparison->start) + ".." +
           format_date(query.comparison->end);
  if (!query.shares.empty()) out += " share";
  if (!query.running_totals.empty()) out += " running";
  for (const auto& having : query.having)
    out += " having " + having.metric + having.op + std::to_string(having.value);
  if (query.fill_time_gaps) out += " filled";
  if (query.top_per_group) out += " top of each " + list_text(query.top_per_group->within);
  return out;
}

std::string plan_differs(const Json& plan, const Json& turn, const MetricQuery& query) {
  if (strings_of(plan, "metrics") != strings_of(query.metrics)) return "metrics";
  if (strings_of(plan, "group_by") != strings_of(query.group_by)) return "group_by";
  std::vector<std::string> where;
  for (const std::string& item : query.where)
    if (!item.ends_with("IS NOT NULL")) where.push_back(item);
  if (strings_of(plan, "where") != strings_of(where)) return "where";
  if (plan.value("start_time", "") != date_text(query.start_time)) return "start_time";
  if (plan.value("end_time", "") != date_text(query.end_time)) return "end_time";
  if (plan.value("limit", std::int64_t{0}) !=
      (query.top_per_group ? query.top_per_group->count : query.limit.value_or(0)))
    return "limit";
  if (plan.contains("order") && plan["order"].size() == 1 &&
      (query.order_by.empty() || plan["order"][0].get<std::string>() != query.order_by.back()))
    return "order";
  const std::string transform =
      turn.contains("transform") ? turn["transform"].value("type", "") : std::string();
  if ((transform == "share_of_total") != !query.shares.empty()) return "share";
  if ((transform == "running_total") != !query.running_totals.empty()) return "running total";
  if ((transform == "having") != !query.having.empty()) return "having";
  if (transform == "having" && (turn["transform"]["value"].get<double>() != query.having[0].value ||
                                turn["transform"]["operator"] != query.having[0].op))
    return "having";
  if (plan.value("fill_gaps", false) != query.fill_time_gaps) return "filled gaps";
  if (plan.contains("top_within") &&
      (!query.top_per_group ||
       strings_of(plan, "top_within") != strings_of(query.top_per_group->within)))
    return "top of each";
  const std::string against = plan.value("compare_start", "");
  if (against != (query.comparison ? format_date(query.comparison->start) : ""))
    return "comparison";
  return "";
}

class Judge {
 public:
  Judge(const Company& company, double (*microseconds)())
      : company_(company), microseconds_(microseconds) {}

  std::vector<Judged> run() {
    for (const Json& dialogue : company_.questions["dialogues"]) {
      previous_.reset();
      for (const Json& turn : dialogue["turns"]) one(dialogue["id"].get<std::string>(), turn);
    }
    return std::move(judged_);
  }

 private:
  void one(const std::string& id, const Json& turn) {
    semantic::PlanRequest request;
    request.question = turn["question"].get<std::string>();
    request.today = company_.today;
    request.previous = previous_;
    request.data_start = company_.data_start;
    request.data_end = company_.data_end;
    const double before = microseconds_ != nullptr ? microseconds_() : 0;
    const semantic::PlanOutcome outcome = semantic::plan(*company_.vocabulary, request);
    const double after = microseconds_ != nullptr ? microseconds_() : 0;
    Judged judged{id + "/" + std::to_string(turn.value("turn", 1)),
                  request.question,
                  turn["behaviour"].get<std::string>(),
                  "",
                  Verdict::wrong,
                  outcome.confidence,
                  after - before};
    if (judged.behaviour == "answer")
      judge_answer(turn, outcome, judged);
    else if (judged.behaviour == "clarify")
      judge_clarify(turn, outcome, judged);
    else if (judged.behaviour == "explain")
      judge_explain(turn, outcome, judged);
    else
      judge_refuse(turn, outcome, judged);
    calibrate(turn, outcome, judged);
    if (const auto* planned = std::get_if<semantic::Planned>(&outcome.result))
      previous_ = semantic::PreviousTurn{request.question, planned->query, planned->time_phrase};
    else if (const auto* asked = std::get_if<semantic::Clarify>(&outcome.result);
             asked != nullptr && turn.contains("plan"))
      choose(*asked, turn);
    judged_.push_back(std::move(judged));
  }

  void calibrate(const Json& turn, const semantic::PlanOutcome& outcome, Judged& judged) const {
    using Why = semantic::RefusalReason;
    const auto* refused = std::get_if<semantic::Refuse>(&outcome.result);
    const bool by_rule =
        refused != nullptr &&
        (refused->reason == Why::no_data || refused->reason == Why::write_request ||
         refused->reason == Why::personal_data || refused->reason == Why::policy);
    judged.evidence = outcome.evidence;
    judged.calibrates = judged.behaviour != "explain" && !by_rule &&
                        !std::holds_alternative<semantic::ModelAnswer>(outcome.result);
    if (!judged.calibrates) return;
    if (turn.contains("plan")) judged.best_is_right = differs(turn, turn, outcome.best).empty();
    if (turn.contains("also_accept"))
      for (const Json& other : turn["also_accept"])
        judged.best_is_right = judged.best_is_right || differs(other, turn, outcome.best).empty();
    // An outcome judged right by being planned is right, whatever it is compared with.
    if (judged.verdict == Verdict::right &&
        std::holds_alternative<semantic::Planned>(outcome.result))
      judged.best_is_right = true;
  }

  /// Who is asked back takes the choice that was meant, if it is among those offered.
  void choose(const semantic::Clarify& asked, const Json& turn) {
    for (const auto& option : asked.options)
      if (differs(turn, turn, option.query).empty()) {
        previous_ = semantic::PreviousTurn{option.message, option.query, ""};
        return;
      }
  }

  static std::string describe(const semantic::PlanOutcome& outcome) {
    if (const auto* planned = std::get_if<semantic::Planned>(&outcome.result))
      return "planned " + say(planned->query);
    if (const auto* asked = std::get_if<semantic::Clarify>(&outcome.result)) {
      std::string text = "asked";
      for (const auto& option : asked->options) text += " | " + option.message;
      return text;
    }
    if (const auto* refused = std::get_if<semantic::Refuse>(&outcome.result))
      return "refused " + std::string(name_of(refused->reason)) + ": " + refused->message;
    return "model answer";
  }

  std::string differs(const Json& expected, const Json& turn, const MetricQuery& query) const {
    if (company_.warehouse == nullptr || !expected.contains("rows"))
      return plan_differs(expected["plan"], turn, query);
    const auto compiled = company_.index->compile(query, {});
    if (!compiled) return "does not compile";
    return rows_differ(expected, company_.warehouse->run(compiled->sql),
                       turn.value("row_order_matters", false));
  }

  void judge_answer(const Json& turn, const semantic::PlanOutcome& outcome, Judged& judged) const {
    judged.detail = describe(outcome);
    if (std::holds_alternative<semantic::Clarify>(outcome.result)) judged.verdict = Verdict::asked;
    if (std::holds_alternative<semantic::Refuse>(outcome.result)) judged.verdict = Verdict::refused;
    const auto* planned = std::get_if<semantic::Planned>(&outcome.result);
    if (planned == nullptr) return;
    std::string difference = differs(turn, turn, planned->query);
    if (turn.contains("also_accept"))
      for (const Json& other : turn["also_accept"])
        if (!difference.empty()) {
          const std::string again = differs(other, turn, planned->query);
          if (again.empty()) difference.clear();
        }
    if (difference.empty()) judged.verdict = Verdict::right;
    judged.detail = difference + "; " + judged.detail;
  }

  void judge_clarify(const Json& turn, const semantic::PlanOutcome& outcome, Judged& judged) const {
    judged.detail = describe(outcome);
    if (const auto* asked = std::get_if<semantic::Clarify>(&outcome.result)) {
      std::size_t named = 0;
      for (const Json& candidate : turn["candidates"])
        for (const auto& option : asked->options)
          named += std::find(option.query.metrics.begin(), option.query.metrics.end(),
                             candidate.get<std::string>()) != option.query.metrics.end();
      judged.verdict = named >= 2 ? Verdict::right : Verdict::asked;
    } else if (std::holds_alternative<semantic::Refuse>(outcome.result)) {
      judged.verdict = Verdict::refused;
    } else if (const auto* planned = std::get_if<semantic::Planned>(&outcome.result);
               planned != nullptr && turn.contains("also_accept")) {
      for (const Json& other : turn["also_accept"])
        if (plan_differs(other["plan"], turn, planned->query).empty())
          judged.verdict = Verdict::right;
    }
  }

  static void judge_explain(const Json& turn, const semantic::PlanOutcome& outcome,
                            Judged& judged) {
    judged.detail = describe(outcome);
    const auto* answer = std::get_if<semantic::ModelAnswer>(&outcome.result);
    if (std::holds_alternative<semantic::Refuse>(outcome.result)) judged.verdict = Verdict::refused;
    if (answer == nullptr) return;
    const bool names = !turn.contains("about") ||
                       std::find(answer->metrics.begin(), answer->metrics.end(),
                                 turn["about"].get<std::string>()) != answer->metrics.end();
    if (names && !answer->text.empty()) judged.verdict = Verdict::right;
  }

  static void judge_refuse(const Json& turn, const semantic::PlanOutcome& outcome, Judged& judged) {
    judged.detail = describe(outcome);
    const auto* planned = std::get_if<semantic::Planned>(&outcome.result);
    if (planned != nullptr && turn.contains("also_accept"))
      for (const Json& other : turn["also_accept"])
        if (plan_differs(other["plan"], turn, planned->query).empty())
          judged.verdict = Verdict::right;
    if (std::holds_alternative<semantic::Refuse>(outcome.result)) judged.verdict = Verdict::right;
    if (std::holds_alternative<semantic::Clarify>(outcome.result)) judged.verdict = Verdict::asked;
  }

  const Company& company_;
  double (*microseconds_)();
  std::optional<semantic::PreviousTurn> previous_;
  std::vector<Judged> judged_;
};

}  // namespace

std::string in_words(const contracts::MetricQuery& query) { return say(query); }

Company open_company(const fs::path& folder) {
  Company company;
  auto project = std::make_shared<contracts::ProjectModel>(read_model(folder));
  std::vector<contracts::ImportProblem> problems;
  company.index = semantic::ModelIndex::build(project, problems);
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".duckdb")
      company.warehouse = std::make_unique<Warehouse>(entry.path());
  company.vocabulary = semantic::Vocabulary::build(
      company.index, company.warehouse ? values_in(*company.warehouse, *company.index)
                                       : values_listed(folder / "values.json"));
  company.questions = Json::parse(text_of(folder / "questions.json").value());
  company.today = parse_date(company.questions["as_of"].get<std::string>()).value();
  find_period(company);
  return company;
}

std::vector<Judged> judge(const Company& company, double (*microseconds)()) {
  return Judge(company, microseconds).run();
}

}  // namespace loquat::tests

#include "loquat/wire/json.hpp"
#include "service.hpp"

/// What a session shows of personal data, and to whom it may be shown again.
namespace loquat::conversation {
namespace {

constexpr auto kNamesLife = std::chrono::seconds(30);

/// True if `data` has a value in a column of `names` that is not masked.
bool shows(const wire::AnswerData& data, const std::set<std::string, std::less<>>& names) {
  std::set<std::size_t> places;
  for (std::size_t i = 0; i < data.columns.size(); ++i)
    if (names.contains(data.columns[i].name)) places.insert(i);
  if (places.empty() || !data.rows) return !places.empty();
  const auto rows = wire::parse_json(
      data.rows->text, {.bytes_max = 64U << 20U, .depth_max = 64, .values_max = 20'000'000});
  if (!rows) return true;
  for (const auto& row : rows->items)
    for (const auto place : places) {
      if (place >= row.items.size()) continue;
      const auto& cell = row.items[place];
      if (cell.kind != wire::JsonNode::Kind::null && cell.string != masked_text()) return true;
    }
  return false;
}

}  // namespace

Error shows_personal_data() {
  return fail(Errc::forbidden,
              "This session shows personal data, for which your role does not suffice any more.");
}

std::vector<std::size_t> Service::personal_columns(const std::vector<SourceColumn>& sources,
                                                   const contracts::ResultSet& rows) const {
  const contracts::Principal plain;
  std::vector<std::size_t> found;
  for (const auto& source : sources) {
    if (source.column >= rows.columns.size()) continue;
    const bool is_text = rows.columns[source.column].type == contracts::ColumnType::text;
    if (ports_.tags.must_mask(source.relation, source.source_column, source.dbt_says, is_text,
                              plain))
      found.push_back(source.column);
  }
  return found;
}

const std::set<std::string, std::less<>>& Service::personal_names() {
  // Reading all dimensions of a large model takes its time: not for every message.
  const auto now = Clock::now();
  if (now < names_until_ || !ports_.personal_names) return names_;
  names_until_ = now + kNamesLife;
  names_.clear();
  for (auto& name : ports_.personal_names()) names_.insert(std::move(name));
  return names_;
}

void Service::note_personal(Session& session, const Turn& turn) {
  if (session.shows_personal_data.value_or(false) || !turn.answer || !turn.answer->data) return;
  if (shows(*turn.answer->data, personal_names())) session.shows_personal_data = true;
}

Result<void> Service::may_read(const contracts::Principal& principal, Session& session) {
  if (may_see_personal_data(principal)) return {};
  if (!session.shows_personal_data) {
    for (const auto& [_, turn] : session.turns) note_personal(session, *turn);
    if (!session.shows_personal_data) session.shows_personal_data = false;
  }
  if (!*session.shows_personal_data) return {};
  return shows_personal_data();
}

}  // namespace loquat::conversation
